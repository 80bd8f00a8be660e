import Primitives

extension RaftNode {
  /// What a message says of the quorum: a higher epoch, or the leader of this one. Returns whether the message is from
  /// another time than this node's present role, so that its content has no more meaning.
  mutating func learn(_ epoch: LeaderEpoch, leaderID: BrokerID?, _ effects: inout [RaftEffect]) -> Bool {
    if epoch < self.epoch { return true }
    let leader = leaderID.flatMap { id in id != identity.id && voters.contains { $0.id == id } ? id : nil }
    if epoch > self.epoch {
      if let leader { follow(leader, epoch: epoch, &effects) } else { becomeUnattached(epoch: epoch, &effects) }
      return true
    }
    guard let leader, leader != departedLeader else { return false }
    switch state {
    case .unattached, .candidate:
      follow(leader, epoch: epoch, &effects)
      return true
    case .prospective where quorumState.leaderID == nil:
      follow(leader, epoch: epoch, &effects)
      return true
    default: return false
    }
  }

  mutating func becomeUnattached(epoch: LeaderEpoch, _ effects: inout [RaftEffect]) {
    // A higher epoch alone does not put off this node's own election.
    let deadline: Instant
    switch state {
    case .unattached(let unattached): deadline = unattached.electionDeadline
    case .prospective(let ballot), .candidate(let ballot): deadline = ballot.deadline
    case .follower(let following): deadline = following.fetchDeadline
    case .resigned(let old): deadline = old
    case .leader: deadline = now + electionTimeout()
    }
    become(
      .unattached(
        Unattached(electionDeadline: isVoter ? deadline : .distantFuture, search: FetchSchedule(due: now))),
      QuorumState(epoch: epoch, votedFor: epoch == self.epoch ? votedFor : nil), &effects)
  }

  mutating func follow(_ leader: BrokerID, epoch: LeaderEpoch, _ effects: inout [RaftEffect]) {
    lostElections = 0
    become(
      .follower(
        Following(
          leaderID: leader, fetchDeadline: nextFetchDeadline(), fetch: FetchSchedule(due: now))),
      QuorumState(epoch: epoch, leaderID: leader, votedFor: epoch == self.epoch ? votedFor : nil), &effects)
  }

  /// The one way from role to role. Requests of the old role are forgotten, parked fetches are answered.
  mutating func become(_ new: RoleState, _ newQuorumState: QuorumState, _ effects: inout [RaftEffect]) {
    invariant(newQuorumState.epoch >= epoch, "epoch goes back from \(epoch) to \(newQuorumState.epoch)")
    if newQuorumState.epoch > epoch { departedLeader = nil }
    let old = state
    let oldQuorumState = quorumState
    state = new
    quorumState = newQuorumState
    inFlight = []
    if case .leader(let leadership) = old {
      effects.append(.lostLeadership(epoch: oldQuorumState.epoch))
      for fetch in leadership.parked {
        let response = fetchError(.notLeaderOrFollower)
        reply(fetch.token, .fetch(response), &effects)
      }
    }
    if oldQuorumState.leaderID != leaderID || oldQuorumState.epoch != epoch {
      effects.append(.leaderChanged(leaderID, epoch: epoch))
    }
  }

  mutating func reply(_ token: RequestToken, _ response: RaftResponse, _ effects: inout [RaftEffect]) {
    persistBeforeMessage(&effects)
    effects.append(.reply(token, response))
  }

  mutating func send(to peer: BrokerID, _ request: RaftRequest, _ effects: inout [RaftEffect]) -> RequestID {
    persistBeforeMessage(&effects)
    lastRequestID.rawValue += 1
    var deadline = now + configuration.requestTimeout
    // The peer may hold a Fetch for so long before it even begins to answer.
    if case .fetch(let fetch) = request { deadline = deadline + fetch.maxWait }
    inFlight.append(InFlight(id: lastRequestID, to: peer, deadline: deadline))
    effects.append(.send(to: peer, lastRequestID, request))
    return lastRequestID
  }

  /// Epoch and vote must be durable before a message leaves (Raft §5.1). Who leads need not be: a leader has a
  /// majority's votes of its epoch already, so forgetting it cannot make another.
  private mutating func persistBeforeMessage(_ effects: inout [RaftEffect]) {
    guard !configuration.flaws.contains(.persistAfterSend) else { return }
    if persisted.epoch != epoch || persisted.votedFor != votedFor { persistIfChanged(&effects) }
  }

  mutating func persistIfChanged(_ effects: inout [RaftEffect]) {
    guard persisted != quorumState else { return }
    persisted = quorumState
    effects.append(.persist(quorumState))
  }

  func isOtherCluster(_ clusterID: String?) -> Bool {
    guard let clusterID else { return false }
    return clusterID != self.clusterID
  }

  /// Advances the high watermark and says so.
  mutating func commit(upTo offset: Offset, _ effects: inout [RaftEffect]) {
    guard offset > highWatermark else { return }
    highWatermark = offset
    effects.append(.committed(upTo: offset))
  }
}
