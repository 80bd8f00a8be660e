import Primitives

extension RaftNode {
  /// When the node next wants `.timer`; it changes with every event.
  public var nextDeadline: Instant {
    guard failure == nil else { return .distantFuture }
    var next = Instant.distantFuture
    for request in inFlight { next = min(next, request.deadline) }
    switch state {
    case .unattached(let unattached): next = min(next, unattached.electionDeadline, unattached.search.due ?? next)
    case .prospective(let ballot), .candidate(let ballot): next = min(next, ballot.deadline)
    case .leader(let leadership):
      next = min(next, checkQuorumDeadline(leadership), leadership.announceAt)
      for fetch in leadership.parked { next = min(next, fetch.deadline) }
    case .follower(let following): next = min(next, following.fetchDeadline, following.fetch.due ?? next)
    case .resigned(let deadline): next = min(next, deadline)
    }
    return next
  }

  mutating func handleTimer(_ log: inout some RaftLog, _ effects: inout [RaftEffect]) throws(RaftLogError) {
    for request in inFlight where request.deadline <= now {
      inFlight.removeAll { $0.id == request.id }
      switch state {
      case .prospective, .candidate: try countVote(request.to, isGranted: false, &log, &effects)
      case .unattached, .follower: retryFetch(request.id)
      case .leader, .resigned: break
      }
    }
    switch state {
    case .unattached(let unattached) where unattached.electionDeadline <= now: try standForElection(&log, &effects)
    case .prospective(let ballot) where ballot.deadline <= now: loseElection(&effects)
    case .candidate(let ballot) where ballot.deadline <= now: loseElection(&effects)
    case .follower(let following) where following.fetchDeadline <= now:
      if isVoter { try standForElection(&log, &effects) } else { becomeUnattached(epoch: epoch, &effects) }
    case .resigned(let deadline) where deadline <= now: try standForElection(&log, &effects)
    case .leader(let leadership):
      if checkQuorumDeadline(leadership) <= now, !configuration.flaws.contains(.noCheckQuorum) {
        resign(log, &effects)
      } else {
        announceLeadership(&effects)
        try answerParkedFetches(log, &effects)
      }
    default: break
    }
    try sendDueFetch(&log, &effects)
  }

  /// Between one and two election timeouts.
  mutating func electionTimeout() -> TimeSpan {
    configuration.electionTimeout + random.span(in: .zero...configuration.electionTimeout)
  }

  /// When a follower that hears no more of its leader will stand.
  mutating func nextFetchDeadline() -> Instant { now + configuration.fetchTimeout + jitter() }

  mutating func jitter() -> TimeSpan { random.span(in: .zero...configuration.leaderGoneJitter) }

  /// A node that just started asks soon: a pre-vote disturbs nobody, and a new cluster should not wait a full timeout.
  mutating func firstWait() -> Unattached {
    let wait = voters.count == 1 ? .zero : random.span(in: .zero...(configuration.electionTimeout / 4))
    return Unattached(electionDeadline: now + wait, search: FetchSchedule(due: voters.count == 1 ? nil : now))
  }

  /// Kafka's binary exponential back-off: at most a tenth of the election timeout times a random number below
  /// 2^losses, and at most the configured maximum.
  mutating func electionBackoff() -> TimeSpan {
    let unit = configuration.electionTimeout / 10
    let bound = Int64(1) << min(lostElections, 10)
    let wait = unit / 4 + random.span(in: .zero...(unit * bound))
    return min(wait, configuration.electionBackoffMax)
  }

  /// The moment at which fewer than a majority (this node included) will have fetched within the last 1.5 fetch
  /// timeouts.
  func checkQuorumDeadline(_ leadership: Leadership) -> Instant {
    let needed = majority - 1
    guard needed > 0, !configuration.flaws.contains(.noCheckQuorum) else { return .distantFuture }
    let fetches = leadership.voters.map { $0.lastFetch ?? leadership.electedAt }.sorted(by: >)
    return fetches[needed - 1] + configuration.fetchTimeout * 3 / 2
  }

  var majority: Int { voters.count / 2 + 1 }
}
