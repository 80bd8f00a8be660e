import Testing

@testable import Monitor

/// The table of `BrokerView.State`, row by row: each story is what a broker does second by second, and the state that
/// each second must show.
@Suite struct BrokerStateTests {
  /// What one second shows of broker 1.
  struct Second: Sendable {
    enum Answer: Sendable { case answers, refuses, silent, notAsked }
    var answer = Answer.answers
    var isMember = true
    var isFenced = false
    var process: String?
    var endedInOrder: Bool?
    var replicas = 3
    var inSync = 3
    var leaders = 1
    var saidFarewell = false
    var isBeginning = false
    var leaderless = 0
    var isElecting = false
    var isFresh = true
    var isStarved = false

    static let well = Second()
    static let refuses = Second(answer: .refuses)
    static let silent = Second(answer: .silent)
    static let perhapsSilent = Second(answer: .silent, isStarved: true)
    static let behind = Second(inSync: 1, leaders: 0)
    static let out = Second(isMember: false, leaders: 0)
    /// Gone, and everybody knows.
    static let gone = Second(answer: .refuses, isMember: false, leaders: 0)

    var facts: BrokerMemory.Facts {
      var answer: ClusterObservation.Answer?
      switch self.answer {
      case .answers: answer = .init(broker: 1, answered: true)
      case .refuses: answer = .init(broker: 1, answered: false, reason: "connection refused", wasRefused: true)
      case .silent: answer = .init(broker: 1, answered: false, reason: "no answer in time")
      case .notAsked: answer = nil
      }
      return BrokerMemory.Facts(
        isMember: isMember, isFenced: isFenced, answer: answer,
        process: process.map {
          .init(broker: 1, processID: 7, state: $0, metricsURL: nil, endedInOrder: endedInOrder)
        }, replicas: replicas, inSyncReplicas: inSync, leaders: leaders, saidFarewell: saidFarewell,
        isBeginning: isBeginning, leaderless: leaderless, isElecting: isElecting,
        metadataIsFresh: isFresh, monitorWasStarved: isStarved)
    }
  }

  struct Story: Sendable, CustomTestStringConvertible {
    var name: String
    var steps: [(Second, BrokerView.State)]
    var testDescription: String { name }
  }

  static let stories: [Story] = [
    Story(name: "serves", steps: [(.well, .running), (.well, .running)]),
    Story(
      name: "silence is a failure, an answer ends it",
      steps: [(.well, .running), (.silent, .failed), (.silent, .failed), (.well, .running)]),
    Story(
      name: "silence while the monitor had no time is nothing, twice",
      steps: [
        (.well, .running), (.perhapsSilent, .running), (.perhapsSilent, .running), (.well, .running),
        (.perhapsSilent, .running), (.perhapsSilent, .running), (.perhapsSilent, .failed), (.well, .running),
      ]),
    Story(name: "refused counts at once", steps: [(.well, .running), (.refuses, .failed), (.refuses, .failed)]),
    Story(
      name: "silent and fenced counts at once",
      steps: [(.well, .running), (Second(answer: .silent, isMember: false), .failed)]),
    Story(
      name: "killed, restarted, catches up",
      steps: [
        (.well, .running), (.refuses, .failed), (.out, .starting),
        (Second(isMember: false, isFenced: true), .recovering), (.behind, .recovering),
        (Second(leaders: 0), .running),
      ]),
    Story(
      name: "fenced while alive",
      steps: [(.well, .running), (.out, .recovering), (.out, .recovering), (.well, .running)]),
    Story(
      name: "replicas fall out of sync while it lives",
      steps: [(.well, .running), (.behind, .recovering), (.well, .running)]),
    Story(
      name: "partitions of it have no leader",
      steps: [(.well, .running), (Second(leaders: 0, leaderless: 2), .leaderElection), (.well, .running)]),
    Story(
      name: "its quorum has no leader",
      steps: [
        (.well, .running), (Second(isElecting: true), .leaderElection),
        (.well, .running),
      ]),
    Story(
      name: "controlled shutdown",
      steps: [
        (.well, .running), (Second(leaders: 0), .running), (.refuses, .shutdown),
        (.refuses, .shutdown), (.out, .starting), (.well, .running),
      ]),
    Story(
      name: "killed after it came back, before it leads again: no controlled shutdown",
      steps: [
        (.well, .running), (.refuses, .failed), (.out, .starting), (.behind, .recovering),
        (Second(leaders: 0), .running), (.refuses, .failed),
      ]),
    Story(
      name: "leads nothing for long, then is killed",
      steps: [(.well, .running)] + Array(repeating: (Second(leaders: 0), .running), count: 17) + [(.refuses, .failed)]),
    Story(
      name: "hands over and is gone between two rounds, and said so",
      steps: [
        (.well, .running), (Second(answer: .refuses, isMember: false, leaders: 0, saidFarewell: true), .shutdown),
        (.gone, .shutdown), (.out, .starting), (.well, .running),
      ]),
    Story(
      name: "hands over, and its address is gone with it",
      steps: [
        (.well, .running), (Second(leaders: 0), .running),
        (Second(answer: .silent, isMember: false, leaders: 0), .shutdown),
      ]),
    Story(
      name: "its word came before the metadata's",
      steps: [
        (.well, .running), (Second(saidFarewell: true), .running), (.gone, .shutdown),
      ]),
    Story(
      name: "one leadership of it moves, then it is killed",
      steps: [(.well, .running), (Second(saidFarewell: true), .running), (.well, .running), (.gone, .failed)]),
    Story(
      name: "said so, and the controller still has it lead: no controlled shutdown",
      steps: [(.well, .running), (Second(answer: .refuses, saidFarewell: true), .failed), (.gone, .failed)]),
    Story(
      name: "shut down, back, and killed before it leads again",
      steps: [
        (.well, .running), (Second(leaders: 0), .running), (.gone, .shutdown), (.out, .starting),
        (Second(leaders: 0), .running), (.gone, .failed),
      ]),
    Story(
      name: "ended in order, says the supervisor, whatever else was seen",
      steps: [
        (.well, .running), (Second(answer: .refuses, process: "stopped", endedInOrder: true), .shutdown),
        (Second(answer: .refuses, process: "starting"), .starting),
      ]),
    Story(
      name: "killed while it handed over, says the supervisor",
      steps: [
        (.well, .running),
        (
          Second(
            answer: .refuses, isMember: false, process: "stopped", endedInOrder: false, leaders: 0, saidFarewell: true),
          .failed
        ),
      ]),
    Story(
      name: "first look at one that ended in order",
      steps: [(Second(answer: .refuses, isMember: false, process: "stopped", endedInOrder: true), .shutdown)]),
    Story(
      name: "paused, says the supervisor",
      steps: [(.well, .running), (Second(answer: .silent, process: "paused"), .failed), (.well, .running)]),
    Story(
      name: "paused, and nobody says so", steps: [(.well, .running), (.silent, .failed), (.silent, .failed)]),
    Story(
      name: "first start of its process",
      steps: [
        (Second(answer: .refuses, isMember: false, process: "starting"), .starting),
        (Second(answer: .refuses, isMember: false, process: "running"), .starting), (.out, .starting),
        (.well, .running),
      ]),
    Story(
      name: "restarted, and the metadata tell of its life before",
      steps: [
        (.well, .running), (.refuses, .failed), (Second(answer: .refuses, isBeginning: true), .starting),
        (Second(isBeginning: true), .recovering), (.well, .running),
      ]),
    Story(
      name: "first look at one that waits for a quorum",
      steps: [(Second(answer: .refuses, isMember: false, process: "running", isBeginning: true), .starting)]),
    Story(
      name: "restarted within a second: that it died is not missed",
      steps: [(.well, .running), (Second(answer: .refuses, isBeginning: true), .failed), (Second(isBeginning: true), .recovering)]),
    Story(
      name: "process gone, though the socket only falls silent",
      steps: [(.well, .running), (Second(answer: .silent, process: "stopped"), .failed)]),
    Story(name: "never seen and silent", steps: [(Second(answer: .silent, isMember: false), .failed)]),
    Story(name: "never asked", steps: [(Second(answer: .notAsked), .unknown)]),
    Story(
      name: "answers while nobody tells who is a member: stays",
      steps: [(.well, .running), (.refuses, .failed), (Second(isFresh: false), .failed)]),
  ]

  @Test(arguments: stories) func storyShowsItsStates(_ story: Story) {
    var memory = BrokerMemory(id: 1, at: 0)
    for (number, step) in story.steps.enumerated() {
      memory.observe(step.0.facts, at: Int64(number + 1) * 1000)
      #expect(memory.view.state == step.1, "second \(number + 1): \(memory.view.transition)")
      #expect(memory.view.history.first?.state ?? .unknown == memory.view.state)
    }
  }

  @Test func everyStateIsReachedByAStory() {
    let reached = Set(Self.stories.flatMap { $0.steps.map(\.1) })
    #expect(reached == Set(BrokerView.State.allCases))
  }

  @Test func stateHasItsBeginAndHistoryIsBounded() {
    var memory = BrokerMemory(id: 1, at: 0)
    for second in 1...100 {
      memory.observe((second % 2 == 0 ? Second.refuses : .well).facts, at: Int64(second) * 1000)
    }
    #expect(memory.view.stateSince == 100_000)
    #expect(memory.view.history.count == BrokerMemory.historyMax)
    memory.observe(Second.refuses.facts, at: 101_000)
    #expect(memory.view.stateSince == 100_000)
    #expect(memory.view.lastSeen == 99_000)
  }
}
