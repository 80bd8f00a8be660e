import Consensus
import Primitives
import Simulator
import Testing

/// One node with a log of its own, driven by hand.
private struct Bench {
  var node: RaftNode
  var log = RaftMemoryLog()
  var now = Instant.zero
  private var token: UInt64 = 0

  static let directory = UUID128(high: 7, low: 7)

  init(voters: [Int32] = [1, 2, 3], persisted: QuorumState = QuorumState()) {
    node = RaftNode(
      identity: ReplicaKey(id: BrokerID(1), directoryID: Self.directory), clusterID: "here",
      voters: voters.map { Voter(id: BrokerID($0)) }, configuration: RaftConfiguration(), persisted: persisted,
      log: log, random: RandomSource(seed: 1), now: .zero)
  }

  mutating func handle(_ event: RaftEvent) -> [RaftEffect] {
    var effects: [RaftEffect] = []
    node.handle(event, at: now, log: &log, into: &effects)
    return effects
  }

  /// The answer to a request; nil while it is parked.
  mutating func ask(_ request: RaftRequest) -> RaftResponse? {
    token += 1
    for case .reply(RequestToken(token), let response) in handle(.request(RequestToken(token), request)) {
      return response
    }
    return nil
  }

  /// Lets time pass until the node has work, and returns the effects.
  mutating func timer() -> [RaftEffect] {
    now = max(now, node.nextDeadline)
    return handle(.timer)
  }

  /// Elects node 1 with the vote of node 2.
  mutating func lead() -> [RaftEffect] {
    for _ in 0..<50 {
      var effects = timer()
      while case .send(_, let id, .vote(let vote))? = effects.first(where: { $0.isVoteRequest(to: BrokerID(2)) }) {
        let granted = VoteResponse(error: .none, leaderID: nil, epoch: node.epoch, isGranted: true)
        effects = handle(.response(from: BrokerID(2), id, .vote(granted)))
        #expect(vote.candidate.id == BrokerID(1))
      }
      if node.role == .leader { return effects }
    }
    return []
  }

  func fetch(
    from id: Int32 = 2, epoch: Int32 = 1, offset: Int64 = 0, lastEpoch: Int32 = 0, cluster: String? = "here",
    highWatermark: Int64 = .max
  ) -> RaftRequest {
    .fetch(
      FetchRequest(
        clusterID: cluster, replica: ReplicaKey(id: BrokerID(id), directoryID: UUID128(high: 1, low: 1)),
        currentLeaderEpoch: LeaderEpoch(epoch), fetchOffset: Offset(offset), lastFetchedEpoch: LeaderEpoch(lastEpoch),
        maxWait: .milliseconds(500), maxBytes: 1000, highWatermark: Offset(highWatermark)))
  }

  func vote(
    epoch: Int32, target: ReplicaKey = ReplicaKey(id: BrokerID(1)), candidate: Int32 = 2, cluster: String? = "here",
    end: OffsetAndEpoch = .zero, isPreVote: Bool = false
  ) -> RaftRequest {
    .vote(
      VoteRequest(
        clusterID: cluster, target: target, candidate: ReplicaKey(id: BrokerID(candidate)),
        epoch: LeaderEpoch(epoch), logEnd: end, isPreVote: isPreVote))
  }
}

extension RaftEffect {
  fileprivate func isVoteRequest(to peer: BrokerID) -> Bool {
    if case .send(peer, _, .vote) = self { true } else { false }
  }
}

extension RaftResponse? {
  fileprivate var error: ErrorCode? {
    switch self {
    case .vote(let answer)?: answer.error
    case .fetch(let answer)?: answer.error
    case .fetchSnapshot(let answer)?: answer.error
    case .beginQuorumEpoch(let answer)?, .endQuorumEpoch(let answer)?: answer.error
    case nil: nil
    }
  }

  fileprivate var isGranted: Bool {
    if case .vote(let answer)? = self { answer.isGranted } else { false }
  }
}

/// Goal: each wrong vote request gets Kafka's error code, and none of them moves the node.
@Test func wrongVoteRequestsAreRefusedWithKafkasCodes() {
  var bench = Bench(persisted: QuorumState(epoch: LeaderEpoch(5)))
  let other = ReplicaKey(id: BrokerID(1), directoryID: UUID128(high: 9, low: 9))
  #expect(bench.ask(bench.vote(epoch: 6, cluster: "elsewhere")).error == .inconsistentClusterId)
  #expect(bench.ask(bench.vote(epoch: 6, target: ReplicaKey(id: BrokerID(3)))).error == .invalidVoterKey)
  #expect(bench.ask(bench.vote(epoch: 6, target: other)).error == .invalidVoterKey)
  #expect(bench.ask(bench.vote(epoch: 4)).error == .fencedLeaderEpoch)
  #expect(bench.ask(bench.vote(epoch: 6, candidate: 8)).error == .inconsistentVoterSet)
  let boast = OffsetAndEpoch(offset: Offset(1), epoch: LeaderEpoch(6))
  #expect(bench.ask(bench.vote(epoch: 6, end: boast)).error == .invalidRequest)
  #expect(bench.node.epoch == LeaderEpoch(5))
  #expect(bench.node.votedFor == nil)
}

/// Goal: one vote an epoch, written before it is given; a pre-vote writes nothing.
@Test func voteIsWrittenBeforeItIsGiven() {
  var bench = Bench()
  let preVote = bench.handle(.request(RequestToken(90), bench.vote(epoch: 0, isPreVote: true)))
  #expect(!preVote.contains { if case .persist = $0 { true } else { false } })
  let effects = bench.handle(.request(RequestToken(91), bench.vote(epoch: 1)))
  let vote = QuorumState(epoch: LeaderEpoch(1), votedFor: ReplicaKey(id: BrokerID(2)))
  let written = effects.firstIndex(of: .persist(vote))
  let replied = effects.firstIndex { if case .reply = $0 { true } else { false } }
  #expect(written.flatMap { first in replied.map { first < $0 } } == true, "\(effects)")
  #expect(!bench.ask(bench.vote(epoch: 1, candidate: 3)).isGranted)
  #expect(bench.ask(bench.vote(epoch: 1, candidate: 2)).isGranted)
}

/// Goal: a quorum of one commits what is on its own disk, without a word to anybody.
@Test func singleVoterCommitsAfterItsOwnFlush() {
  var bench = Bench(voters: [1])
  let started = bench.timer()
  #expect(started.contains(.becameLeader(epoch: LeaderEpoch(1), epochStartOffset: .zero)))
  #expect(started.contains(.committed(upTo: Offset(1))))
  let effects = bench.handle(.propose(RequestToken(1), epoch: nil, batches: [[1], [2]]))
  #expect(
    effects == [
      .proposed(RequestToken(1), end: OffsetAndEpoch(offset: Offset(3), epoch: LeaderEpoch(1))),
      .committed(upTo: Offset(3)),
    ])
  #expect(bench.log.flushedOffset == Offset(3))
}

/// Goal: a fetch is answered by its epoch and position: Kafka's codes, the point of divergence, records.
@Test func leaderAnswersFetchesByEpochAndOffset() {
  var bench = Bench()
  #expect(bench.ask(bench.fetch(epoch: 0)).error == .notLeaderOrFollower)
  #expect(!bench.lead().isEmpty)
  #expect(bench.ask(bench.fetch(epoch: 0)).error == .fencedLeaderEpoch)
  #expect(bench.ask(bench.fetch(epoch: 2)).error == .unknownLeaderEpoch)
  #expect(bench.ask(bench.fetch(cluster: "elsewhere")).error == .inconsistentClusterId)
  #expect(bench.ask(bench.fetch(offset: -1)).error == .invalidRequest)
  #expect(bench.ask(bench.fetch(from: 1)).error == .invalidRequest)
  guard case .fetch(let records)? = bench.ask(bench.fetch()) else { return #expect(Bool(false), "no answer") }
  #expect(!records.records.isEmpty)
  guard case .fetch(let diverging)? = bench.ask(bench.fetch(offset: 7, lastEpoch: 1)) else {
    return #expect(Bool(false), "no answer")
  }
  #expect(diverging.divergingEpoch == OffsetAndEpoch(offset: Offset(1), epoch: LeaderEpoch(1)))
}

/// Goal (KIP-1166): a parked fetch is answered as soon as the high watermark passes the one that its sender knows;
/// one that does not say what it knows waits for records.
@Test func highWatermarkWakesTheFetchThatDoesNotKnowIt() {
  var bench = Bench()
  #expect(!bench.lead().isEmpty)
  let informed = RequestToken(101)
  let silent = RequestToken(102)
  #expect(bench.handle(.request(silent, bench.fetch(from: 8, offset: 1, lastEpoch: 1))).isEmpty)
  #expect(
    bench.handle(.request(informed, bench.fetch(from: 3, offset: 1, lastEpoch: 1, highWatermark: 1))).contains {
      $0 == .committed(upTo: Offset(1))
    })
  let effects = bench.handle(.propose(RequestToken(1), epoch: nil, batches: [[1]]))
  #expect(effects.contains { if case .reply(informed, _) = $0 { true } else { false } })
  #expect(effects.contains { if case .reply(silent, _) = $0 { true } else { false } })
  // All have the record now; only the commit is news.
  let waiting = RequestToken(103)
  #expect(bench.handle(.request(waiting, bench.fetch(from: 8, offset: 2, lastEpoch: 1, highWatermark: 1))).isEmpty)
  #expect(bench.handle(.request(RequestToken(104), bench.fetch(from: 9, offset: 2, lastEpoch: 1))).isEmpty)
  let commit = bench.handle(.request(RequestToken(105), bench.fetch(from: 2, offset: 2, lastEpoch: 1)))
  #expect(commit.contains(.committed(upTo: Offset(2))))
  #expect(commit.contains { if case .reply(waiting, _) = $0 { true } else { false } })
  #expect(!commit.contains { if case .reply(RequestToken(104), _) = $0 { true } else { false } })
  #expect(bench.node.observerProgress.map(\.replica.id) == [BrokerID(8), BrokerID(9)])
  #expect(bench.node.voterProgress.map(\.endOffset) == [Offset(2), Offset(1)])
}

/// Goal: a failing disk ends the node's part at once: no acknowledgement, no further work.
@Test func failingDiskSilencesTheNode() {
  var bench = Bench()
  #expect(!bench.lead().isEmpty)
  bench.log.isBroken = true
  let effects = bench.handle(.propose(RequestToken(1), epoch: nil, batches: [[1]]))
  #expect(effects.contains(.lostLeadership(epoch: LeaderEpoch(1))))
  #expect(!effects.contains { if case .proposed = $0 { true } else { false } })
  #expect(bench.node.failure != nil)
  #expect(bench.node.nextDeadline == .distantFuture)
  #expect(bench.handle(.timer).isEmpty)
}

/// Goal: whoever does not lead, or no longer leads the epoch that the proposer means, appends nothing.
@Test func proposalsOfAnotherEpochAreRefused() {
  var bench = Bench()
  let refused = RaftEffect.proposalRefused(RequestToken(1), .notLeader(leaderID: nil, epoch: .zero))
  #expect(bench.handle(.propose(RequestToken(1), epoch: nil, batches: [[1]])) == [refused])
  #expect(!bench.lead().isEmpty)
  let stale = bench.handle(.propose(RequestToken(2), epoch: LeaderEpoch(9), batches: [[1]]))
  #expect(stale == [.proposalRefused(RequestToken(2), .notLeader(leaderID: BrokerID(1), epoch: LeaderEpoch(1)))])
  #expect(bench.log.endOffset == Offset(1))
}
