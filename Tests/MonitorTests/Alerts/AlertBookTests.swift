import Testing

@testable import Monitor

/// The book over time: flapping, acknowledging, silencing, history, order.
struct AlertBookTests {
  static let down: @Sendable (inout ClusterModel) -> Void = { $0.brokers[1].state = .failed }

  @Test func whatComesAndGoesIsOneAlertThatTakesEverLongerToClear() throws {
    var run = Run()
    var lengths: [Int64] = []
    for _ in 0..<4 {
      run.judge(for: 3, Self.down)
      let begin = run.now
      run.judge(until: { $0.firing.isEmpty }, { _ in })
      lengths.append(run.now - 1_000 - begin)
    }
    #expect(run.book.list.history.map(\.id) == ["a1"])
    #expect(lengths == [5_000, 10_000, 20_000, 40_000])
    // Well for more than five minutes: a new alert, and patience begins anew.
    run.judge(for: 302) { _ in }
    run.judge(for: 1, Self.down)
    #expect(run.book.list.firing.map(\.id) == ["a2"])
    let begin = run.now
    run.judge(until: { $0.firing.isEmpty }, { _ in })
    #expect(run.now - 1_000 - begin == 5_000)
  }

  @Test func aShortSpellOfWellnessDoesNotClear() {
    var run = Run()
    var seen: [Alert] = []
    for _ in 0..<20 {
      run.judge(for: 1, Self.down)
      seen += run.book.changes
      run.judge(for: 4) { _ in }
      seen += run.book.changes
    }
    #expect(seen.count == 1)
  }

  @Test func acknowledgedBySomeoneAndStillFiring() throws {
    var run = Run()
    let refused = run.book.acknowledge(id: "a1", by: "kim", at: run.now)
    #expect(!refused)
    run.judge(for: 1, Self.down)
    let accepted = run.book.acknowledge(id: "a1", by: "kim", at: run.now)
    #expect(accepted)
    #expect(run.book.list.firing.first?.acknowledgedBy == "kim")
    let acknowledged = run.now
    run.judge(for: 3, Self.down)
    #expect(run.book.list.firing.first?.acknowledgedAt == acknowledged)
    run.judge(for: 10) { _ in }
    #expect(run.book.list.history.first?.acknowledgedBy == "kim")
    let late = run.book.acknowledge(id: "a1", by: "kim", at: run.now)
    #expect(!late, "it does not fire any more")
  }

  @Test func silencedByNameUntilATime() {
    var run = Run()
    let until = run.now + 10_000
    run.book.silence(named: "BrokerDown", until: until)
    run.judge(for: 1, Self.down)
    #expect(run.book.changes.first?.silencedUntil == until)
    #expect(run.book.list.firing.first?.silencedUntil == until)
    run.judge(for: 10, Self.down)
    #expect(run.book.list.firing.first?.silencedUntil == nil, "the time is over")
    run.book.silence(named: "BrokerDown", until: run.now + 60_000)
    #expect(run.book.list.firing.first?.silencedUntil == run.now + 60_000, "shown before the next round")
    run.book.silence(named: "BrokerDown", until: nil)
    #expect(run.book.list.firing.first?.silencedUntil == nil)
  }

  /// What nobody was told of while it was silenced is told when the silence ends, by its time or by hand.
  @Test func whatStillFiresWhenItsSilenceEndsIsTold() {
    var run = Run()
    run.book.silence(named: "BrokerDown", until: run.now + 5_000)
    var told: [(Int64, Alert)] = []
    func judge(_ run: inout Run, _ change: @Sendable (inout ClusterModel) -> Void) {
      let at = run.now
      run.judge(for: 1, change)
      told += run.book.changes.filter { $0.silencedUntil == nil }.map { (at, $0) }
    }
    let begin = run.now
    for _ in 0..<20 { judge(&run, Self.down) }
    #expect(told.map(\.0) == [begin + 5_000])
    #expect(told.first?.1.state == .firing)
    // Silenced after it was told, and ended by hand.
    run.book.silence(named: "BrokerDown", until: run.now + 60_000)
    for _ in 0..<3 { judge(&run, Self.down) }
    #expect(told.count == 1)
    run.book.silence(named: "BrokerDown", until: nil)
    judge(&run, Self.down)
    #expect(told.map(\.1.state) == [.firing, .firing])
    for _ in 0..<20 { judge(&run) { _ in } }
    #expect(told.map(\.1.state) == [.firing, .firing, .cleared])
  }

  @Test func whatComesAndGoesWithinASilenceIsToldToNobody() {
    var run = Run()
    run.book.silence(named: "BrokerDown", until: run.now + 60_000)
    run.judge(for: 3, Self.down)
    var told: [Alert] = []
    for _ in 0..<100 {
      run.judge(for: 1) { _ in }
      told += run.book.changes.filter { $0.silencedUntil == nil }
    }
    #expect(told.isEmpty)
    #expect(run.book.list.history.count == 1, "recorded all the same")
  }

  /// Without a canary, a counter that stands still is what tells that errors ended.
  @Test func errorsEndWhenTheirCountersStandStill() {
    var run = Run()
    run.judge(for: 12) {
      $0.canary = CanaryView()
      $0.traffic.errorsPerSecond = [.init(code: "CORRUPT_MESSAGE", perSecond: 9)]
    }
    #expect(run.named("ErrorRate") != nil)
    run.judge(for: 100) { $0.canary = CanaryView() }
    #expect(run.named("ErrorRate") != nil, "nobody counts: not known")
    run.judge(for: 12) {
      $0.canary = CanaryView()
      $0.brokers[0].requestErrorsPerSecond = 0
    }
    #expect(run.named("ErrorRate") == nil)
  }

  @Test func theMostSevereFirstThenTheNewest() {
    var run = Run()
    run.judge(for: 1) { $0.brokers[0].state = .failed }
    run.judge(for: 1) {
      $0.brokers[0].state = .failed
      $0.partitions.underReplicated = 5
    }
    run.judge(for: 1) {
      $0.brokers[0].state = .failed
      $0.brokers[1].state = .failed
      $0.partitions.underReplicated = 5
      $0.partitions.offline = 1
    }
    let order = run.book.list.firing.map { "\($0.name) \($0.subject ?? "")" }
    #expect(order == ["OfflinePartitions ", "BrokerDown broker 2", "BrokerDown broker 1", "UnderReplicated "])
  }

  @Test func historyIsBoundedAndNewestFirst() {
    var settings = AlertSettings()
    settings.historyMax = 3
    var run = Run(book: AlertBook(settings: settings))
    for number in 0..<5 {
      let gone: (inout ClusterModel) -> Void = {
        $0.groups[0].name = "g\(number)"
        $0.groups[0].progress = .stopped
      }
      run.judge(for: 1, gone)
      run.judge(for: 6) { $0.groups = [] }
    }
    #expect(run.book.list.history.map(\.subject) == ["group g4", "group g3", "group g2"])
  }

  @Test func aGroupThatIsDeletedIsWellButNotOneThatCannotBeAsked() {
    var run = Run()
    run.judge(for: 1) { $0.groups[0].progress = .stalled }
    run.judge(for: 100) {
      $0.verdict.word = .unknown
      $0.groups = []
    }
    #expect(run.named("GroupStalled") != nil)
    run.judge(for: 7) { $0.groups = [] }
    #expect(run.named("GroupStalled") == nil)
  }

  @Test func theSummaryFollowsTheFacts() {
    var run = Run()
    run.judge(for: 1) { $0.partitions.underReplicated = 5 }
    run.judge(for: 1) { $0.partitions.underReplicated = 38 }
    #expect(run.book.list.firing.first?.summary.hasPrefix("38 of 57") == true)
    #expect(run.book.changes.isEmpty)
  }
}
