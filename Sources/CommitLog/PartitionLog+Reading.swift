import Primitives
import Records

extension PartitionLog {
  /// Finds whole batches to send: from the one that contains `from`, ending below `upTo`.
  ///
  /// - Parameters:
  ///   - maxBytes: the most to return, unless `minOneBatch` asks for the first batch whatever its size (KIP-74).
  ///   - upTo: the high watermark, the last stable offset or the log's end; batches that reach it are left out.
  /// - Returns: nil when there is nothing to send.
  /// - Throws: ``LogError/offsetOutOfRange(_:start:end:)``.
  public func locate(
    from: Offset, maxBytes: Int, upTo: Offset, minOneBatch: Bool
  ) throws(LogError) -> LogSlice? {
    guard from >= logStartOffset, from <= logEndOffset else {
      throw .offsetOutOfRange(from.rawValue, start: logStartOffset.rawValue, end: logEndOffset.rawValue)
    }
    guard from < upTo, from < logEndOffset else { return nil }
    if let entry = recent.find(from) {
      return try slice(
        active, start: entry.position, base: entry.baseOffset, maxBytes: maxBytes, upTo: upTo, minOneBatch: minOneBatch)
    }
    var index = segmentIndex(for: from)
    while index < segments.count {
      // Compaction may have left nothing at or behind the offset in its own segment.
      if let (header, position) = try segments[index].find(from) {
        return try slice(
          segments[index], start: position, base: header.baseOffset, maxBytes: maxBytes, upTo: upTo,
          minOneBatch: minOneBatch)
      }
      index += 1
    }
    return nil
  }

  /// Reads a slice into `buffer`, which holds at least its length; returns the bytes read.
  public func read(_ slice: LogSlice, into buffer: UnsafeMutableRawBufferPointer) throws(LogError) -> Int {
    do { return try slice.read(into: buffer) } catch { throw .file(error) }
  }

  private func slice(
    _ segment: LogSegment, start: Int, base: Offset, maxBytes: Int, upTo: Offset, minOneBatch: Bool
  ) throws(LogError) -> LogSlice? {
    var end = segment.size
    if upTo < endOffset(of: segment) {
      if segment === active, let entry = recent.find(upTo) {
        end = entry.position
      } else if let found = try segment.find(upTo) {
        end = found.position
      }
    }
    guard end > start else { return nil }
    if end - start > maxBytes {
      let limit = start + max(0, maxBytes)
      if segment === active, let boundary = recent.boundary(before: limit), boundary > start {
        end = boundary
      } else {
        end = try segment.boundary(before: limit, from: start)
      }
      if end <= start {
        guard minOneBatch, let header = try BatchReader(segment.file).header(at: start, end: segment.size) else {
          return nil
        }
        end = start + header.totalSize
      }
    }
    return LogSlice(file: segment.file, position: start, length: end - start, baseOffset: base)
  }

  private func endOffset(of segment: LogSegment) -> Offset {
    if segment === active { return logEndOffset }
    let next = segmentIndex(for: segment.baseOffset) + 1
    return next < segments.count ? segments[next].baseOffset : logEndOffset
  }

  /// The index of the segment that contains `offset`: the last one that begins at or before it, or the first.
  func segmentIndex(for offset: Offset) -> Int {
    var low = 0
    var high = segments.count
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].baseOffset > offset { high = middle } else { low = middle + 1 }
    }
    return max(0, low - 1)
  }

  /// The first record, from the log's start on, whose timestamp is at least `timestamp` (milliseconds since 1970).
  public func offset(forTimestamp timestamp: Int64) throws(LogError) -> TimestampedOffset? {
    for (index, segment) in segments.enumerated() {
      let end = index + 1 < segments.count ? segments[index + 1].baseOffset : logEndOffset
      guard end > logStartOffset, segment.size > 0, try segment.largestTimestamp() >= timestamp else { continue }
      let entry = try segment.loadedIndexes().times.last(before: { $0.timestamp >= timestamp })
      let from = max(logStartOffset, segment.baseOffset + Int64(entry?.relativeOffset ?? 0))
      guard var (header, position) = try segment.find(from) else { continue }
      let reader = BatchReader(segment.file)
      while true {
        if header.maxTimestamp >= timestamp,
          let found = try record(of: header, at: position, in: segment, where: { $0.timestamp >= timestamp })
        {
          return found
        }
        position += header.totalSize
        guard let next = try reader.header(at: position, end: segment.size) else { break }
        header = next
      }
    }
    return nil
  }

  /// The first record with the largest timestamp (ListOffsets −3); nil for an empty log.
  public func maxTimestampOffset() throws(LogError) -> TimestampedOffset? {
    var best: (segment: LogSegment, timestamp: Int64, offset: Offset)?
    for segment in segments where segment.size > 0 {
      let indexes = try segment.loadedIndexes()
      if indexes.largestTimestamp > best?.timestamp ?? -1 {
        best = (segment, indexes.largestTimestamp, segment.baseOffset + Int64(indexes.offsetOfLargest))
      }
    }
    guard let best, let (header, position) = try best.segment.find(max(best.offset, logStartOffset)) else { return nil }
    return try record(of: header, at: position, in: best.segment) { $0.timestamp == best.timestamp }
  }

  private func record(
    of header: RecordBatchHeader, at position: Int, in segment: LogSegment, where matches: (Record) -> Bool
  ) throws(LogError) -> TimestampedOffset? {
    let bytes = try segment.file.bytes(at: position, count: header.totalSize)
    var found: TimestampedOffset?
    var failure: RecordError?
    bytes.withUnsafeBytes { batch in
      do throws(RecordError) {
        var records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
        while let record = try records.next() {
          if record.offset >= logStartOffset, matches(record) {
            found = TimestampedOffset(offset: record.offset, timestamp: record.timestamp, epoch: header.leaderEpoch)
            return
          }
        }
      } catch { failure = error }
    }
    if let failure {
      throw .damaged(segment: segment.baseOffset.rawValue, position: position, reason: failure.message)
    }
    return found
  }

  /// Aborted transactions that overlap `from..<to`, for a read_committed fetch of that range.
  public func abortedTransactions(from: Offset, to: Offset) throws(LogError) -> [AbortedTransaction] {
    var result: [AbortedTransaction] = []
    for segment in segments[segmentIndex(for: from)...] {
      for aborted in try segment.abortedTransactions() {
        if aborted.lastOffset >= from, aborted.firstOffset < to { result.append(aborted) }
        if aborted.lastStableOffset >= to { return result }
      }
    }
    return result
  }
}
