import Primitives

extension PartitionReplica {
  /// Registered, not fenced, not shutting down, and what it fetched it fetched in its present life (KIP-903).
  func isEligible(_ follower: FollowerProgress) -> Bool {
    guard let broker = metadata?.broker(follower.id), broker.isEligible else { return false }
    return follower.brokerEpoch == broker.brokerEpoch || follower.brokerEpoch == .none
  }

  /// Proposes to take a follower in: it has everything below the high watermark and, since that may lag after an
  /// election, everything that was there when this epoch began.
  mutating func expandISR(with id: BrokerID, at now: Instant, into effects: inout [ReplicationEffect]) {
    guard case .leader(let leader) = role, leader.pending == nil, !leader.isr.contains(id),
      leader.recoveryState == .recovered, let follower = leader.followers.first(where: { $0.id == id }),
      follower.logEndOffset >= highWatermark, follower.logEndOffset >= leader.epochStartOffset, isEligible(follower)
    else { return }
    propose(leader.isr + [id], at: now, into: &effects)
  }

  /// Proposes to drop the followers that have not been caught up for the lag time.
  mutating func shrinkISR(at now: Instant, logEnd: Offset, into effects: inout [ReplicationEffect]) {
    guard case .leader(let leader) = role, leader.pending == nil else { return }
    let lagMax = configuration.replicaLagTimeMax
    let kept = leader.isr.filter { id in
      leader.followers.first { $0.id == id }?.isCaughtUp(leaderEnd: logEnd, now: now, lagMax: lagMax) ?? true
    }
    if kept.count < leader.isr.count { propose(kept, at: now, into: &effects) }
  }

  /// Sends a proposal. It counts for the high watermark at once, and until new metadata settles it.
  mutating func propose(_ isr: [BrokerID], at now: Instant, into effects: inout [ReplicationEffect]) {
    let ownEpoch = brokerEpoch
    let localID = localID
    let retryAt = now + configuration.alterPartitionRetry
    _ = withLeader { leader in
      let members = isr.map { id in
        AlterPartitionProposal.Member(
          id: id,
          brokerEpoch: id == localID
            ? ownEpoch : leader.followers.first { $0.id == id }?.brokerEpoch ?? .none)
      }
      let proposal = AlterPartitionProposal(
        leaderEpoch: leader.leaderEpoch, partitionEpoch: leader.partitionEpoch, isr: members,
        leaderRecoveryState: .recovered)
      leader.pending = PendingChange(proposal: proposal, retryAt: retryAt)
      effects.append(.alterPartition(proposal))
    }
  }

  /// The controller's answer to `proposal`: the partition as it stands now, or why not. Answers to other proposals
  /// than the one in flight are ignored.
  ///
  /// A refusal of a member's eligibility takes the proposal back; the other final errors mean that newer metadata is on
  /// its way, and the proposal keeps counting until then; anything else is asked again.
  public mutating func alterPartitionResult(
    _ result: Result<(isr: [BrokerID], partitionEpoch: PartitionEpoch, leaderEpoch: LeaderEpoch), ErrorCode>,
    to proposal: AlterPartitionProposal, at now: Instant, logEndOffset: Offset,
    into effects: inout [ReplicationEffect]
  ) {
    guard case .leader(let current) = role, current.pending?.proposal == proposal else { return }
    let retryAt = now + configuration.alterPartitionRetry
    switch result {
    case .success(let state):
      guard state.leaderEpoch == current.leaderEpoch, state.partitionEpoch >= current.partitionEpoch else { return }
      _ = withLeader { leader in
        leader.isr = state.isr
        leader.partitionEpoch = state.partitionEpoch
        leader.recoveryState = proposal.leaderRecoveryState
        leader.pending = nil
      }
      metadata?.isr = state.isr
      metadata?.partitionEpoch = state.partitionEpoch
      metadata?.leaderRecoveryState = proposal.leaderRecoveryState
      advanceHighWatermark(at: now, logEnd: logEndOffset, into: &effects)
    case .failure(.ineligibleReplica):
      _ = withLeader { $0.pending = nil }
      advanceHighWatermark(at: now, logEnd: logEndOffset, into: &effects)
    case .failure(.fencedLeaderEpoch), .failure(.invalidUpdateVersion), .failure(.notController),
      .failure(.invalidRequest), .failure(.newLeaderElected), .failure(.unknownTopicId),
      .failure(.unknownTopicOrPartition):
      _ = withLeader { $0.pending?.retryAt = .distantFuture }
    case .failure:
      _ = withLeader { $0.pending?.retryAt = retryAt }
    }
  }

  /// Time passes: late produce requests are answered, laggards leave the ISR, unanswered proposals are sent again.
  public mutating func tick(at now: Instant, logEndOffset: Offset, into effects: inout [ReplicationEffect]) {
    guard case .leader(let leader) = role else { return }
    let retryAt = now + configuration.alterPartitionRetry
    _ = withLeader { leader in
      leader.waiting.expire(at: now, .requestTimedOut, into: &effects)
      if let pending = leader.pending, pending.retryAt <= now {
        leader.pending?.retryAt = retryAt
        effects.append(.alterPartition(pending.proposal))
      }
    }
    if leader.pending == nil { shrinkISR(at: now, logEnd: logEndOffset, into: &effects) }
    advanceHighWatermark(at: now, logEnd: logEndOffset, into: &effects)
  }

  /// When `tick` is due next; nil when nothing depends on time. Laggards are looked for every half lag time by the
  /// shell's own period, so `now` is when it asks.
  public func nextDeadline(after now: Instant) -> Instant? {
    guard case .leader(let leader) = role else { return nil }
    var next = now + configuration.replicaLagTimeMax / 2
    next = min(next, leader.waiting.earliestDeadline)
    if let pending = leader.pending { next = min(next, pending.retryAt) }
    return next
  }
}
