/// What is remembered of one broker between rounds, and its state machine (`BrokerView.State`).
struct BrokerMemory: Sendable {
  /// What one round says of a broker.
  struct Facts {
    var isMember: Bool
    /// Nil: it was not asked in this round.
    var answer: ClusterObservation.Answer?
    /// The supervisor's word, when there is one.
    var process: ClusterObservation.Process?
    var replicas: Int
    var inSyncReplicas: Int
    var leaders: Int
    /// Partitions without a leader that it holds a replica of.
    var leaderless: Int
    /// Whether `isMember` and the counts are of this round.
    var metadataIsFresh: Bool
  }

  /// Rounds of silence until a member counts as failed; a refused connection counts at once.
  static let silentRoundsMax = 2
  static let historyMax = 20

  var view: BrokerView
  var silentRounds = 0
  var hasBeenMember = false
  /// How many partitions it led while it last was well.
  var leadersBefore = 0
  /// It was a member that had given away every leadership, though it held replicas in sync: a controlled shutdown.
  var gaveLeadersAway = false
  var lastNamedAt: Int64
  /// When its metrics page was last read.
  var measuredAt: Int64?

  init(id: Int32, at: Int64) {
    view = BrokerView(id: id, state: .unknown, stateSince: at, transition: "expected, not asked yet")
    lastNamedAt = at
  }

  var isAlive: Bool {
    switch view.state {
    case .running, .recovering, .leaderElection: true
    case .starting, .shutdown, .failed, .unknown: false
    }
  }

  /// One step of the state machine.
  mutating func observe(_ facts: Facts, at: Int64) {
    if facts.answer?.answered == true {
      view.lastSeen = at
      silentRounds = 0
    } else if facts.answer != nil {
      silentRounds += 1
    }
    if let (state, reason) = next(facts) { move(to: state, because: reason, at: at) }
    guard facts.metadataIsFresh, facts.isMember, facts.answer?.answered == true else { return }
    hasBeenMember = true
    gaveLeadersAway = facts.leaders == 0 && leadersBefore > 0
    if facts.leaders > 0 { leadersBefore = facts.leaders }
  }

  private func next(_ facts: Facts) -> (BrokerView.State, String)? {
    guard let answer = facts.answer else { return nil }
    return answer.answered ? whenAnswering(facts) : whenSilent(facts, answer)
  }

  private func whenAnswering(_ facts: Facts) -> (BrokerView.State, String)? {
    guard facts.metadataIsFresh else { return nil }
    guard facts.isMember else {
      return isAlive
        ? (.recovering, "answers, and is fenced by the controller")
        : view.state == .recovering ? nil : (.starting, "answers, not yet part of the cluster")
    }
    if facts.leaderless > 0 {
      return (.leaderElection, "\(count(facts.leaderless, "partition")) of it \(have(facts.leaderless)) no leader")
    }
    let behind = facts.replicas - facts.inSyncReplicas
    if behind > 0 {
      return (.recovering, "\(behind) of \(count(facts.replicas, "replica")) not in sync")
    }
    return (.running, view.state == .recovering ? "all replicas in sync again" : "serves, all replicas in sync")
  }

  private func whenSilent(
    _ facts: Facts, _ answer: ClusterObservation.Answer
  ) -> (BrokerView.State, String)? {
    if facts.process?.state == "paused" { return (.failed, "its process is paused") }
    if facts.process?.state == "starting", !isAlive { return (.starting, "its process starts") }
    let isGone = answer.wasRefused || facts.process?.state == "stopped"
    guard isGone || silentRounds >= Self.silentRoundsMax || !hasBeenMember else { return nil }
    // A broker that starts refuses connections until its listener is open.
    if view.state == .starting, facts.process?.state == "running" { return nil }
    if view.state == .shutdown || isGone && gaveLeadersAway {
      return (.shutdown, "left after handing over its leaderships")
    }
    return (.failed, "does not answer (\(answer.reason ?? "silent"))")
  }

  private mutating func move(to state: BrokerView.State, because reason: String, at: Int64) {
    guard state != view.state else { return }
    view.state = state
    view.stateSince = at
    view.transition = reason
    view.history.insert(.init(state: state, at: at, reason: reason), at: 0)
    if view.history.count > Self.historyMax { view.history.removeLast() }
  }
}

/// "1 partition", "7 partitions".
func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }
func have(_ number: Int) -> String { number == 1 ? "has" : "have" }
