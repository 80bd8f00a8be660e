import Primitives

/// What a follower asks its leader for.
public struct NextFetch: Hashable, Sendable {
  public var fetchOffset: Offset
  /// −1 for an empty log.
  public var lastFetchedEpoch: LeaderEpoch
  public var currentLeaderEpoch: LeaderEpoch
  public var logStartOffset: Offset
}

/// A leader's answer to a follower's Fetch, without its records.
public struct FetchAnswer: Hashable, Sendable {
  public var error: ErrorCode
  public var diverging: (epoch: LeaderEpoch, endOffset: Offset)? {
    divergingEpoch == .none ? nil : (divergingEpoch, divergingEndOffset)
  }
  /// −1 when the logs agree.
  public var divergingEpoch: LeaderEpoch
  public var divergingEndOffset: Offset
  public var highWatermark: Offset
  public var logStartOffset: Offset

  public init(
    error: ErrorCode = .none, divergingEpoch: LeaderEpoch = .none, divergingEndOffset: Offset = .none,
    highWatermark: Offset, logStartOffset: Offset
  ) {
    self.error = error
    self.divergingEpoch = divergingEpoch
    self.divergingEndOffset = divergingEndOffset
    self.highWatermark = highWatermark
    self.logStartOffset = logStartOffset
  }
}

/// What to do with a leader's answer.
public enum FetchAnswerDecision: Hashable, Sendable {
  /// Append the records, if any, and say so with `appendedFromLeader`.
  case append
  /// The log was cut; drop the records and fetch again at once.
  case truncated
  /// Of another epoch or for another offset: drop it.
  case ignore
  /// Ask the leader for its log's bounds (ListOffsets) and pass them to `leaderBounds`.
  case outOfRange
  /// Wait a little, then fetch again; newer metadata may come first.
  case retryLater(ErrorCode)
}

extension PartitionReplica {
  /// The next Fetch; nil unless this replica follows.
  public func nextFetch(log: some ReplicaLog) -> NextFetch? {
    guard case .follower(let follower) = role else { return nil }
    return NextFetch(
      fetchOffset: log.logEndOffset, lastFetchedEpoch: log.latestEpoch ?? .none,
      currentLeaderEpoch: follower.leaderEpoch, logStartOffset: log.logStartOffset)
  }

  /// Judges the answer to `request` before its records are appended.
  public mutating func fetchResponse(
    _ answer: FetchAnswer, to request: NextFetch, log: inout some ReplicaLog,
    into effects: inout [ReplicationEffect]
  ) -> FetchAnswerDecision {
    guard case .follower(let follower) = role, follower.leaderEpoch == request.currentLeaderEpoch,
      request.fetchOffset == log.logEndOffset, request.lastFetchedEpoch == log.latestEpoch ?? .none
    else { return .ignore }
    switch answer.error {
    case .none: break
    case .offsetOutOfRange: return .outOfRange
    default: return .retryLater(answer.error)
    }
    guard let diverging = answer.diverging else { return .append }
    // The largest epoch that both know ends at the smaller of the two ends; until they name the same one, ask again.
    var target = min(diverging.endOffset, log.logEndOffset)
    if let local = log.endOffset(for: diverging.epoch) {
      target = local.epoch == diverging.epoch ? min(target, local.offset) : min(local.offset, log.logEndOffset)
    }
    return truncate(to: target, log: &log, into: &effects) ? .truncated : .ignore
  }

  /// The answer's records (perhaps none) are in the log: takes over the leader's log start and high watermark.
  public mutating func appendedFromLeader(
    _ answer: FetchAnswer, log: inout some ReplicaLog, into effects: inout [ReplicationEffect]
  ) {
    guard isFollower else { return }
    if answer.logStartOffset > log.logStartOffset, answer.logStartOffset <= log.logEndOffset {
      do { try log.advanceLogStart(to: answer.logStartOffset) } catch { return fail(error, into: &effects) }
    }
    let known = max(min(answer.highWatermark, log.logEndOffset), log.logStartOffset)
    guard known > highWatermark else { return }
    highWatermark = known
    effects.append(.highWatermarkAdvanced(known))
  }

  /// The leader's bounds after `outOfRange`: a log that ends before the leader's begins starts anew there, one that
  /// ends after the leader's is cut to it.
  public mutating func leaderBounds(
    leaderEpoch: LeaderEpoch, logStartOffset: Offset, logEndOffset: Offset, log: inout some ReplicaLog,
    into effects: inout [ReplicationEffect]
  ) {
    guard case .follower(let follower) = role, follower.leaderEpoch == leaderEpoch else { return }
    if logEndOffset < log.logEndOffset {
      _ = truncate(to: logEndOffset, log: &log, into: &effects)
    } else if logStartOffset > log.logEndOffset {
      do { try log.truncateFully(startingAt: logStartOffset) } catch { return fail(error, into: &effects) }
      highWatermark = logStartOffset
      effects.append(.truncated(to: logStartOffset, belowHighWatermark: false))
    }
  }

  private mutating func truncate(
    to offset: Offset, log: inout some ReplicaLog, into effects: inout [ReplicationEffect]
  ) -> Bool {
    let isBelow = offset < highWatermark
    do { try log.truncate(to: offset) } catch {
      fail(error, into: &effects)
      return false
    }
    highWatermark = min(highWatermark, log.logEndOffset)
    effects.append(.truncated(to: offset, belowHighWatermark: isBelow))
    return true
  }
}
