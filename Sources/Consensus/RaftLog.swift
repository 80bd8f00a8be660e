import Primitives

/// Why the log could not do what was asked.
public enum RaftLogError: Error, Hashable, Sendable {
  /// The disk failed; the node stops taking part, for it can promise nothing any more.
  case storage(String)
  /// Fetched bytes are not whole, valid batches that continue the log; they are discarded and fetched again.
  case corrupt(String)
}

/// The replicated log as `RaftNode` needs it: synchronous, implemented over a partition's log on disk and, in the
/// simulator, in memory. Raft moves opaque record batches; only the log looks into them.
///
/// Offsets are exclusive ends. Whatever `flush()` covered must survive a loss of power, and so must `truncate` once a
/// later `flush` returned. After a restart nothing counts as flushed before `flush()` has run.
public protocol RaftLog {
  /// The first offset that can still be read.
  var startOffset: Offset { get }
  /// The epoch of the record just before `startOffset`: that of the snapshot which ends there, zero at offset zero.
  var startEpoch: LeaderEpoch { get }
  /// One past the last record.
  var endOffset: Offset { get }
  /// All below is on stable storage.
  var flushedOffset: Offset { get }
  /// The epoch of the last record; `startEpoch` when there is none.
  var lastEpoch: LeaderEpoch { get }
  /// The largest epoch not above `epoch` of which the log holds records, and where it ends (KIP-279);
  /// `startOffset` with `startEpoch` when there is none.
  func endOffset(for epoch: LeaderEpoch) -> OffsetAndEpoch

  /// Appends one batch of records as the leader: sets base offset and epoch in it. Returns the new end offset.
  mutating func append(_ batch: ArraySlice<UInt8>, epoch: LeaderEpoch) throws(RaftLogError) -> Offset
  /// Builds and appends the LeaderChange control batch that opens `epoch`. Returns the new end offset.
  mutating func appendLeaderChange(_ change: LeaderChange, epoch: LeaderEpoch) throws(RaftLogError) -> Offset
  /// Appends whole batches as fetched. Throws `corrupt`, and appends nothing from the first bad batch on, when they do
  /// not continue the log at `endOffset` or carry an epoch below `lastEpoch` or above `leaderEpoch`.
  mutating func appendFetched(_ records: ArraySlice<UInt8>, leaderEpoch: LeaderEpoch) throws(RaftLogError)
  /// Drops everything at and above `offset`, from the epoch index too.
  mutating func truncate(to offset: Offset) throws(RaftLogError)
  /// Returns once everything below `endOffset` is on stable storage.
  mutating func flush() throws(RaftLogError)
  /// Whole batches from the one that holds `offset` on: at least one if there is any, then as fit in `maxBytes`.
  func read(from offset: Offset, maxBytes: Int) throws(RaftLogError) -> [UInt8]

  /// The newest complete snapshot.
  var latestSnapshot: SnapshotID? { get }
  /// The size in bytes of a complete snapshot; nil when there is none of that name.
  func snapshotSize(_ id: SnapshotID) -> Int64?
  /// Up to `maxBytes` of a snapshot from byte `position` on.
  func readSnapshot(_ id: SnapshotID, position: Int64, maxBytes: Int) throws(RaftLogError) -> [UInt8]
  /// Writes a part of a snapshot that is being fetched; position zero begins anew.
  mutating func writeSnapshot(_ id: SnapshotID, position: Int64, bytes: ArraySlice<UInt8>) throws(RaftLogError)
  /// Syncs and freezes the fetched snapshot, drops the whole log and lets it start at the snapshot's end.
  /// Throws `corrupt` when the snapshot is not whole; nothing has changed then.
  mutating func installSnapshot(_ id: SnapshotID) throws(RaftLogError)
  /// May delete records below `offset`, which a complete snapshot covers.
  mutating func deletePrefix(before offset: Offset) throws(RaftLogError)
}

extension RaftLog {
  /// The log's end as votes compare it.
  public var end: OffsetAndEpoch { OffsetAndEpoch(offset: endOffset, epoch: lastEpoch) }
}

/// The content of the control record that opens an epoch (Kafka's `LeaderChangeMessage`).
public struct LeaderChange: Hashable, Sendable {
  public var leader: ReplicaKey
  public var voters: [Voter]
  public var grantingVoters: [ReplicaKey]

  public init(leader: ReplicaKey, voters: [Voter], grantingVoters: [ReplicaKey]) {
    self.leader = leader
    self.voters = voters
    self.grantingVoters = grantingVoters
  }
}
