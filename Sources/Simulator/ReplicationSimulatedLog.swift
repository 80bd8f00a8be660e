import CommitLog
import Primitives
import Records
import Replication

/// A replica's log: the real `PartitionLog` on a disk in memory, and beside it what it is known to hold.
///
/// The broker has the real one alone. The other account, made from the same appends and cuts, is the checker's: it knows
/// a hash of every prefix, and what a replay would remember of each producer.
final class ReplicationSimulatedLog: ReplicaLog {
  struct Record: Hashable {
    var value: UInt64
    var epoch: LeaderEpoch
  }

  /// A batch of consecutive values.
  struct Batch: Hashable {
    var base: Offset
    var count: Int
    var producer: ProducerID
    var producerEpoch: Int16
    var sequence: Int32
    var end: Offset { base + Int64(count) }
    var lastSequence: Int32 { sequence + Int32(count) - 1 }
  }

  let disk = MemoryFileSystem()
  let config: LogConfig
  var flaws: ReplicationFlaws = []
  /// Nil before the first start and after a failure.
  var real: PartitionLog?
  /// What the recovery point's checkpoint says.
  var storedRecoveryPoint = Offset.zero
  /// The first thing that the real log and the other account disagree about.
  private(set) var violation: String?

  private(set) var records: [Record] = []
  private(set) var batches: [Batch] = []
  /// `chains[n]` stands for the first n records: equal for equal prefixes.
  private var chains: [UInt64] = [0xcbf2_9ce4_8422_2325]
  /// All prefixes that ever were.
  private(set) var knownChains: Set<UInt64> = [0xcbf2_9ce4_8422_2325]
  /// A record was appended whose epoch is below that of the one before.
  private(set) var isDisordered = false
  var history = ReplicationProducerHistory()
  private var producersAtDeath = ProducerStateTable()
  /// Stands in for the real table when a flaw is planted.
  var flawedProducers: ProducerStateTable?

  init(segmentBytes: Int) {
    var config = LogConfig()
    config.segmentBytes = segmentBytes
    config.retentionMs = -1
    config.producerIDExpirationMs = .max
    self.config = config
  }

  var producers: ProducerStateTable { flawedProducers ?? real?.producers ?? ProducerStateTable() }
  var logStartOffset: Offset { real?.logStartOffset ?? .zero }
  /// Of the last process while there is none.
  var logEndOffset: Offset { real?.logEndOffset ?? Offset(Int64(records.count)) }
  var latestEpoch: LeaderEpoch? { real?.latestEpoch }
  var epochs: [EpochCache.Entry] { real?.epochs.entries ?? [] }

  func endOffset(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)? { real?.endOffset(for: epoch) }

  func broken(_ text: @autoclosure () -> String) {
    if violation == nil { violation = text() }
  }

  /// Nil when the log does not reach as far.
  func chain(at end: Offset) -> UInt64? {
    guard end >= .zero, end.rawValue < chains.count else { return nil }
    return chains[Int(end.rawValue)]
  }

  func records(from start: Offset, upTo end: Offset) -> ArraySlice<Record> {
    let last = min(Int(end.rawValue), records.count)
    guard start >= .zero, Int(start.rawValue) < last else { return [] }
    return records[Int(start.rawValue)..<last]
  }

  /// The batches whose first record is in the range.
  func batches(from start: Offset, upTo end: Offset) -> ArraySlice<Batch> {
    let first = batches.partitionIndex { $0.base >= start }
    let last = batches.partitionIndex { $0.base >= end }
    return first < last ? batches[first..<last] : []
  }

  /// What the checkpoint may say, so that it is true whatever a crash leaves.
  func highWatermarkToStore(_ highWatermark: Offset) -> Offset {
    flaws.contains(.storesHighWatermarkOfTheCut)
      ? highWatermark : min(highWatermark, real?.unflushedCut ?? highWatermark)
  }

  /// The process is gone; the files are still there.
  func die() {
    producersAtDeath = producers
    flawedProducers = nil
    real = nil
  }

  /// What the process that died remembered.
  var staleProducers: ProducerStateTable { producersAtDeath }

  // MARK: what the core asks for

  func beginEpoch(_ epoch: LeaderEpoch) throws(ReplicaLogFailure) {
    guard !flaws.contains(.beginsNoEpoch) else { return }
    try run { log throws(LogError) in try log.beginEpoch(epoch) }
  }

  func truncate(to offset: Offset) throws(ReplicaLogFailure) {
    if offset >= logEndOffset, flaws.contains(.truncateKeepsEmptyEpoch) { return }
    if flaws.contains(.keepsProducersAtTruncation) { flawedProducers = producers }
    try run { log throws(LogError) in try log.truncate(to: offset) }
    storedRecoveryPoint = min(storedRecoveryPoint, real?.recoveryPoint ?? .zero)
    forget(from: logEndOffset)
    rebuildHistory()
  }

  func truncateFully(startingAt offset: Offset) throws(ReplicaLogFailure) {
    throw ReplicaLogFailure("no leader of this simulation drops the start of its log")
  }

  func advanceLogStart(to offset: Offset) throws(ReplicaLogFailure) {
    throw ReplicaLogFailure("no leader of this simulation drops the start of its log")
  }

  private func run(_ work: (PartitionLog) throws(LogError) -> Void) throws(ReplicaLogFailure) {
    guard let real else { throw ReplicaLogFailure("not open") }
    do throws(LogError) { try work(real) } catch { throw ReplicaLogFailure("\(error)") }
  }

  // MARK: the other account

  /// Enters batches as they stand in the log.
  func note(_ bytes: [UInt8], notesChains: Bool = true) {
    for (batch, values, epoch) in Self.parse(bytes) {
      guard batch.base.rawValue == records.count else {
        return broken("S1: a batch at \(batch.base), the log ended at \(records.count)")
      }
      for value in values {
        if let last = records.last, last.epoch > epoch { isDisordered = true }
        var chain = (chains[records.count] ^ value) &* 0x100_0000_01b3
        chain = (chain ^ UInt64(UInt32(bitPattern: epoch.rawValue))) &* 0x100_0000_01b3
        chains.append(chain ^ (chain >> 29))
        if notesChains { knownChains.insert(chain ^ (chain >> 29)) }
        records.append(Record(value: value, epoch: epoch))
      }
      batches.append(batch)
      history.append(batch)
    }
  }

  func forget(from end: Offset) {
    let kept = max(0, Int(end.rawValue))
    guard kept < records.count else { return }
    records.removeLast(records.count - kept)
    chains.removeLast(chains.count - kept - 1)
    while let last = batches.last, last.end > end { batches.removeLast() }
  }

  /// After the real table was made anew: what a replay gives, and how much of it a snapshot may have left out.
  func rebuildHistory() {
    history = ReplicationProducerHistory()
    for batch in batches { history.append(batch) }
    if let text = history.adopt(producers) { broken("P14: \(text)") }
  }
}

extension Array {
  /// The first index whose element satisfies `isAfter`, which holds for all behind it too.
  func partitionIndex(_ isAfter: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if isAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
