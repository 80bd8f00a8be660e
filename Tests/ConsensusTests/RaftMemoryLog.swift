import Consensus
import Primitives

/// The least log that lets one node be driven by hand: a record a batch, no snapshots, a disk that can be broken.
struct RaftMemoryLog: RaftLog {
  private var epochs: [LeaderEpoch] = []
  var isBroken = false
  private(set) var flushedOffset = Offset.zero

  var startOffset: Offset { .zero }
  var startEpoch: LeaderEpoch { .zero }
  var endOffset: Offset { Offset(Int64(epochs.count)) }
  var lastEpoch: LeaderEpoch { epochs.last ?? .zero }
  var latestSnapshot: SnapshotID? { nil }

  func endOffset(for epoch: LeaderEpoch) -> OffsetAndEpoch {
    let below = epochs.prefix { $0 <= epoch }
    return OffsetAndEpoch(offset: Offset(Int64(below.count)), epoch: below.last ?? .zero)
  }

  mutating func append(_ batch: ArraySlice<UInt8>, epoch: LeaderEpoch) throws(RaftLogError) -> Offset {
    epochs.append(epoch)
    return endOffset
  }

  mutating func appendLeaderChange(_ change: LeaderChange, epoch: LeaderEpoch) throws(RaftLogError) -> Offset {
    epochs.append(epoch)
    return endOffset
  }

  mutating func appendFetched(_ records: ArraySlice<UInt8>, leaderEpoch: LeaderEpoch) throws(RaftLogError) {
    for byte in records { epochs.append(LeaderEpoch(Int32(byte))) }
  }

  mutating func truncate(to offset: Offset) throws(RaftLogError) {
    epochs.removeLast(max(0, epochs.count - Int(offset.rawValue)))
    flushedOffset = min(flushedOffset, endOffset)
  }

  mutating func flush() throws(RaftLogError) {
    if isBroken { throw .storage("the disk is gone") }
    flushedOffset = endOffset
  }

  func read(from offset: Offset, maxBytes: Int) throws(RaftLogError) -> [UInt8] {
    epochs.dropFirst(Int(offset.rawValue)).prefix(max(1, maxBytes)).map { UInt8(truncatingIfNeeded: $0.rawValue) }
  }

  func snapshotSize(_ id: SnapshotID) -> Int64? { nil }
  func readSnapshot(_ id: SnapshotID, position: Int64, maxBytes: Int) throws(RaftLogError) -> [UInt8] { [] }
  mutating func writeSnapshot(_ id: SnapshotID, position: Int64, bytes: ArraySlice<UInt8>) throws(RaftLogError) {
    throw .corrupt("no snapshots here")
  }
  mutating func installSnapshot(_ id: SnapshotID) throws(RaftLogError) { throw .corrupt("no snapshots here") }
  mutating func deletePrefix(before offset: Offset) throws(RaftLogError) {}
}
