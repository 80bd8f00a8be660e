import Primitives

extension RaftNode {
  /// Asks for pre-votes, or, where there is nobody to ask, goes on at once.
  mutating func standForElection(_ log: inout some RaftLog, _ effects: inout [RaftEffect]) throws(RaftLogError) {
    if configuration.flaws.contains(.noPreVote) || majority == 1 { return try becomeCandidate(&log, &effects) }
    become(.prospective(ballot()), knownLeaderState, &effects)
    try requestVotes(isPreVote: true, &log, &effects)
  }

  /// A leader that is gone is forgotten; one that merely was not heard of is kept, to return to.
  private var knownLeaderState: QuorumState {
    guard case .follower(let following) = state, !following.leaderIsGone else {
      return QuorumState(epoch: epoch, votedFor: votedFor)
    }
    return quorumState
  }

  private mutating func becomeCandidate(
    _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    become(.candidate(ballot()), QuorumState(epoch: epoch.next, votedFor: identity), &effects)
    if majority == 1 { return try becomeLeader(granting: [identity], &log, &effects) }
    try requestVotes(isPreVote: false, &log, &effects)
  }

  private mutating func ballot() -> Ballot {
    Ballot(
      deadline: now + electionTimeout(), undecided: voters.filter { $0.id != identity.id }.map(\.id),
      granted: [identity])
  }

  private mutating func requestVotes(
    isPreVote: Bool, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    try log.flushIfBehind()
    for voter in voters where voter.id != identity.id {
      let request = VoteRequest(
        clusterID: clusterID, target: voter, candidate: identity, epoch: epoch, logEnd: log.end, isPreVote: isPreVote)
      _ = send(to: voter.id, .vote(request), &effects)
    }
  }

  mutating func handleVote(
    _ token: RequestToken, _ request: VoteRequest, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    var error = ErrorCode.none
    var isGranted = false
    if isOtherCluster(request.clusterID) {
      error = .inconsistentClusterId
    } else if request.target.id != .none, !request.target.matches(identity) {
      error = .invalidVoterKey
    } else if request.epoch < epoch {
      error = .fencedLeaderEpoch
    } else if !isWellFormed(request) {
      error = .invalidRequest
    } else if !voters.contains(where: { $0.matches(request.candidate) }) || request.candidate.id == identity.id {
      error = .inconsistentVoterSet
    } else {
      // Also for a pre-vote: its sender has really been in that epoch, and can follow nobody in an older one.
      if request.epoch > epoch { becomeUnattached(epoch: request.epoch, &effects) }
      try log.flushIfBehind()
      let isUpToDate = request.logEnd >= log.end || configuration.flaws.contains(.grantVoteWithoutLogCheck)
      isGranted = isUpToDate && (request.isPreVote ? mayGrantPreVote : mayGrantVote(request.candidate))
      if isGranted && !request.isPreVote {
        become(
          .unattached(Unattached(electionDeadline: now + electionTimeout(), search: FetchSchedule(due: nil))),
          QuorumState(epoch: epoch, votedFor: request.candidate), &effects)
      }
    }
    reply(
      token,
      .vote(VoteResponse(error: error, leaderID: leaderID, epoch: epoch, isGranted: isGranted)), &effects)
  }

  /// A candidate's log ends before the epoch that it stands for; a prospective's may end in its present one.
  private func isWellFormed(_ request: VoteRequest) -> Bool {
    request.logEnd.offset >= .zero && request.logEnd.epoch >= .zero
      && (request.isPreVote ? request.logEnd.epoch <= request.epoch : request.logEnd.epoch < request.epoch)
  }

  /// KIP-996: a follower that has fetched from its leader, and the leader itself, see no need for an election.
  private var mayGrantPreVote: Bool {
    switch state {
    case .leader: false
    case .follower(let following): !following.hasFetched || following.leaderIsGone
    case .unattached, .prospective, .candidate, .resigned: true
    }
  }

  /// One vote an epoch, and none in an epoch whose leader is known.
  private func mayGrantVote(_ candidate: ReplicaKey) -> Bool {
    switch state {
    case .unattached, .prospective:
      leaderID == nil
        && (votedFor == nil || votedFor == candidate || configuration.flaws.contains(.voteTwice))
    case .candidate: configuration.flaws.contains(.voteTwice)
    case .leader, .follower, .resigned: false
    }
  }

  mutating func handleVoteResponse(
    _ peer: BrokerID, _ response: VoteResponse, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    guard !learn(response.epoch, leaderID: response.leaderID, &effects) else { return }
    try countVote(peer, isGranted: response.isGranted && response.error == .none, &log, &effects)
  }

  /// Counts an answer; no answer at all counts as a refusal, and the next attempt comes after a back-off.
  mutating func countVote(
    _ peer: BrokerID, isGranted: Bool, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    var ballot: Ballot
    let isPreVote: Bool
    switch state {
    case .prospective(let current): (ballot, isPreVote) = (current, true)
    case .candidate(let current): (ballot, isPreVote) = (current, false)
    default: return
    }
    guard let index = ballot.undecided.firstIndex(of: peer) else { return }
    ballot.undecided.remove(at: index)
    if isGranted, let voter = voters.first(where: { $0.id == peer }) { ballot.granted.append(voter) }
    state = isPreVote ? .prospective(ballot) : .candidate(ballot)
    if ballot.granted.count >= majority {
      if isPreVote {
        try becomeCandidate(&log, &effects)
      } else {
        try becomeLeader(granting: ballot.granted, &log, &effects)
      }
    } else if ballot.granted.count + ballot.undecided.count < majority {
      loseElection(&effects)
    }
  }

  mutating func loseElection(_ effects: inout [RaftEffect]) {
    if case .prospective = state, let leaderID {
      return follow(leaderID, epoch: epoch, &effects)
    }
    lostElections += 1
    let retry = Unattached(electionDeadline: now + electionBackoff(), search: FetchSchedule(due: now))
    become(.unattached(retry), QuorumState(epoch: epoch, votedFor: votedFor), &effects)
  }
}

extension RaftLog {
  /// Flushes unless all is flushed already.
  mutating func flushIfBehind() throws(RaftLogError) {
    if flushedOffset < endOffset { try flush() }
  }
}
