import Testing

@testable import Monitor

/// Groups are judged by their progress (Burrow's rules), and lag has an age.
@Suite struct GroupProgressTests {
  var progress = GroupProgress()
  var at: Int64 = 1_000_000
  var end: Int64 = 0
  var committed: Int64 = 0

  private mutating func second(members: Int = 1, produce: Int64 = 0, consume: Int64 = 0) -> GroupView {
    at += 1000
    end += produce
    committed += consume
    let group = ClusterObservation.Group(
      name: "analytics", state: members > 0 ? "Stable" : "Empty", coordinator: 1, members: members,
      positions: [.init(topic: "t", partition: 0, committed: committed)])
    return observe([group])[0]
  }

  private mutating func observe(_ groups: [ClusterObservation.Group], isComplete: Bool = true) -> [GroupView] {
    progress.observe(
      groups, isComplete: isComplete, extents: [.init(topic: "t", partition: 0, start: 0, end: end)], at: at)
  }

  @Test mutating func levelGroupIsOK() {
    var view = second(produce: 100, consume: 100)
    for _ in 0..<30 { view = second(produce: 100, consume: 100) }
    #expect(view.progress == .ok)
    #expect(view.lag == 0)
    #expect(view.lagMilliseconds == 0)
    #expect(view.timeToClear == 0)
    #expect(view.consumedPerSecond == 100)
  }

  @Test mutating func backlogThatShrinksIsOKWithATimeToClear() {
    _ = second(produce: 10_000)
    var view = second(consume: 100)
    for _ in 0..<29 { view = second(consume: 100) }
    #expect(view.progress == .ok)
    #expect(view.lag == 7_000)
    #expect(view.lagTrendPerSecond == -100)
    #expect(view.timeToClear == 70_000)
  }

  @Test mutating func growingLagWarns() {
    var view = second(produce: 100)
    for _ in 0..<20 { view = second(produce: 100, consume: 50) }
    #expect(view.progress == .warn)
    #expect(view.timeToClear == nil)
    #expect(view.lagTrendPerSecond == 50)
  }

  /// Clients commit every few seconds: each commit lowers the lag, and yet the group falls behind.
  @Test mutating func growingLagWarnsThoughEachCommitLowersIt() {
    var view = second(produce: 100)
    for number in 1...29 { view = second(produce: 100, consume: number % 5 == 0 ? 250 : 0) }
    #expect(view.progress == .warn)
    for number in 1...60 { view = second(produce: 100, consume: number % 5 == 0 ? 550 : 0) }
    #expect(view.progress == .ok)
  }

  /// It commits every half minute: that is its pace, and a quarter of a minute without is nothing.
  @Test mutating func slowCommitsAreNotTakenForAStandstill() {
    var view = second(produce: 100)
    for number in 1...90 {
      view = second(produce: 100, consume: number % 30 == 0 ? 2_900 : 0)
      if number > 60 { #expect(view.progress != .stalled, "second \(number)") }
    }
    // Its last commits took a minute; now it has stood for longer.
    for _ in 0..<59 { view = second(produce: 100) }
    #expect(view.progress != .stalled)
    for _ in 0..<2 { view = second(produce: 100) }
    #expect(view.progress == .stalled)
  }

  @Test mutating func membersThatDoNotCommitAreStalled() {
    var view = second(produce: 100)
    for _ in 0..<14 { view = second() }
    #expect(view.progress == .unknown)
    view = second()
    #expect(view.progress == .stalled)
    // Progress ends it.
    view = second(consume: 100)
    #expect(view.progress == .ok)
  }

  @Test mutating func groupWithoutMembersIsStopped() {
    var view = second(produce: 100, consume: 100)
    for _ in 0..<20 { view = second(members: 0, produce: 1) }
    #expect(view.progress == .stopped)
  }

  @Test mutating func lagHasTheAgeOfItsOldestEvent() {
    for _ in 0..<10 { _ = second(produce: 100, consume: 100) }
    var view = second(produce: 100)
    for _ in 0..<4 { view = second(produce: 100) }
    // Committed is the end of five seconds ago: the next event was appended within the second after it.
    #expect(view.lag == 500)
    #expect(view.lagMilliseconds == 5_000)
  }

  @Test mutating func silentCoordinatorMakesItUnknownNotZero() {
    _ = second(produce: 100)
    at += 1000
    let view = progress.observe([], isComplete: false, extents: nil, at: at)[0]
    #expect(view.progress == .unknown)
    #expect(view.lag == nil)
    #expect(view.lagMilliseconds == nil)
  }

  @Test mutating func unknownEndMakesLagUnknown() {
    at += 1000
    let group = ClusterObservation.Group(
      name: "g", state: "Stable", coordinator: 1, members: 1,
      positions: [.init(topic: "t", partition: 0, committed: 5)])
    let view = progress.observe([group], isComplete: true, extents: [], at: at)[0]
    #expect(view.lag == nil)
    #expect(view.progress == .unknown)
  }

  @Test mutating func whoseOffsetsAreNotToldIsUnknownNotLevel() {
    for _ in 0..<3 { _ = second(produce: 100, consume: 50) }
    #expect(progress.consumedPerSecond == 50)
    at += 1000
    let told = ClusterObservation.Group(name: "analytics", state: "Stable", coordinator: 1, members: 2, positions: nil)
    let view = observe([told])[0]
    #expect(view.progress == .unknown)
    #expect(view.lag == nil && view.lagMilliseconds == nil && view.timeToClear == nil)
    #expect(view.state == "Stable" && view.members == 2)
    // A sum without it would be that of others.
    #expect(progress.consumedPerSecond == nil)
    #expect(second(consume: 50).lag == 100)
  }

  @Test mutating func nothingCommittedIsNoLagOfZero() {
    at += 1000
    let view = observe([.init(name: "new", state: "Stable", coordinator: 1, members: 1, positions: [])])[0]
    #expect(view.progress == .unknown)
    #expect(view.lag == nil && view.lagMilliseconds == nil && view.timeToClear == nil)
    #expect(view.committedPartitions == 0)
  }

  /// Groups of KIP-848, whose members DescribeGroups does not tell.
  @Test(arguments: [("Stable", .stalled), ("Empty", .stopped), (nil, .unknown)] as [(String?, GroupView.Progress)])
  mutating func membersThatAreNotToldFollowFromTheState(_ state: String?, _ expected: GroupView.Progress) {
    end = 100
    var view: GroupView?
    for _ in 0..<20 {
      at += 1000
      view = observe([
        .init(
          name: "g", state: state, coordinator: 1, members: nil,
          positions: [.init(topic: "t", partition: 0, committed: 5)])
      ])[0]
    }
    #expect(view?.progress == expected)
    #expect(view?.members == nil)
  }

  /// A coordinator that does not answer is no proof that its groups are gone.
  @Test mutating func groupsAreForgottenSoonOnlyWhereAllCoordinatorsAnswer() {
    _ = second(produce: 1)
    for _ in 0..<200 {
      at += 1000
      #expect(observe([], isComplete: false).map(\.progress) == [.unknown])
    }
    for _ in 0..<101 {
      at += 1000
      _ = observe([], isComplete: false)
    }
    #expect(observe([], isComplete: false).isEmpty)
    _ = second()
    at += 10_000
    #expect(observe([]).count == 1)
    at += 1000
    #expect(observe([]).isEmpty)
  }

  @Test func historyStaysSmallAndKeepsItsReach() {
    var history = EndHistory()
    for second in 0..<10_000 { history.note(Int64(second) * 10, at: Int64(second) * 1000) }
    // Exact for the near past, within the thinned steps for the far one.
    #expect(history.age(of: 99_980, at: 9_999_000) == 1_000)
    let far = history.age(of: 50_000, at: 9_999_000) ?? 0
    #expect(abs(far - 4_999_000) < 100_000)
  }
}
