import Primitives

/// One node's part in the metadata quorum: Raft as Kafka has it (KIP-595), with pre-vote (KIP-996), check-quorum,
/// voter keys (KIP-853; the voter set itself is static) and snapshots (KIP-630). It replicates bytes, knows no topics.
///
/// A pure core: the shell feeds it events and carries out its effects *in order*; it calls the log synchronously, and
/// the log is flushed before any effect that implies it. When an effect is reached, all effects before it are durable.
///
/// | from | on | to |
/// |-|-|-|
/// | unattached | election timeout | prospective |
/// | unattached | a leader becomes known | follower |
/// | prospective | pre-votes from a majority | candidate (epoch + 1) |
/// | prospective | majority out of reach, or time is up | follower if the leader is known and alive, else unattached |
/// | candidate | votes from a majority | leader |
/// | candidate | majority out of reach, or time is up | prospective, after a back-off |
/// | leader | no majority fetched for 1.5 fetch timeouts; asked to resign | resigned |
/// | follower | fetch timeout; leader resigned or gone | prospective |
/// | resigned | election timeout | prospective |
/// | any | a higher epoch | unattached, or follower if its leader is named |
public struct RaftNode: Sendable {
  public let identity: ReplicaKey
  public let clusterID: String
  /// Sorted by id.
  public let voters: [Voter]
  public let configuration: RaftConfiguration

  /// Epoch, leader and vote as they stand; written ahead of whatever depends on them.
  public internal(set) var quorumState: QuorumState
  /// Everything below is committed.
  public internal(set) var highWatermark: Offset
  /// Set once the node has given up; it then ignores all events.
  public internal(set) var failure: RaftFailure?

  var state: RoleState
  var persisted: QuorumState
  var random: RandomSource
  var now: Instant
  var inFlight: [InFlight] = []
  var lastRequestID = RequestID(0)
  /// The leader of the present epoch that resigned, or whose process is gone: what others still believe of it is old.
  var departedLeader: BrokerID?
  /// Elections lost since a leader was last known.
  var lostElections: Int64 = 0

  /// A node as it starts, from what it has on disk: at `persisted` with the given log. State below the log's newest
  /// snapshot is committed and has no `committed` effect of its own; the shell loads the snapshot first.
  public init(
    identity: ReplicaKey, clusterID: String, voters: [Voter], configuration: RaftConfiguration,
    persisted: QuorumState, log: some RaftLog, random: RandomSource, now: Instant
  ) {
    self.identity = identity
    self.clusterID = clusterID
    self.voters = voters.sorted()
    self.configuration = configuration
    self.persisted = persisted
    self.random = random.stream("raft-\(identity.id)")
    self.now = now
    quorumState = persisted
    if log.lastEpoch > quorumState.epoch { quorumState = QuorumState(epoch: log.lastEpoch) }
    // A leader or follower of before starts without a leader: whether that leader still lives must be heard anew.
    quorumState.leaderID = nil
    highWatermark = max(log.startOffset, log.latestSnapshot?.offset ?? .zero)
    state = .unattached(Unattached(electionDeadline: .distantFuture, search: FetchSchedule(due: now)))
    if isVoter { state = .unattached(firstWait()) }
  }

  public var role: RaftRole {
    switch state {
    case .unattached: .unattached
    case .prospective: .prospective
    case .candidate: .candidate
    case .leader: .leader
    case .follower: .follower
    case .resigned: .resigned
    }
  }

  public var epoch: LeaderEpoch { quorumState.epoch }
  public var leaderID: BrokerID? { quorumState.leaderID }
  public var votedFor: ReplicaKey? { quorumState.votedFor }
  /// Whether this node is in the voter set; otherwise it is an observer.
  public var isVoter: Bool { voters.contains { $0.matches(identity) } }

  /// What the leader knows of the other voters; empty unless leader.
  public var voterProgress: [ReplicaProgress] {
    guard case .leader(let leadership) = state else { return [] }
    return leadership.voters
  }

  /// What the leader knows of observers, by id; empty unless leader.
  public var observerProgress: [ReplicaProgress] {
    guard case .leader(let leadership) = state else { return [] }
    return leadership.observers
  }

  /// The offset of this leader's LeaderChange record; nil unless leader.
  public var epochStartOffset: Offset? {
    guard case .leader(let leadership) = state else { return nil }
    return leadership.epochStartOffset
  }

  /// Takes one event at `now`. `effects` is appended to.
  public mutating func handle(
    _ event: RaftEvent, at now: Instant, log: inout some RaftLog, into effects: inout [RaftEffect]
  ) {
    guard failure == nil else { return }
    self.now = max(now, self.now)
    do throws(RaftLogError) {
      switch event {
      case .timer: try handleTimer(&log, &effects)
      case .request(let token, let request): try handleRequest(token, request, &log, &effects)
      case .response(let peer, let id, let response): try handleResponse(peer, id, response, &log, &effects)
      case .requestFailed(let peer, let id): try handleRequestFailed(peer, id, &log, &effects)
      case .peerUnreachable(let peer): try handlePeerUnreachable(peer, &log, &effects)
      case .propose(let token, let epoch, let batches): try propose(token, epoch, batches, &log, &effects)
      case .snapshotCreated(let id, let bound): try handleSnapshotCreated(id, deleteLogBefore: bound, &log)
      case .resign: resign(log, &effects)
      }
      persistIfChanged(&effects)
    } catch {
      fail(.storage("\(error)"), &effects)
    }
  }

  private mutating func handleRequest(
    _ token: RequestToken, _ request: RaftRequest, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    switch request {
    case .vote(let request): try handleVote(token, request, &log, &effects)
    case .beginQuorumEpoch(let request): try handleBeginQuorumEpoch(token, request, &log, &effects)
    case .endQuorumEpoch(let request): handleEndQuorumEpoch(token, request, &effects)
    case .fetch(let request): try handleFetch(token, request, &log, &effects)
    case .fetchSnapshot(let request): try handleFetchSnapshot(token, request, log, &effects)
    }
  }

  private mutating func handleResponse(
    _ peer: BrokerID, _ id: RequestID, _ response: RaftResponse, _ log: inout some RaftLog,
    _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    // Whoever asked in an earlier role, or gave up waiting, has no use for the answer.
    guard let index = inFlight.firstIndex(where: { $0.id == id && $0.to == peer }) else { return }
    inFlight.remove(at: index)
    switch response {
    case .vote(let response): try handleVoteResponse(peer, response, &log, &effects)
    case .beginQuorumEpoch(let response), .endQuorumEpoch(let response):
      _ = learn(response.epoch, leaderID: response.leaderID, &effects)
    case .fetch(let response): try handleFetchResponse(id, response, &log, &effects)
    case .fetchSnapshot(let response): try handleFetchSnapshotResponse(id, response, &log, &effects)
    }
    try sendDueFetch(&log, &effects)
  }

  private mutating func handleRequestFailed(
    _ peer: BrokerID, _ id: RequestID, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    guard let index = inFlight.firstIndex(where: { $0.id == id && $0.to == peer }) else { return }
    inFlight.remove(at: index)
    switch state {
    case .prospective, .candidate: try countVote(peer, isGranted: false, &log, &effects)
    case .unattached, .follower: retryFetch(id)
    case .leader, .resigned: break
    }
  }

  /// KRaft's own rule would wait for the fetch timeout. Standing early is safe: it costs at most one pre-vote.
  private mutating func handlePeerUnreachable(
    _ peer: BrokerID, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    switch state {
    case .follower(let following) where following.leaderID == peer && !isVoter:
      departedLeader = peer
      becomeUnattached(epoch: epoch, &effects)
      try sendDueFetch(&log, &effects)
    case .follower(var following) where following.leaderID == peer:
      departedLeader = peer
      following.leaderIsGone = true
      following.fetchDeadline = min(following.fetchDeadline, now + jitter())
      state = .follower(following)
    case .prospective, .candidate: try countVote(peer, isGranted: false, &log, &effects)
    default: break
    }
  }

  mutating func fail(_ failure: RaftFailure, _ effects: inout [RaftEffect]) {
    if case .leader = state { effects.append(.lostLeadership(epoch: epoch)) }
    self.failure = failure
    inFlight = []
    state = .unattached(Unattached(electionDeadline: .distantFuture, search: FetchSchedule()))
    effects.append(.failed(failure))
  }
}
