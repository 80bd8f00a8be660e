import Primitives

/// Asks for records from `fetchOffset` on. From a voter it also says: all below is on my disk.
public struct FetchRequest: Hashable, Sendable {
  public var clusterID: String?
  public var replica: ReplicaKey
  public var currentLeaderEpoch: LeaderEpoch
  public var fetchOffset: Offset
  /// The epoch of the record before `fetchOffset`; zero for an empty log.
  public var lastFetchedEpoch: LeaderEpoch
  public var maxWait: TimeSpan
  public var maxBytes: Int
  /// The high watermark that the sender knows (version 18, KIP-1166); −1 when it knows none. Where the version has no
  /// such field, the wire's default (the largest number) means: do not wake me for it.
  public var highWatermark: Offset

  public init(
    clusterID: String?, replica: ReplicaKey, currentLeaderEpoch: LeaderEpoch, fetchOffset: Offset,
    lastFetchedEpoch: LeaderEpoch, maxWait: TimeSpan, maxBytes: Int, highWatermark: Offset = Offset(Int64.max)
  ) {
    self.clusterID = clusterID
    self.replica = replica
    self.currentLeaderEpoch = currentLeaderEpoch
    self.fetchOffset = fetchOffset
    self.lastFetchedEpoch = lastFetchedEpoch
    self.maxWait = maxWait
    self.maxBytes = maxBytes
    self.highWatermark = highWatermark
  }
}

/// The answer to a Fetch: records, or where the logs part, or which snapshot to fetch instead.
public struct FetchResponse: Hashable, Sendable {
  public var error: ErrorCode
  /// `CurrentLeader`: what the answering node knows.
  public var leaderID: BrokerID?
  public var epoch: LeaderEpoch
  /// −1 when not known.
  public var highWatermark: Offset
  public var logStartOffset: Offset
  /// Set when the logs differ: the largest epoch that both may share, and its end in the leader's log.
  public var divergingEpoch: OffsetAndEpoch?
  /// Set when what was asked for is only in a snapshot.
  public var snapshotID: SnapshotID?
  /// Whole record batches.
  public var records: [UInt8]

  public init(
    error: ErrorCode, leaderID: BrokerID?, epoch: LeaderEpoch, highWatermark: Offset = .none,
    logStartOffset: Offset = .none, divergingEpoch: OffsetAndEpoch? = nil, snapshotID: SnapshotID? = nil,
    records: [UInt8] = []
  ) {
    self.error = error
    self.leaderID = leaderID
    self.epoch = epoch
    self.highWatermark = highWatermark
    self.logStartOffset = logStartOffset
    self.divergingEpoch = divergingEpoch
    self.snapshotID = snapshotID
    self.records = records
  }
}

/// Asks for a part of a snapshot.
public struct FetchSnapshotRequest: Hashable, Sendable {
  public var clusterID: String?
  public var replica: ReplicaKey
  public var currentLeaderEpoch: LeaderEpoch
  public var snapshotID: SnapshotID
  /// In bytes from the snapshot's beginning.
  public var position: Int64
  public var maxBytes: Int

  public init(
    clusterID: String?, replica: ReplicaKey, currentLeaderEpoch: LeaderEpoch, snapshotID: SnapshotID, position: Int64,
    maxBytes: Int
  ) {
    self.clusterID = clusterID
    self.replica = replica
    self.currentLeaderEpoch = currentLeaderEpoch
    self.snapshotID = snapshotID
    self.position = position
    self.maxBytes = maxBytes
  }
}

/// A part of a snapshot. `size` is that of the whole, in bytes.
public struct FetchSnapshotResponse: Hashable, Sendable {
  public var error: ErrorCode
  public var leaderID: BrokerID?
  public var epoch: LeaderEpoch
  public var snapshotID: SnapshotID
  public var size: Int64
  public var position: Int64
  public var bytes: [UInt8]

  public init(
    error: ErrorCode, leaderID: BrokerID?, epoch: LeaderEpoch, snapshotID: SnapshotID, size: Int64 = 0,
    position: Int64 = 0, bytes: [UInt8] = []
  ) {
    self.error = error
    self.leaderID = leaderID
    self.epoch = epoch
    self.snapshotID = snapshotID
    self.size = size
    self.position = position
    self.bytes = bytes
  }
}
