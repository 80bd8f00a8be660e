import Primitives
import Records

/// One partition's log on disk, in Kafka's files: segments with their indexes, leader epochs, producer state.
///
/// Owned by one thread; every call is synchronous and appends only to the page cache: call ``flush()`` where durability
/// is promised. After a ``LogError/file(_:)`` from a write or a sync the log refuses every change: it must be closed
/// and opened anew. The exception is a full disk on append: the bytes are taken back and the log goes on.
public final class PartitionLog {
  public let directory: String
  public var config: LogConfig
  /// The first offset that readers may ask for.
  public internal(set) var logStartOffset: Offset
  /// The offset that the next record gets.
  public internal(set) var logEndOffset: Offset
  /// Everything below is durable. Goes back on truncation: then write the checkpoint before the next append.
  public internal(set) var recoveryPoint: Offset
  public internal(set) var epochs: EpochCache
  public internal(set) var producers: ProducerStateTable
  /// Compaction has seen everything below; kept in `cleaner-offset-checkpoint`, where 0 only costs another pass.
  public var cleanedUpTo = Offset.zero
  /// Bytes that were read and verified when the log was opened; 0 after a clean stop.
  public internal(set) var recoveredBytes = 0
  /// A write or sync failed; see the type's description.
  public internal(set) var hasFailed = false

  let fileSystem: any FileSystem
  var segments: [LogSegment]
  var recent = RecentBatches()
  /// The epochs' file may not be durable.
  var areEpochsDirty = false
  /// The epochs' file lacks epochs that began since it was written: a scan from the recovery point finds them again.
  var areEpochsUnwritten = false
  var isDirectoryDirty = false
  /// Something since the last flush may not be durable yet.
  var isDirty = true
  /// It was found as a stop in order had left it.
  var wasClosedClean = false
  /// A flush in the background is under way.
  public internal(set) var isFlushing = false
  /// Where the log was cut since everything was durable, if it was. A loss of power may bring back what lay behind: a
  /// high watermark that is kept for the next start must not be higher.
  public internal(set) var unflushedCut: Offset?
  /// How often the log was cut, emptied or cleaned: a flush that began before says nothing about what is there now.
  var truncations = 0

  init(
    directory: String, config: LogConfig, fileSystem: any FileSystem, segments: [LogSegment], logStartOffset: Offset,
    logEndOffset: Offset, recoveryPoint: Offset, epochs: EpochCache, producers: ProducerStateTable
  ) {
    self.directory = directory
    self.config = config
    self.fileSystem = fileSystem
    self.segments = segments
    self.logStartOffset = logStartOffset
    self.logEndOffset = logEndOffset
    self.recoveryPoint = recoveryPoint
    self.epochs = epochs
    self.producers = producers
  }

  /// Bytes of all `.log` files.
  public var sizeInBytes: Int { segments.reduce(0) { $0 + $1.size } }
  /// Base offsets of the segments, ascending; the last one is appended to.
  public var segmentBaseOffsets: [Offset] { segments.map(\.baseOffset) }
  /// The epoch of the newest entry of the epoch cache.
  public var latestEpoch: LeaderEpoch? { epochs.latest }

  /// The largest epoch at most `epoch` and its end; nil when it cannot be told.
  public func endOffset(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)? {
    epochs.endOffset(for: epoch, logEndOffset: logEndOffset)
  }

  /// What read_committed consumers may read up to.
  public func lastStableOffset(highWatermark: Offset) -> Offset {
    min(highWatermark, producers.firstUnstableOffset(highWatermark: highWatermark) ?? highWatermark)
  }

  /// Forgets ended transactions whose markers are replicated, and with time producers that fell silent.
  public func advance(highWatermark: Offset) { producers.advance(highWatermark: highWatermark) }
  public func expireProducers(now: Int64) { producers.expire(now: now, expiration: config.producerIDExpirationMs) }

  var active: LogSegment { segments[segments.count - 1] }

  // MARK: Appending

  /// A leader's append: stamps offsets and `leaderEpoch` into the batches and writes them in one call.
  ///
  /// - Parameters:
  ///   - batches: one or more whole batches that were validated; changed in place.
  ///   - now: wall clock in milliseconds since 1970.
  /// - Throws: ``LogError/invalidBatch(_:)`` when the bytes are not whole batches; nothing is written then.
  public func append(
    _ batches: UnsafeMutableRawBufferPointer, leaderEpoch: LeaderEpoch, now: Int64
  ) throws(LogError) -> AppendResult {
    guard let base = batches.baseAddress else { throw .invalidBatch("no batch") }
    var position = 0
    var next = logEndOffset
    while position < batches.count {
      let header = try Self.headerForAppend(UnsafeRawBufferPointer(batches), at: position)
      RecordBatch.stamp(base + position, baseOffset: next, leaderEpoch: leaderEpoch)
      if config.stampsAppendTime, !header.isControl {
        RecordBatch.stampAppendTime(
          UnsafeMutableRawBufferPointer(start: base + position, count: header.totalSize), timestamp: now)
      }
      next = next + Int64(header.lastOffsetDelta) + 1
      position += header.totalSize
    }
    var result = try write(UnsafeRawBufferPointer(batches), lastOffset: next - 1, now: now)
    if config.stampsAppendTime { result.appendTime = now }
    return result
  }

  /// A follower's append: batches as the leader has them, whose checksums are verified here.
  ///
  /// - Throws: ``LogError/unexpectedOffset(first:expected:)`` when the first batch begins before the log's end. Gaps
  ///   are allowed: a compacted leader has them.
  public func appendAsFollower(_ batches: UnsafeRawBufferPointer, now: Int64) throws(LogError) -> AppendResult {
    var position = 0
    var next = logEndOffset
    while position < batches.count {
      let header = try Self.headerForAppend(batches, at: position)
      guard header.baseOffset >= next else {
        throw .unexpectedOffset(first: header.baseOffset.rawValue, expected: next.rawValue)
      }
      do {
        try RecordBatch.verifyChecksum(UnsafeRawBufferPointer(rebasing: batches[position...]), header: header)
      } catch { throw .invalidBatch(error.message) }
      next = header.nextOffset
      position += header.totalSize
    }
    guard position > 0 else { throw .invalidBatch("no batch") }
    return try write(batches, lastOffset: next - 1, now: now)
  }

  /// A new leader's first act: notes that `epoch` begins at the log's end.
  ///
  /// In memory: a broker that takes over hundreds of partitions must not replace hundreds of files first. The file is
  /// written before the recovery point moves beyond the epoch's start, and a scan finds what lies behind that point.
  public func beginEpoch(_ epoch: LeaderEpoch) throws(LogError) {
    try checkUsable()
    if epochs.assign(epoch, startOffset: logEndOffset) { areEpochsUnwritten = true }
  }

  private static func headerForAppend(
    _ bytes: UnsafeRawBufferPointer, at position: Int
  ) throws(LogError) -> RecordBatchHeader {
    let header: RecordBatchHeader
    do {
      header = try RecordBatch.checkedHeader(UnsafeRawBufferPointer(rebasing: bytes[position...]))
    } catch { throw .invalidBatch(error.message) }
    guard header.lastOffsetDelta >= 0 else { throw .invalidBatch("negative last offset delta") }
    return header
  }

  private func write(
    _ bytes: UnsafeRawBufferPointer, lastOffset: Offset, now: Int64
  ) throws(LogError) -> AppendResult {
    try checkUsable()
    guard let base = bytes.baseAddress, bytes.count > 0 else { throw .invalidBatch("no batch") }
    let first = RecordBatchHeader.read(at: base)
    try rollIfNeeded(
      bytes: bytes.count, firstOffset: first.baseOffset, lastOffset: lastOffset, timestamp: first.maxTimestamp, now: now
    )
    let segment = active
    let start = segment.size
    isDirty = true
    do {
      try segment.append(bytes)
    } catch {
      try takeBack(segment, size: start, after: error)
    }
    var result = AppendResult(
      baseOffset: first.baseOffset, lastOffset: lastOffset, appendTime: -1, maxTimestamp: first.maxTimestamp)
    var position = 0
    while position < bytes.count {
      let header = RecordBatchHeader.read(at: base + position)
      try afterFailureStop { () throws(LogError) in
        try segment.index(header, at: start + position, interval: config.indexIntervalBytes)
      }
      recent.append(header, position: start + position)
      if epochs.latest != header.leaderEpoch, epochs.assign(header.leaderEpoch, startOffset: header.baseOffset) {
        areEpochsUnwritten = true
      }
      if header.hasProducerID {
        let batch = UnsafeRawBufferPointer(rebasing: bytes[position..<position + header.totalSize])
        try afterFailureStop { () throws(LogError) in try noteProducer(header, batch: batch, segment: segment) }
      }
      result.maxTimestamp = max(result.maxTimestamp, header.maxTimestamp)
      position += header.totalSize
    }
    logEndOffset = lastOffset + 1
    return result
  }

  /// A write failed half-way: take its bytes back when the disk is merely full, else give up.
  private func takeBack(_ segment: LogSegment, size: Int, after failure: LogError) throws(LogError) -> Never {
    let log = segment.file
    var isTakenBack = false
    if case .file(let error) = failure, error.kind == .noSpace {
      do {
        try log.truncate(to: size)
        isTakenBack = true
      } catch {}
    }
    hasFailed = !isTakenBack
    throw failure
  }

  /// Enters a batch of a producer into the table, and an abort into the transaction index.
  func noteProducer(
    _ header: RecordBatchHeader, batch: UnsafeRawBufferPointer, segment: LogSegment, isIndexed: Bool = true
  ) throws(LogError) {
    guard header.isControl else { return producers.update(header) }
    let marker: EndTransactionMarker?
    do { marker = try EndTransactionMarker.read(batch: batch) } catch { throw .invalidBatch(error.message) }
    guard let marker, let ended = producers.complete(header, marker: marker), ended.isAborted, isIndexed else { return }
    try segment.append(
      AbortedTransaction(
        producerID: ended.producerID, firstOffset: ended.firstOffset, lastOffset: ended.lastOffset,
        lastStableOffset: producers.lastStableOffset(ending: ended)))
  }

  // MARK: Rolling

  private func rollIfNeeded(
    bytes: Int, firstOffset: Offset, lastOffset: Offset, timestamp: Int64, now: Int64
  ) throws(LogError) {
    let segment = active
    guard segment.size > 0 else {
      if lastOffset - segment.baseOffset > Int64(Int32.max) { try roll(at: firstOffset, now: now) }
      return
    }
    let waited =
      if let first = segment.firstTimestamp, first >= 0, timestamp >= 0 { timestamp &- first } else {
        now &- segment.created
      }
    if segment.size + bytes > min(config.segmentBytes, Int(Int32.max)) || waited > longestSegmentMs(segment.baseOffset)
      || segment.isFull(indexBytes: config.segmentIndexBytes)
      || lastOffset - segment.baseOffset > Int64(Int32.max)
    {
      try roll(at: firstOffset, now: now)
    }
  }

  /// `segment.ms`, not longer than `max.compaction.lag.ms` where that matters, less a jitter that is the segment's own.
  private func longestSegmentMs(_ base: Offset) -> Int64 {
    let most = config.compacts ? min(config.segmentMs, config.maxCompactionLagMs) : config.segmentMs
    let range = min(config.segmentJitterMs, most)
    guard range > 0 else { return most }
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in directory.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    hash = (hash ^ UInt64(bitPattern: base.rawValue)) &* 0x100_0000_01b3
    return most - Int64(hash % UInt64(range))
  }

  /// Ends the active segment and begins one at `offset` (at least the log's end), with a producer snapshot.
  func roll(at offset: Offset, now: Int64) throws(LogError) {
    let old = active
    guard offset > old.baseOffset || old.size > 0 else { return }
    isDirty = true
    try afterFailureStop { () throws(LogError) in
      try old.sealIndexes()
      if old.size == 0 {
        segments.removeLast()
        try old.delete()
      }
      // A crash must not leave a segment whose predecessor is not in the directory: the log would seem to begin there.
      if isDirectoryDirty || isFlushing {
        let path = directory
        try io { () throws(FileError) in try fileSystem.syncDirectory(path) }
      }
      try writeSnapshot(at: offset)
      segments.append(
        try LogSegment(baseOffset: offset, directory: directory, fileSystem: fileSystem, create: true, now: now))
      isDirectoryDirty = true
    }
    recent.removeAll()
  }

  // MARK: Durability

  /// Something may not be durable yet; what a sync in the background has taken on counts until that has ended.
  var hasUnsynced: Bool {
    isDirty || areEpochsDirty || areEpochsUnwritten || isDirectoryDirty || isFlushing || recoveryPoint < logEndOffset
  }

  /// Ends the log's use; when `clean`, flushes and leaves a producer snapshot and full indexes.
  public func close(clean: Bool) throws(LogError) {
    guard clean else { return }
    try checkUsable()
    if wasClosedClean, !hasUnsynced { return }
    if logEndOffset == .zero, active.size == 0 {
      // Nothing that could be lost: the next start finds an empty log, with or without the epochs that began in it.
      return try writeEpochs(durable: false)
    }
    try active.sealIndexes()
    isDirty = true
    if logEndOffset > .zero { try writeSnapshot(at: logEndOffset) }
    try writeEpochs(durable: false)
    try flush()
  }

  /// Removes all files and the folder.
  public func delete() throws(LogError) {
    segments.removeAll()
    hasFailed = true
    let path = directory
    try io { () throws(FileError) in
      for name in try fileSystem.list(path) { try fileSystem.unlink(path + "/" + name) }
      try fileSystem.removeDirectory(path)
    }
  }

  func writeSnapshot(at offset: Offset) throws(LogError) {
    let bytes = producers.snapshot()
    let path = directory + "/" + LogSegment.name(offset) + ".snapshot"
    try io { () throws(FileError) in try fileSystem.replace(path, with: bytes, durable: false) }
    isDirectoryDirty = true
  }

  /// Not durable by itself: what an unclean stop loses of it lies behind the recovery point and is found there again.
  func writeEpochs(durable: Bool) throws(LogError) {
    let text = Array(epochs.checkpoint.utf8)
    let path = directory + "/leader-epoch-checkpoint"
    try afterFailureStop { () throws(LogError) in
      try io { () throws(FileError) in try fileSystem.replace(path, with: text, durable: durable) }
    }
    areEpochsDirty = !durable
    areEpochsUnwritten = false
  }

  func checkUsable() throws(LogError) {
    if hasFailed { throw .failed }
  }

  /// Runs a change of which nobody knows, when it fails, how far it came.
  func afterFailureStop(_ body: () throws(LogError) -> Void) throws(LogError) {
    do { try body() } catch {
      hasFailed = true
      throw error
    }
  }
}

/// Where the last batches of the active segment begin: reads at the tail need no index and no scan.
struct RecentBatches {
  struct Entry {
    var baseOffset: Offset
    var lastOffset: Offset
    var position: Int
  }

  private static let capacity = 64
  private(set) var entries: [Entry] = []

  mutating func append(_ header: RecordBatchHeader, position: Int) {
    if entries.count == Self.capacity { entries.removeFirst(Self.capacity / 2) }
    entries.append(Entry(baseOffset: header.baseOffset, lastOffset: header.lastOffset, position: position))
  }

  mutating func removeAll() { entries.removeAll(keepingCapacity: true) }

  /// The first batch whose last offset is at least `offset`; nil when that may lie before what is remembered, or after.
  func find(_ offset: Offset) -> Entry? {
    guard let first = entries.first, first.baseOffset <= offset else { return nil }
    let index = partition { $0.lastOffset >= offset }
    return index < entries.count ? entries[index] : nil
  }

  /// The last remembered boundary that is at most `limit`.
  func boundary(before limit: Int) -> Int? {
    let index = partition { $0.position > limit }
    return index == 0 ? nil : entries[index - 1].position
  }

  private func partition(by isAfter: (Entry) -> Bool) -> Int {
    var low = 0
    var high = entries.count
    while low < high {
      let middle = (low + high) / 2
      if isAfter(entries[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
