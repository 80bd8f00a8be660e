import Primitives
import Replication

/// A replica's log in memory, with a page cache: what was not written back may be lost with it.
struct ReplicationSimulatedLog: ReplicaLog {
  struct Record: Hashable {
    var value: UInt64
    var epoch: LeaderEpoch
  }

  struct EpochStart: Hashable {
    var epoch: LeaderEpoch
    var start: Offset
  }

  private(set) var records: [Record] = []
  /// `chains[n]` stands for the first n records: equal for equal prefixes.
  private var chains: [UInt64] = [0xcbf2_9ce4_8422_2325]
  private(set) var epochs: [EpochStart] = []
  /// Everything below is on the disk.
  private(set) var syncedEnd = Offset.zero
  /// A record was appended whose epoch is below that of the one before.
  private(set) var isDisordered = false
  var flaws: ReplicationFlaws = []

  var logStartOffset: Offset { .zero }
  var logEndOffset: Offset { Offset(Int64(records.count)) }
  var latestEpoch: LeaderEpoch? { epochs.last?.epoch }

  func endOffset(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)? {
    guard let last = epochs.last, epoch <= last.epoch else { return nil }
    if epoch == last.epoch { return (epoch, logEndOffset) }
    guard let next = epochs.firstIndex(where: { $0.epoch > epoch }) else { return nil }
    return next == 0 ? (epoch, epochs[0].start) : (epochs[next - 1].epoch, epochs[next].start)
  }

  /// Nil when the log does not reach as far.
  func chain(at end: Offset) -> UInt64? {
    guard end >= .zero, end <= logEndOffset else { return nil }
    return chains[Int(end.rawValue)]
  }

  func records(from start: Offset, upTo end: Offset) -> ArraySlice<Record> {
    guard start >= .zero, start < end, start < logEndOffset else { return [] }
    return records[Int(start.rawValue)..<Int(min(end, logEndOffset).rawValue)]
  }

  mutating func append(_ record: Record) {
    if let last = records.last, last.epoch > record.epoch { isDisordered = true }
    if latestEpoch.map({ $0 < record.epoch }) ?? true { note(record.epoch) }
    var chain = (chains[records.count] ^ record.value) &* 0x100_0000_01b3
    chain = (chain ^ UInt64(UInt32(bitPattern: record.epoch.rawValue))) &* 0x100_0000_01b3
    chains.append(chain ^ (chain >> 29))
    records.append(record)
  }

  mutating func beginEpoch(_ epoch: LeaderEpoch) throws(ReplicaLogFailure) {
    if let latest = latestEpoch, latest >= epoch { throw ReplicaLogFailure("epoch \(epoch) after \(latest)") }
    if !flaws.contains(.beginsNoEpoch) { note(epoch) }
  }

  mutating func truncate(to offset: Offset) throws(ReplicaLogFailure) {
    let count = Int(max(offset, .zero).rawValue)
    if count < records.count {
      records.removeLast(records.count - count)
      chains.removeLast(chains.count - count - 1)
    } else if flaws.contains(.truncateKeepsEmptyEpoch) {
      return
    }
    syncedEnd = min(syncedEnd, logEndOffset)
    while let last = epochs.last, last.start >= offset { epochs.removeLast() }
  }

  mutating func truncateFully(startingAt offset: Offset) throws(ReplicaLogFailure) {
    throw ReplicaLogFailure("no leader of this simulation drops the start of its log")
  }

  mutating func advanceLogStart(to offset: Offset) throws(ReplicaLogFailure) {
    throw ReplicaLogFailure("no leader of this simulation drops the start of its log")
  }

  private mutating func note(_ epoch: LeaderEpoch) {
    while let last = epochs.last, last.start >= logEndOffset { epochs.removeLast() }
    epochs.append(EpochStart(epoch: epoch, start: logEndOffset))
  }

  // MARK: the disk

  mutating func writeBack(upTo end: Offset) { syncedEnd = max(syncedEnd, min(end, logEndOffset)) }

  /// The machine died: from `end` on, not below what was written back, all is lost. Returns how many records.
  mutating func lose(from end: Offset) -> Int {
    let kept = Int(max(end, syncedEnd).rawValue)
    let lost = max(0, records.count - kept)
    records.removeLast(lost)
    chains.removeLast(lost)
    reopen()
    return lost
  }

  /// What opening the log does: an epoch without records is forgotten.
  mutating func reopen() {
    while let last = epochs.last, last.start >= logEndOffset { epochs.removeLast() }
  }
}
