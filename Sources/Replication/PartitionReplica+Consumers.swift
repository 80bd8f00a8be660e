import Primitives

/// What becomes of a consumer's Fetch.
public enum ConsumerFetchDecision: Hashable, Sendable {
  /// Whole batches below `upTo`, which may be none; for `read_committed` the shell lowers `upTo` to the log's LSO.
  case read(from: Offset, upTo: Offset, highWatermark: Offset, logStartOffset: Offset)
  case error(ErrorCode)
}

extension PartitionReplica {
  /// A consumer's Fetch: the leader and, since KIP-392, followers serve up to their own high watermark.
  public func consumerFetch(
    currentLeaderEpoch: LeaderEpoch, offset: Offset, log: some ReplicaLog
  ) -> ConsumerFetchDecision {
    guard isLeader || isFollower else { return .error(failure == nil ? .notLeaderOrFollower : .kafkaStorageError) }
    if let code = checkEpoch(currentLeaderEpoch) { return .error(code) }
    guard offset >= log.logStartOffset, offset <= log.logEndOffset else { return .error(.offsetOutOfRange) }
    if isFollower, offset > highWatermark { return .error(.offsetNotAvailable) }
    return .read(
      from: offset, upTo: highWatermark, highWatermark: highWatermark, logStartOffset: log.logStartOffset)
  }

  /// The log's first and last offset for ListOffsets, by the leader. For a consumer the last is the high watermark, and
  /// not available until that has passed the start of the leader's epoch: it could go back. For a replica it is the end.
  public func listOffsets(
    currentLeaderEpoch: LeaderEpoch, forReplica: Bool, log: some ReplicaLog
  ) -> Result<(earliest: Offset, latest: Offset), ErrorCode> {
    guard case .leader(let leader) = role else {
      return .failure(failure == nil ? .notLeaderOrFollower : .kafkaStorageError)
    }
    if let code = checkEpoch(currentLeaderEpoch) { return .failure(code) }
    if forReplica { return .success((log.logStartOffset, log.logEndOffset)) }
    guard highWatermark >= leader.epochStartOffset else { return .failure(.offsetNotAvailable) }
    return .success((log.logStartOffset, highWatermark))
  }

  /// OffsetForLeaderEpoch, by the leader: epoch and offset −1 when it cannot be told.
  public func offsetForLeaderEpoch(
    currentLeaderEpoch: LeaderEpoch, _ epoch: LeaderEpoch, log: some ReplicaLog
  ) -> Result<(epoch: LeaderEpoch, endOffset: Offset), ErrorCode> {
    guard isLeader else { return .failure(failure == nil ? .notLeaderOrFollower : .kafkaStorageError) }
    if let code = checkEpoch(currentLeaderEpoch) { return .failure(code) }
    guard let known = log.endOffset(for: epoch) else { return .success((.none, .none)) }
    return .success((known.epoch, known.offset))
  }
}
