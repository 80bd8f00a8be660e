import Primitives

/// The log could not do what was asked: the replica goes offline, for it can promise nothing any more.
public struct ReplicaLogFailure: Error, Hashable, Sendable {
  public var reason: String
  public init(_ reason: String) { self.reason = reason }
}

/// A partition's log as ``PartitionReplica`` needs it: offsets and epochs, never bytes.
///
/// All calls are synchronous. Truncating and beginning an epoch always change the epoch index too, also when no byte
/// goes (KAFKA-10706).
public protocol ReplicaLog {
  /// The first offset that may be read.
  var logStartOffset: Offset { get }
  /// One past the last record.
  var logEndOffset: Offset { get }
  /// The newest epoch of the epoch index; nil when it is empty.
  var latestEpoch: LeaderEpoch? { get }
  /// The largest known epoch not above `epoch` and where it ends; nil when that cannot be told (KIP-101, KIP-279).
  func endOffset(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)?
  /// Notes that `epoch` begins at the log's end.
  mutating func beginEpoch(_ epoch: LeaderEpoch) throws(ReplicaLogFailure)
  /// Drops everything from `offset` on.
  mutating func truncate(to offset: Offset) throws(ReplicaLogFailure)
  /// Drops everything and begins anew at `offset`.
  mutating func truncateFully(startingAt offset: Offset) throws(ReplicaLogFailure)
  /// Makes everything below `offset` invisible.
  mutating func advanceLogStart(to offset: Offset) throws(ReplicaLogFailure)
}
