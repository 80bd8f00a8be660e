import Primitives
import Records

/// One segment: the `.log` file whose name is its base offset, and its indexes.
final class LogSegment {
  let baseOffset: Offset
  let file: any StoredFile
  private(set) var size: Int
  private let stem: String
  private let fileSystem: any FileSystem
  private var indexes: Indexes?
  private var bytesSinceIndexEntry = 0
  /// Times in milliseconds since 1970; the first batch's largest timestamp and when the segment was made.
  private(set) var firstTimestamp: Int64?
  let created: Int64
  private var transactions: [AbortedTransaction]?

  struct Indexes {
    let offsets: IndexFile<OffsetIndexEntry>
    let times: IndexFile<TimeIndexEntry>
    var largestTimestamp: Int64 = -1
    /// The last offset of the batch with the largest timestamp, relative to the base.
    var offsetOfLargest: Int32 = 0
  }

  init(
    baseOffset: Offset, directory: String, fileSystem: any FileSystem, create: Bool, now: Int64
  ) throws(LogError) {
    self.baseOffset = baseOffset
    self.fileSystem = fileSystem
    stem = directory + "/" + Self.name(baseOffset)
    created = now
    let path = stem + ".log"
    file = try io { () throws(FileError) in try fileSystem.open(path, create: create) }
    let opened = file
    size = try io { () throws(FileError) in try opened.size() }
    if create, size == 0 { indexes = newIndexes() }
  }

  /// Twenty digits.
  static func name(_ offset: Offset) -> String {
    let digits = String(offset.rawValue)
    return String(repeating: "0", count: max(0, 20 - digits.count)) + digits
  }

  func path(_ suffix: String) -> String { stem + suffix }
  var snapshotPath: String { stem + ".snapshot" }
  /// The files beside the `.log` that a sync of the segment covers, as far as they exist.
  var sidePaths: [String] {
    [".index", ".timeindex", ".snapshot"].map(path) + (transactions?.isEmpty == false ? [path(".txnindex")] : [])
  }
  var hasIndexFiles: Bool { fileSystem.exists(stem + ".index") && fileSystem.exists(stem + ".timeindex") }

  // MARK: Appending

  /// Writes whole batches at the end, in one call.
  func append(_ bytes: UnsafeRawBufferPointer) throws(LogError) {
    do { try file.write(bytes, at: size) } catch {
      throw .file(error)
    }
    size += bytes.count
  }

  /// Enters a batch that lies at `position` into the indexes, as Kafka does: an entry once more than `interval` bytes
  /// came since the last one.
  func index(_ header: RecordBatchHeader, at position: Int, interval: Int) throws(LogError) {
    var current = try loadedIndexes()
    indexes = nil
    try enter(header, at: position, interval: interval, into: &current)
    indexes = current
  }

  private func enter(
    _ header: RecordBatchHeader, at position: Int, interval: Int, into current: inout Indexes
  ) throws(LogError) {
    let relative = Int32(truncatingIfNeeded: header.lastOffset - baseOffset)
    if firstTimestamp == nil { firstTimestamp = header.maxTimestamp }
    if header.maxTimestamp > current.largestTimestamp {
      current.largestTimestamp = header.maxTimestamp
      current.offsetOfLargest = relative
    }
    if bytesSinceIndexEntry > interval {
      try current.offsets.append(
        OffsetIndexEntry(relativeOffset: relative, position: Int32(truncatingIfNeeded: position)))
      try noteLargestTimestamp(current)
      bytesSinceIndexEntry = 0
    }
    bytesSinceIndexEntry += header.totalSize
  }

  private func noteLargestTimestamp(_ current: Indexes) throws(LogError) {
    guard current.largestTimestamp >= 0 else { return }
    try current.times.append(
      TimeIndexEntry(timestamp: current.largestTimestamp, relativeOffset: current.offsetOfLargest))
  }

  func isFull(indexBytes: Int) -> Bool {
    guard let indexes else { return false }
    return indexes.offsets.count >= indexBytes / OffsetIndexEntry.size - 1
      || indexes.times.count >= indexBytes / TimeIndexEntry.size - 1
  }

  /// Writes what the indexes still owe their files.
  func writeIndexes(durable: Bool) throws(LogError) {
    guard let indexes else { return }
    try indexes.offsets.write(durable: durable)
    try indexes.times.write(durable: durable)
  }

  /// Adds the last time entry, as at a roll or a clean close, and writes the indexes; memory keeps nothing of them.
  func sealIndexes() throws(LogError) {
    guard let indexes else { return }
    try noteLargestTimestamp(indexes)
    try indexes.offsets.seal()
    try indexes.times.seal()
  }

  // MARK: Indexes

  /// The indexes, read from their files or, if these are missing or bad, made from the log.
  @discardableResult
  func loadedIndexes() throws(LogError) -> Indexes {
    if let indexes { return indexes }
    if let read = try readIndexes() {
      indexes = read
      return read
    }
    var current = newIndexes()
    resetCounters()
    let reader = BatchReader(file)
    var position = 0
    while let header = try reader.header(at: position, end: size) {
      try enter(header, at: position, interval: Self.rebuildInterval, into: &current)
      position += header.totalSize
    }
    try noteLargestTimestamp(current)
    indexes = current
    return current
  }

  private func newIndexes() -> Indexes {
    Indexes(
      offsets: IndexFile(path: stem + ".index", fileSystem: fileSystem),
      times: IndexFile(path: stem + ".timeindex", fileSystem: fileSystem))
  }

  private static let rebuildInterval = 4096

  private func readIndexes() throws(LogError) -> Indexes? {
    guard let offsets = try IndexFile<OffsetIndexEntry>(reading: stem + ".index", fileSystem: fileSystem),
      let times = try IndexFile<TimeIndexEntry>(reading: stem + ".timeindex", fileSystem: fileSystem)
    else { return nil }
    if let last = offsets.last, Int(last.position) >= size { return nil }
    if size > 0, times.isEmpty { return nil }
    var read = Indexes(offsets: offsets, times: times)
    read.largestTimestamp = times.last?.timestamp ?? -1
    read.offsetOfLargest = times.last?.relativeOffset ?? 0
    // An entry must point at the batch that it names.
    if let last = offsets.last {
      guard let header = try BatchReader(file).header(at: Int(last.position), end: size),
        header.lastOffset == baseOffset + Int64(last.relativeOffset)
      else { return nil }
    }
    return read
  }

  private func resetCounters() {
    bytesSinceIndexEntry = 0
    firstTimestamp = nil
  }

  /// The largest timestamp of the first batch; nil in an empty segment.
  func timestampOfFirstBatch() throws(LogError) -> Int64? {
    if let firstTimestamp { return firstTimestamp }
    return try BatchReader(file).header(at: 0, end: size)?.maxTimestamp
  }

  func largestTimestamp() throws(LogError) -> Int64 { try loadedIndexes().largestTimestamp }

  // MARK: Recovery

  /// Reads every batch from the start and enters it into fresh indexes.
  ///
  /// - Parameter visit: called for each good batch, in order.
  /// - Returns: where the first bad byte lies, if any, and the offset after the last good batch.
  func scan(
    verify: Bool, interval: Int, visit: (RecordBatchHeader, Int) throws(LogError) -> Void
  ) throws(LogError) -> (badPosition: Int?, nextOffset: Offset) {
    var fresh = newIndexes()
    resetCounters()
    let reader = BatchReader(file, windowBytes: 256 << 10)
    var position = 0
    var next = baseOffset
    while position < size {
      guard let header = try reader.header(at: position, end: size), header.baseOffset >= next,
        header.lastOffsetDelta >= 0, header.lastOffset - baseOffset <= Int64(Int32.max)
      else { break }
      if verify {
        guard try reader.hasValidChecksum(header, at: position) else { break }
      }
      try enter(header, at: position, interval: interval, into: &fresh)
      try visit(header, position)
      position += header.totalSize
      next = header.nextOffset
    }
    indexes = fresh
    return (position < size ? position : nil, next)
  }

  /// Cuts the file at `position`, where a batch starts whose base offset is at least `offset`.
  func truncate(at position: Int, offset: Offset) throws(LogError) {
    let log = file
    try io { () throws(FileError) in try log.truncate(to: position) }
    size = position
    guard var current = indexes else {
      // Made anew at the next look: the files on disk reach too far.
      try removeFiles([".index", ".timeindex"])
      return
    }
    indexes = nil
    let relative = offset - baseOffset
    try current.offsets.truncate { Int64($0.relativeOffset) >= relative || Int($0.position) >= position }
    try current.times.truncate { Int64($0.relativeOffset) >= relative }
    try readTail(into: &current)
    indexes = current
  }

  /// Makes ready for appends after opening: what came after the last index entry counts on.
  func prepareForAppending() throws(LogError) {
    var current = try loadedIndexes()
    indexes = nil
    try readTail(into: &current)
    indexes = current
  }

  /// Sets the largest timestamp and the counters from the entries and from the batches behind the last one.
  private func readTail(into current: inout Indexes) throws(LogError) {
    current.largestTimestamp = current.times.last?.timestamp ?? -1
    current.offsetOfLargest = current.times.last?.relativeOffset ?? 0
    let reader = BatchReader(file)
    firstTimestamp = try reader.header(at: 0, end: size)?.maxTimestamp
    bytesSinceIndexEntry = 0
    var at = current.offsets.last.map { Int($0.position) } ?? 0
    while let header = try reader.header(at: at, end: size) {
      if header.maxTimestamp > current.largestTimestamp {
        current.largestTimestamp = header.maxTimestamp
        current.offsetOfLargest = Int32(truncatingIfNeeded: header.lastOffset - baseOffset)
      }
      bytesSinceIndexEntry += header.totalSize
      at += header.totalSize
    }
  }

  // MARK: Lookup

  /// The first batch whose last offset is at least `offset`: its header and position; nil when all are below.
  func find(_ offset: Offset) throws(LogError) -> (header: RecordBatchHeader, position: Int)? {
    let relative = offset - baseOffset
    let entry = try loadedIndexes().offsets.last(before: { Int64($0.relativeOffset) > relative })
    var position = entry.map { Int($0.position) } ?? 0
    let reader = BatchReader(file)
    while let header = try reader.header(at: position, end: size) {
      if header.lastOffset >= offset { return (header, position) }
      position += header.totalSize
    }
    return nil
  }

  /// The last batch boundary that is at most `limit`, looking from the batch at `start` on.
  func boundary(before limit: Int, from start: Int) throws(LogError) -> Int {
    let entry = try loadedIndexes().offsets.last(before: { Int($0.position) > limit })
    var position = max(start, entry.map { Int($0.position) } ?? 0)
    let reader = BatchReader(file)
    while let header = try reader.header(at: position, end: size), position + header.totalSize <= limit {
      position += header.totalSize
    }
    return position
  }

  /// The offset after the last batch.
  func nextOffset() throws(LogError) -> (next: Offset, end: Int) {
    var position = try loadedIndexes().offsets.last.map { Int($0.position) } ?? 0
    let reader = BatchReader(file)
    var next = baseOffset
    while let header = try reader.header(at: position, end: size) {
      next = header.nextOffset
      position += header.totalSize
    }
    return (next, position)
  }

  // MARK: Transactions

  /// The lines of `.txnindex`; a file that is cut off or damaged is read up to there.
  func abortedTransactions() throws(LogError) -> [AbortedTransaction] {
    if let transactions { return transactions }
    let path = stem + ".txnindex"
    guard fileSystem.exists(path) else {
      transactions = []
      return []
    }
    let bytes = try io { () throws(FileError) in try fileSystem.contents(of: path) }
    let rows = bytes.withUnsafeBytes { buffer in
      (0..<buffer.count / AbortedTransaction.size).map {
        AbortedTransaction(row: buffer, at: $0 * AbortedTransaction.size)
      }
    }
    transactions = rows
    return rows
  }

  func append(_ aborted: AbortedTransaction) throws(LogError) {
    let known = try abortedTransactions()
    let path = stem + ".txnindex"
    try io { () throws(FileError) in
      try fileSystem.open(path, create: true).write(bytes: aborted.row, at: known.count * AbortedTransaction.size)
    }
    transactions?.append(aborted)
  }

  var hasTransactionIndex: Bool { fileSystem.exists(stem + ".txnindex") }

  /// Drops aborted transactions whose marker is at or behind `offset`.
  func truncateTransactions(to offset: Offset) throws(LogError) {
    let known = try abortedTransactions()
    let kept = known.prefix { $0.lastOffset < offset }
    guard kept.count < known.count else { return }
    let path = stem + ".txnindex"
    try io { () throws(FileError) in
      try fileSystem.open(path, create: false).truncate(to: kept.count * AbortedTransaction.size)
    }
    transactions = Array(kept)
  }

  // MARK: Files

  func sync() throws(LogError) {
    let log = file
    try io { () throws(FileError) in try log.sync() }
    try writeIndexes(durable: true)
    if transactions?.isEmpty == false {
      let path = stem + ".txnindex"
      try io { () throws(FileError) in try fileSystem.open(path, create: true).sync() }
    }
  }

  /// Removes the segment's files; readers that hold a slice may finish.
  func delete() throws(LogError) {
    try removeFiles([".log", ".index", ".timeindex", ".txnindex", ".snapshot"])
  }

  private func removeFiles(_ suffixes: [String]) throws(LogError) {
    for suffix in suffixes where fileSystem.exists(stem + suffix) {
      let path = stem + suffix
      try io { () throws(FileError) in try fileSystem.unlink(path) }
    }
  }
}

extension AbortedTransaction {
  static let size = 34

  init(row: UnsafeRawBufferPointer, at offset: Int) {
    func load(_ at: Int) -> Int64 { Int64(bigEndian: row.loadUnaligned(fromByteOffset: offset + at, as: Int64.self)) }
    self.init(
      producerID: ProducerID(load(2)), firstOffset: Offset(load(10)), lastOffset: Offset(load(18)),
      lastStableOffset: Offset(load(26)))
  }

  var row: [UInt8] {
    var bytes: [UInt8] = [0, 0]
    for value in [producerID.rawValue, firstOffset.rawValue, lastOffset.rawValue, lastStableOffset.rawValue] {
      withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
    return bytes
  }
}
