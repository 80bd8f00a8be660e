import Primitives
import Records

extension PartitionLog {
  /// Keeps, in closed segments below `upTo`, the last value of each key; offsets stay as they are.
  ///
  /// Tombstones stay for `delete.retention.ms` after the pass that first sees them (KIP-534). Records of aborted
  /// transactions go; control batches stay, and so does the empty shell of a producer's last batch, since its sequence
  /// is still needed. Neighbouring segments that became small are joined.
  ///
  /// - Parameter upTo: the high watermark; an open transaction is a limit of its own.
  /// - Returns: the bytes saved.
  public func compact(now: Int64, upTo: Offset) throws(LogError) -> Int {
    try checkUsable()
    let limit = min(upTo, producers.firstOpenTransactionOffset ?? upTo)
    var closed = 0
    while closed + 1 < segments.count, segments[closed + 1].baseOffset <= limit {
      // The first segment with a record that is too young is the first that stays, and all behind it.
      if config.minCompactionLagMs > 0, try segments[closed].largestTimestamp() > now &- config.minCompactionLagMs {
        break
      }
      closed += 1
    }
    guard closed > 0, try isWorthCompacting(segments[..<closed], now: now) else { return 0 }
    let candidates = Array(segments[..<closed])
    let cleaned = segments[closed].baseOffset
    let aborted = try abortedTransactions(from: .zero, to: Offset(.max))
    var cleaner = LogCleaner(now: now, deleteRetentionMs: config.deleteRetentionMs, aborted: aborted, log: self)
    for segment in candidates { try cleaner.readKeys(of: segment) }

    let before = sizeInBytes
    var group: [LogSegment] = []
    var bytes: [UInt8] = []
    for segment in candidates {
      let cleaned = try cleaner.cleaned(segment)
      let spansTooFar = group.first.map { segments[closed].baseOffset - $0.baseOffset > Int64(Int32.max) } ?? false
      if !group.isEmpty, bytes.count + cleaned.count > config.segmentBytes || spansTooFar {
        try replace(group, with: bytes, now: now)
        group.removeAll()
        bytes.removeAll()
      }
      group.append(segment)
      bytes += cleaned
    }
    try replace(group, with: bytes, now: now)
    cleanedUpTo = cleaned
    return before - sizeInBytes
  }

  /// Enough is new since the last pass, or something has waited for `max.compaction.lag.ms`.
  private func isWorthCompacting(_ closed: ArraySlice<LogSegment>, now: Int64) throws(LogError) -> Bool {
    // A log that was cut below what was cleaned has new records there.
    cleanedUpTo = min(cleanedUpTo, logEndOffset)
    guard let first = closed.firstIndex(where: { $0.baseOffset >= cleanedUpTo && $0.size > 0 }) else { return false }
    let all = closed.reduce(0) { $0 + $1.size }
    let dirty = closed[first...].reduce(0) { $0 + $1.size }
    if Double(dirty) >= config.minCleanableDirtyRatio * Double(all) { return true }
    guard config.maxCompactionLagMs < .max else { return false }
    let oldest = try closed[first].timestampOfFirstBatch() ?? closed[first].created
    return now &- oldest > config.maxCompactionLagMs
  }

  /// Puts one segment in the place of several. The new log is durable under `.swap` before an old file goes.
  private func replace(_ group: [LogSegment], with bytes: [UInt8], now: Int64) throws(LogError) {
    guard let first = group.first, let index = segments.firstIndex(where: { $0 === first }) else { return }
    if group.count == 1, bytes.count == first.size { return }
    var aborted: [AbortedTransaction] = []
    for segment in group { aborted += try segment.abortedTransactions() }
    truncations += 1
    try afterFailureStop { () throws(LogError) in
      let cleaned = first.path(".log.cleaned")
      let swap = first.path(".log.swap")
      let log = first.path(".log")
      let folder = directory
      try io { () throws(FileError) in
        let file = try fileSystem.open(cleaned, create: true)
        try file.truncate(to: 0)
        try file.write(bytes: bytes, at: 0)
        try file.sync()
        try fileSystem.rename(cleaned, to: swap)
        try fileSystem.syncDirectory(folder)
      }
      let snapshot =
        fileSystem.exists(first.snapshotPath)
        ? try io { () throws(FileError) in try fileSystem.contents(of: first.snapshotPath) } : nil
      for segment in group { try segment.delete() }
      try io { () throws(FileError) in
        try fileSystem.rename(swap, to: log)
        if let snapshot { try fileSystem.replace(first.snapshotPath, with: snapshot, durable: false) }
        try fileSystem.syncDirectory(folder)
      }
      let merged = try LogSegment(
        baseOffset: first.baseOffset, directory: directory, fileSystem: fileSystem, create: false, now: now)
      try merged.loadedIndexes()
      for row in aborted { try merged.append(row) }
      try merged.sealIndexes()
      try merged.writeIndexes(durable: true)
      segments.replaceSubrange(index..<index + group.count, with: [merged])
    }
  }
}

/// What one pass of compaction knows: the last offset of each key.
private struct LogCleaner {
  let now: Int64
  let deleteRetentionMs: Int64
  let aborted: [AbortedTransaction]
  let log: PartitionLog
  private var latest: [[UInt8]: Offset] = [:]

  init(now: Int64, deleteRetentionMs: Int64, aborted: [AbortedTransaction], log: PartitionLog) {
    self.now = now
    self.deleteRetentionMs = deleteRetentionMs
    self.aborted = aborted
    self.log = log
  }

  mutating func readKeys(of segment: LogSegment) throws(LogError) {
    var found: [[UInt8]: Offset] = [:]
    try forEachBatch(of: segment) { (header, batch, position) throws(RecordError) in
      guard !header.isControl, !isAborted(header) else { return }
      var records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
      while let record = try records.next() {
        if let key = record.key { found[Array(key)] = record.offset }
      }
    }
    latest.merge(found) { max($0, $1) }
  }

  /// The bytes that the segment keeps.
  func cleaned(_ segment: LogSegment) throws(LogError) -> [UInt8] {
    var output: [UInt8] = []
    try forEachBatch(of: segment) { (header, batch, position) throws(RecordError) in
      try clean(header, batch, into: &output)
    }
    return output
  }

  private func clean(
    _ header: RecordBatchHeader, _ batch: UnsafeRawBufferPointer, into output: inout [UInt8]
  ) throws(RecordError) {
    if header.isControl {
      output.append(contentsOf: batch)
      return
    }
    let horizon = header.hasDeleteHorizon ? header.baseTimestamp : nil
    var builder = RecordBatchBuilder(
      baseOffset: header.baseOffset, leaderEpoch: header.leaderEpoch, codec: header.codec ?? .none,
      producerID: header.producerID, producerEpoch: header.producerEpoch, baseSequence: header.baseSequence,
      isTransactional: header.isTransactional)
    var keepsTombstone = false
    var kept: [Int32] = []
    let isGone = isAborted(header)
    var records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
    while let record = try records.next() {
      guard !isGone, let key = record.key, latest[Array(key)].map({ $0 <= record.offset }) ?? true else { continue }
      if record.value == nil {
        if let horizon, now >= horizon { continue }
        keepsTombstone = true
      }
      kept.append(record.offsetDelta)
    }
    let newHorizon = keepsTombstone ? horizon ?? now &+ deleteRetentionMs : nil
    if kept.count == Int(header.recordCount), newHorizon == horizon {
      output.append(contentsOf: batch)
      return
    }
    if kept.isEmpty {
      let isLastOfProducer =
        header.hasProducerID && log.producers.producer(header.producerID)?.lastOffset == header.lastOffset
      guard isLastOfProducer else { return }
    }
    builder.deleteHorizon = newHorizon
    builder.appendTime = header.isLogAppendTime ? header.maxTimestamp : nil
    var next = 0
    records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
    while let record = try records.next(), next < kept.count {
      guard record.offsetDelta == kept[next] else { continue }
      builder.append(copying: record, offsetDelta: record.offsetDelta)
      next += 1
    }
    output += try builder.build(lastOffsetDelta: header.lastOffsetDelta)
  }

  private func isAborted(_ header: RecordBatchHeader) -> Bool {
    header.isTransactional
      && aborted.contains {
        $0.producerID == header.producerID && $0.firstOffset <= header.baseOffset && $0.lastOffset >= header.lastOffset
      }
  }

  private func forEachBatch(
    of segment: LogSegment, _ body: (RecordBatchHeader, UnsafeRawBufferPointer, Int) throws(RecordError) -> Void
  ) throws(LogError) {
    let reader = BatchReader(segment.file)
    var position = 0
    while let header = try reader.header(at: position, end: segment.size) {
      let bytes = try reader.batch(header, at: position)
      var failure: RecordError?
      bytes.withUnsafeBytes { batch in
        do throws(RecordError) { try body(header, batch, position) } catch { failure = error }
      }
      if let failure {
        throw .damaged(segment: segment.baseOffset.rawValue, position: position, reason: failure.message)
      }
      position += header.totalSize
    }
  }
}
