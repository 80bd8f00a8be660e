import Primitives

/// What becomes of a follower's Fetch.
public enum FollowerFetchDecision: Hashable, Sendable {
  case read(from: Offset, upTo: Offset, highWatermark: Offset, logStartOffset: Offset)
  /// The follower's log parted from ours: it truncates by this epoch and its end (KIP-595's DivergingEpoch).
  case diverging(epoch: LeaderEpoch, endOffset: Offset, highWatermark: Offset, logStartOffset: Offset)
  case error(ErrorCode)
}

extension PartitionReplica {
  mutating func lead(
    _ new: PartitionMetadata, isNewEpoch: Bool, at now: Instant, log: inout some ReplicaLog,
    into effects: inout [ReplicationEffect]
  ) {
    if isFollower { effects.append(.stopFetching) }
    var waiting = WaitingProduces()
    var followers: [FollowerProgress] = []
    var epochStart = log.logEndOffset
    if case .leader(let old) = role {
      waiting = old.waiting
      if !isNewEpoch {
        followers = old.followers
        epochStart = old.epochStartOffset
      }
    }
    if isNewEpoch {
      do { try log.beginEpoch(new.leaderEpoch) } catch { return fail(error, into: &effects) }
      highWatermark = max(min(highWatermark, log.logEndOffset), log.logStartOffset)
    }
    let known = followers
    followers = new.replicas.filter { $0.id != localID }.map { broker in
      // A new leader grants the members of the ISR one full lag time.
      known.first { $0.id == broker.id }
        ?? FollowerProgress(
          id: broker.id,
          lastCaughtUp: new.isr.contains(broker.id)
            ? now : now - configuration.replicaLagTimeMax - .nanoseconds(1))
    }
    role = .leader(
      LeaderState(
        leaderEpoch: new.leaderEpoch, epochStartOffset: epochStart, isr: new.isr,
        partitionEpoch: new.partitionEpoch, recoveryState: new.leaderRecoveryState, followers: followers,
        waiting: waiting))
    if new.leaderRecoveryState == .recovering { propose(new.isr, at: now, into: &effects) }
    advanceHighWatermark(at: now, logEnd: log.logEndOffset, into: &effects)
  }

  /// Whether a batch may be appended now; the log's own checks (sequence numbers) come after this one. `acks` is −1, 0
  /// or 1.
  ///
  /// A batch that is in the log already is not to be refused for too few in-sync replicas, but to wait like its first
  /// copy. Kafka refuses it, and librdkafka takes that to mean that the batch was never written: it may then cut its
  /// records into other batches, which no sequence number recognises, and write them twice.
  public func checkProduce(acks: Int16, currentEpoch: LeaderEpoch = .none) -> ErrorCode? {
    guard (-1...1).contains(acks) else { return .invalidRequiredAcks }
    guard case .leader(let leader) = role else {
      return failure == nil ? .notLeaderOrFollower : .kafkaStorageError
    }
    if let code = checkEpoch(currentEpoch) { return code }
    return acks == -1 && leader.isr.count < effectiveMinInSyncReplicas ? .notEnoughReplicas : nil
  }

  /// The leader's log was appended to and now ends at `logEndOffset`.
  public mutating func appended(
    logEndOffset: Offset, at now: Instant, into effects: inout [ReplicationEffect]
  ) {
    advanceHighWatermark(at: now, logEnd: logEndOffset, into: &effects)
  }

  /// Answers `token` once everything below `upTo` is committed, its time is up, or another leads. Also for duplicates,
  /// whose original may not be committed yet. Calls come in the order of offsets but for duplicates, which wait a little
  /// longer.
  ///
  /// Like Kafka's it waits, too, while fewer replicas than min ISR are in sync, for they may come back, and who is told
  /// nothing does not write again what is in the log. What was committed before they fell behind is told so.
  public mutating func awaitReplication(
    token: UInt64, upTo: Offset, deadline: Instant, into effects: inout [ReplicationEffect]
  ) {
    let isCommitted = upTo <= highWatermark
    let least = effectiveMinInSyncReplicas
    let isLeading: Void? = withLeader { leader in
      if isCommitted {
        let code = leader.isr.count < least ? ErrorCode.notEnoughReplicasAfterAppend : .none
        effects.append(.acknowledge(token: token, code))
      } else {
        leader.waiting.append(token: token, upTo: upTo, deadline: deadline)
      }
    }
    if isLeading == nil { effects.append(.acknowledge(token: token, .notLeaderOrFollower)) }
  }

  /// A follower's Fetch: notes how far it is, which may advance the high watermark and the ISR, and says what to send.
  /// `lastFetchedEpoch` is −1 for an empty log. Who asks must have been authenticated as a broker (CVE-2018-1288).
  public mutating func followerFetch(
    from id: BrokerID, brokerEpoch: BrokerEpoch, currentLeaderEpoch: LeaderEpoch, fetchOffset: Offset,
    lastFetchedEpoch: LeaderEpoch, logStartOffset: Offset, at now: Instant, log: some ReplicaLog,
    into effects: inout [ReplicationEffect]
  ) -> FollowerFetchDecision {
    guard isLeader else { return .error(failure == nil ? .notLeaderOrFollower : .kafkaStorageError) }
    if let code = checkEpoch(currentLeaderEpoch) { return .error(code) }
    // KIP-903: a fetch from an earlier life of the broker says nothing about what it has now.
    guard let broker = metadata?.broker(id), id != localID, brokerEpoch == .none || brokerEpoch >= broker.brokerEpoch
    else { return .error(.notLeaderOrFollower) }
    let end = log.logEndOffset
    if lastFetchedEpoch != .none {
      guard let known = log.endOffset(for: lastFetchedEpoch) else { return .error(.offsetOutOfRange) }
      if known.epoch < lastFetchedEpoch || known.offset < fetchOffset {
        return .diverging(
          epoch: known.epoch, endOffset: known.offset, highWatermark: highWatermark,
          logStartOffset: log.logStartOffset)
      }
    }
    guard fetchOffset >= log.logStartOffset, fetchOffset <= end else { return .error(.offsetOutOfRange) }
    _ = withLeader { leader in
      guard let index = leader.followers.firstIndex(where: { $0.id == id }) else { return }
      leader.followers[index].brokerEpoch = brokerEpoch
      leader.followers[index].logStartOffset = logStartOffset
      leader.followers[index].record(fetchOffset: fetchOffset, leaderEnd: end, now: now)
    }
    expandISR(with: id, at: now, into: &effects)
    advanceHighWatermark(at: now, logEnd: end, into: &effects)
    return .read(from: fetchOffset, upTo: end, highWatermark: highWatermark, logStartOffset: log.logStartOffset)
  }

  /// The high watermark is the least log end over the maximal ISR and over every eligible replica that is caught up
  /// within the lag time, for that one may join any moment. It stands still below min ISR (KIP-966) and never falls.
  mutating func advanceHighWatermark(at now: Instant, logEnd: Offset, into effects: inout [ReplicationEffect]) {
    guard case .leader(let leader) = role, leader.isr.count >= effectiveMinInSyncReplicas else { return }
    var candidate = logEnd
    for follower in leader.followers where follower.logEndOffset < candidate {
      if leader.isInMaximalISR(follower.id)
        || (isEligible(follower)
          && follower.isCaughtUp(leaderEnd: logEnd, now: now, lagMax: configuration.replicaLagTimeMax))
      {
        candidate = follower.logEndOffset
      }
    }
    guard candidate > highWatermark else { return }
    highWatermark = candidate
    effects.append(.highWatermarkAdvanced(candidate))
    _ = withLeader { $0.waiting.complete(upTo: candidate, .none, into: &effects) }
  }
}
