/// What is remembered of one broker between rounds, and its state machine (`BrokerView.State`).
struct BrokerMemory: Sendable {
  /// What one round says of a broker.
  struct Facts {
    /// Registered and not fenced: Metadata names it.
    var isMember: Bool
    /// Registered, and fenced by the controller; false when that is not known.
    var isFenced = false
    /// Nil: it was not asked in this round.
    var answer: ClusterObservation.Answer?
    /// The supervisor's word, when there is one.
    var process: ClusterObservation.Process?
    var replicas = 0
    var inSyncReplicas = 0
    var leaders = 0
    /// It said itself that it hands over: to a long poll that waited at it, or on its metrics page.
    var saidFarewell = false
    /// It says on its metrics page that the controller has not let it in yet: the metadata may tell of its life before.
    var isBeginning = false
    /// Partitions without a leader that it holds an in-sync replica of.
    var leaderless = 0
    /// It is a voter of a quorum that has no leader.
    var isElecting = false
    /// Whether membership and counts are of this round.
    var metadataIsFresh: Bool
    /// The monitor had no time of its own in this round: silence proves nothing.
    var monitorWasStarved = false
  }

  /// Rounds of silence until a member counts as failed although the monitor was starved in all of them. A refused
  /// connection counts at once, and so does silence of a broker that the controller has fenced.
  static let doubtfulRoundsMax = 3
  static let historyMax = 20
  /// A broker that is gone so soon after it gave its leaderships away, or said so, was shut down. Milliseconds.
  static let farewell: Int64 = 15_000
  /// The transition of a broker whose process was stopped in its tracks.
  static let paused = "its process is paused"

  var view: BrokerView
  private var silentRounds = 0
  private var hasBeenMember = false
  /// How many partitions it led while it last was well.
  private(set) var leadersBefore = 0
  /// When it last went from leading something to leading nothing, as a member that answers: a controlled shutdown.
  private var gaveLeadersAwayAt: Int64?
  /// When it last said farewell; nil once it leads something in a later round.
  private var saidFarewellAt: Int64?
  private var leadersLastRound = 0
  var lastNamedAt: Int64
  /// When its metrics page was last read.
  var measuredAt: Int64?
  var disk = BrokerDisk()

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

  /// Known to serve nobody: its replicas count for nothing, whatever the controller still believes.
  var isDead: Bool {
    switch view.state {
    case .starting, .shutdown, .failed: true
    case .running, .recovering, .leaderElection, .unknown: false
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
    if facts.metadataIsFresh { view.isMember = facts.isMember }
    if facts.saidFarewell, isAlive { saidFarewellAt = at }
    if let (state, reason) = next(facts, at: at) { move(to: state, because: reason, at: at) }
    if isDead { (gaveLeadersAwayAt, saidFarewellAt) = (nil, nil) }
    guard facts.metadataIsFresh, facts.isMember, facts.answer?.answered == true else {
      if !isAlive { leadersLastRound = 0 }
      return
    }
    hasBeenMember = true
    if facts.leaders > 0 {
      leadersBefore = facts.leaders
      // Only one of its leaderships moved, for whatever reason, unless the metadata are older than the word.
      if !facts.saidFarewell { saidFarewellAt = nil }
      gaveLeadersAwayAt = nil
    } else if leadersLastRound > 0 {
      gaveLeadersAwayAt = at
    }
    leadersLastRound = facts.leaders
  }

  private func next(_ facts: Facts, at: Int64) -> (BrokerView.State, String)? {
    guard let answer = facts.answer else { return nil }
    // It died and is back within one round: nobody shall miss that, though the next round may find it well.
    if answer.answered, answer.wasCutOff, isAlive {
      return hasJustLeft(facts, at: at)
        ? (.shutdown, "left after handing over its leaderships; another process answers by now")
        : (.failed, "its process ended; another one answers by now")
    }
    return answer.answered ? whenAnswering(facts) : whenSilent(facts, answer, at: at)
  }

  private func whenAnswering(_ facts: Facts) -> (BrokerView.State, String)? {
    guard facts.metadataIsFresh else { return nil }
    guard facts.isMember else {
      if isAlive || facts.isFenced { return (.recovering, "answers, and is fenced by the controller") }
      return (.starting, "answers, not yet part of the cluster")
    }
    if facts.leaderless > 0 {
      return (.leaderElection, "\(count(facts.leaderless, "partition")) of it \(have(facts.leaderless)) no leader")
    }
    if facts.isElecting { return (.leaderElection, "the quorum elects a controller") }
    let behind = facts.replicas - facts.inSyncReplicas
    if behind > 0 {
      let left = facts.saidFarewell && facts.leaders == 0 ? "hands over its leaderships; " : ""
      return (.recovering, "\(left)\(behind) of \(count(facts.replicas, "replica")) not in sync")
    }
    if facts.isBeginning { return (.recovering, "says itself that the controller has not let it in yet") }
    return (.running, view.state == .recovering ? "all replicas in sync again" : "serves, all replicas in sync")
  }

  private func whenSilent(
    _ facts: Facts, _ answer: ClusterObservation.Answer, at: Int64
  ) -> (BrokerView.State, String)? {
    if facts.process?.state == "paused" { return (.failed, Self.paused) }
    if facts.process?.state == "starting", !isAlive { return (.starting, "its process starts") }
    // Who saw the process end knows best.
    if facts.process?.endedInOrder == true { return (.shutdown, "shut down in order") }
    if facts.isBeginning, !isAlive { return (.starting, "says itself that it starts") }
    let hasCrashed = facts.process?.endedInOrder == false
    let isGone = answer.wasRefused || facts.process?.state == "stopped"
    let isOut = facts.metadataIsFresh && !facts.isMember
    let isSilent = silentRounds >= (facts.monitorWasStarved ? Self.doubtfulRoundsMax : 1)
    guard isGone || isOut || isSilent || !hasBeenMember else { return nil }
    // A broker that starts refuses connections until its listener is open.
    if view.state == .starting, facts.process?.state == "running" { return nil }
    if !hasCrashed, view.state == .shutdown || (isGone || isOut) && isAlive && hasJustLeft(facts, at: at) {
      return (.shutdown, "left after handing over its leaderships")
    }
    return (.failed, "does not answer (\(answer.reason ?? "silent"))")
  }

  /// It gave all away while it was seen to live, or said so itself and leads nothing any more.
  private func hasJustLeft(_ facts: Facts, at: Int64) -> Bool {
    if let given = gaveLeadersAwayAt, at - given <= Self.farewell { return true }
    guard let said = saidFarewellAt, at - said <= Self.farewell else { return false }
    return facts.metadataIsFresh && facts.leaders == 0
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
