import Consensus
import Primitives

/// The quorum's log in memory, with the two images that a disk has: what was written, and what survives a crash.
///
/// A batch is one record of twenty bytes. Every record carries a hash of all before it, so that two logs can be
/// compared up to any offset by one number; that hash is the simulated state machine, too.
struct RaftSimulatedLog: RaftLog {
  struct Entry: Hashable {
    var epoch: LeaderEpoch
    var value: UInt64
    /// Hash of the log up to and with this record.
    var chain: UInt64
  }

  static let entryBytes = 20
  static let snapshotBytes = 150

  private(set) var entries: [Entry] = []
  private(set) var startOffset = Offset.zero
  private(set) var startEpoch = LeaderEpoch.zero
  private(set) var startChain: UInt64 = 0
  /// What `flush` claims.
  private(set) var flushedOffset = Offset.zero
  /// What a crash really leaves.
  private(set) var durableOffset = Offset.zero
  private(set) var latestSnapshot: SnapshotID?
  private(set) var snapshotChain: UInt64 = 0
  private var partial: (id: SnapshotID, bytes: [UInt8])?
  /// The lowest offset written since the checker last looked.
  var uncheckedFrom = Offset.zero
  private(set) var flushes = 0
  /// A planted fault: `flush` returns without having done anything.
  var ignoresFlush = false

  var endOffset: Offset { startOffset + Int64(entries.count) }
  var lastEpoch: LeaderEpoch { entries.last?.epoch ?? startEpoch }

  /// The hash of everything below `offset`; nil when that is not in the log.
  func chain(at offset: Offset) -> UInt64? {
    if offset == startOffset { return startChain }
    guard offset > startOffset, offset <= endOffset else { return nil }
    return entries[index(offset) - 1].chain
  }

  func entry(at offset: Offset) -> Entry? {
    guard offset >= startOffset, offset < endOffset else { return nil }
    return entries[index(offset)]
  }

  /// The epoch of the last record below `offset`.
  func epoch(before offset: Offset) -> LeaderEpoch {
    offset > startOffset ? entries[index(offset) - 1].epoch : startEpoch
  }

  private func index(_ offset: Offset) -> Int { Int(offset - startOffset) }

  func endOffset(for epoch: LeaderEpoch) -> OffsetAndEpoch {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].epoch <= epoch { low = middle + 1 } else { high = middle }
    }
    if low == 0 { return OffsetAndEpoch(offset: startOffset, epoch: startEpoch) }
    return OffsetAndEpoch(offset: startOffset + Int64(low), epoch: entries[low - 1].epoch)
  }

  static func extend(_ chain: UInt64, epoch: LeaderEpoch, value: UInt64) -> UInt64 {
    var source = RandomSource(seed: chain ^ (UInt64(UInt32(bitPattern: epoch.rawValue)) &* 0x9e37_79b9) ^ value)
    return source.next()
  }

  private mutating func push(_ value: UInt64, _ epoch: LeaderEpoch) {
    let chain = entries.last?.chain ?? startChain
    entries.append(Entry(epoch: epoch, value: value, chain: Self.extend(chain, epoch: epoch, value: value)))
  }

  mutating func append(_ batch: ArraySlice<UInt8>, epoch: LeaderEpoch) throws(RaftLogError) -> Offset {
    guard batch.count == 8 else { throw .corrupt("a proposal is eight bytes, not \(batch.count)") }
    push(batch.reduce(0) { $0 << 8 | UInt64($1) }, epoch)
    return endOffset
  }

  mutating func appendLeaderChange(_ change: LeaderChange, epoch: LeaderEpoch) throws(RaftLogError) -> Offset {
    push(UInt64(1) << 63 | UInt64(UInt32(bitPattern: change.leader.id.rawValue)), epoch)
    return endOffset
  }

  mutating func appendFetched(_ records: ArraySlice<UInt8>, leaderEpoch: LeaderEpoch) throws(RaftLogError) {
    var rest = records
    while !rest.isEmpty {
      guard rest.count >= Self.entryBytes else { throw .corrupt("a batch is cut off") }
      let base = rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
      let epoch = LeaderEpoch(Int32(truncatingIfNeeded: rest.dropFirst(8).prefix(4).reduce(0) { $0 << 8 | UInt64($1) }))
      let value = rest.dropFirst(12).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
      guard base == UInt64(bitPattern: endOffset.rawValue), epoch >= lastEpoch, epoch <= leaderEpoch else {
        throw .corrupt("batch \(base) of epoch \(epoch) does not continue \(end)")
      }
      push(value, epoch)
      rest = rest.dropFirst(Self.entryBytes)
    }
  }

  mutating func truncate(to offset: Offset) throws(RaftLogError) {
    entries.removeLast(max(0, Int(endOffset - max(offset, startOffset))))
    flushedOffset = min(flushedOffset, endOffset)
    durableOffset = min(durableOffset, endOffset)
    uncheckedFrom = min(uncheckedFrom, endOffset)
  }

  mutating func flush() throws(RaftLogError) {
    flushes += 1
    flushedOffset = endOffset
    if !ignoresFlush { durableOffset = endOffset }
  }

  /// What an operating system does on its own from time to time.
  mutating func writeBack() { durableOffset = endOffset }

  /// Loses a part of what was not flushed.
  mutating func crash(_ random: inout RandomSource) -> Int {
    let lost = Int(Int64.random(in: 0...(endOffset - durableOffset), using: &random))
    entries.removeLast(lost)
    uncheckedFrom = min(uncheckedFrom, endOffset)
    flushedOffset = durableOffset
    partial = nil
    return lost
  }

  func read(from offset: Offset, maxBytes: Int) throws(RaftLogError) -> [UInt8] {
    guard offset >= startOffset, offset < endOffset else { return [] }
    let first = index(offset)
    let count = min(entries.count - first, max(1, maxBytes / Self.entryBytes))
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count * Self.entryBytes)
    for position in first..<(first + count) {
      Self.put(UInt64(bitPattern: startOffset.rawValue) + UInt64(position), 8, &bytes)
      Self.put(UInt64(UInt32(bitPattern: entries[position].epoch.rawValue)), 4, &bytes)
      Self.put(entries[position].value, 8, &bytes)
    }
    return bytes
  }

  private static func put(_ value: UInt64, _ width: UInt64, _ bytes: inout [UInt8]) {
    for place in (0..<width).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> (place * 8))) }
  }
}

extension RaftSimulatedLog {
  /// The shell's work: a complete, synced snapshot of the committed state below `offset`.
  mutating func createSnapshot(at offset: Offset) -> SnapshotID? {
    guard let chain = chain(at: offset), offset > (latestSnapshot?.offset ?? .zero) else { return nil }
    let id = SnapshotID(offset: offset, epoch: epoch(before: offset))
    latestSnapshot = id
    snapshotChain = chain
    return id
  }

  func snapshotSize(_ id: SnapshotID) -> Int64? { id == latestSnapshot ? Int64(Self.snapshotBytes) : nil }

  func readSnapshot(_ id: SnapshotID, position: Int64, maxBytes: Int) throws(RaftLogError) -> [UInt8] {
    Array(Self.content(snapshotChain).dropFirst(Int(position)).prefix(maxBytes))
  }

  private static func content(_ chain: UInt64) -> [UInt8] {
    var bytes: [UInt8] = []
    put(chain, 8, &bytes)
    var filling = RandomSource(seed: chain)
    while bytes.count < snapshotBytes { bytes.append(UInt8(truncatingIfNeeded: filling.next())) }
    return bytes
  }

  mutating func writeSnapshot(_ id: SnapshotID, position: Int64, bytes: ArraySlice<UInt8>) throws(RaftLogError) {
    if position == 0 { partial = (id, []) }
    guard let current = partial, current.id == id, current.bytes.count == Int(position) else {
      throw .corrupt("snapshot \(id) has a hole at \(position)")
    }
    partial = (id, current.bytes + bytes)
  }

  mutating func installSnapshot(_ id: SnapshotID) throws(RaftLogError) {
    guard let whole = partial, whole.id == id else { throw .corrupt("snapshot \(id) is not there") }
    partial = nil
    let chain = whole.bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    guard whole.bytes == Self.content(chain) else { throw .corrupt("snapshot \(id) is damaged") }
    entries = []
    (startOffset, startEpoch, startChain) = (id.offset, id.epoch, chain)
    (flushedOffset, durableOffset, uncheckedFrom) = (id.offset, id.offset, id.offset)
    (latestSnapshot, snapshotChain) = (id, chain)
  }

  mutating func deletePrefix(before offset: Offset) throws(RaftLogError) {
    guard offset > startOffset, offset <= endOffset, let chain = chain(at: offset) else { return }
    startEpoch = epoch(before: offset)
    entries.removeFirst(Int(offset - startOffset))
    (startOffset, startChain) = (offset, chain)
    uncheckedFrom = max(uncheckedFrom, offset)
  }
}
