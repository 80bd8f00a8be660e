import Primitives

/// What a client's batch is held to before it is appended; from the topic's and the broker's settings.
public struct RecordBatchRules: Sendable {
  /// `max.message.bytes`.
  public var maxMessageBytes: Int
  /// Whether `cleanup.policy` contains `compact`, which asks for a key in every record.
  public var requiresKeys: Bool
  /// `message.timestamp.before.max.ms` and `message.timestamp.after.max.ms`; nil for no limit.
  public var timestampBeforeMax: Int64?
  public var timestampAfterMax: Int64?
  /// Whether the topic stamps append time, so that the client's timestamps do not count.
  public var stampsAppendTime: Bool
  /// The most that a batch may decompress to when it has to be looked into.
  public var maxDecompressedBytes: Int
  /// Whether the records are looked at: their number, structure, offset deltas and timestamps, for which a compressed
  /// batch is decompressed. Otherwise only header and checksum are checked.
  public var decodesRecords: Bool
  /// `compression.type`; nil for `producer`, which keeps what the client sent.
  public var targetCodec: CompressionCodec?

  public init(
    maxMessageBytes: Int = 1_048_588, requiresKeys: Bool = false, timestampBeforeMax: Int64? = nil,
    timestampAfterMax: Int64? = 3_600_000, stampsAppendTime: Bool = false, maxDecompressedBytes: Int = 128 << 20,
    decodesRecords: Bool = false, targetCodec: CompressionCodec? = nil
  ) {
    self.maxMessageBytes = maxMessageBytes
    self.requiresKeys = requiresKeys
    self.timestampBeforeMax = timestampBeforeMax
    self.timestampAfterMax = timestampAfterMax
    self.stampsAppendTime = stampsAppendTime
    self.maxDecompressedBytes = maxDecompressedBytes
    self.decodesRecords = decodesRecords
    self.targetCodec = targetCodec
  }
}

/// Whole batches: checking and stamping them in place.
public enum RecordBatch {
  /// Checks what a producer sent for one partition: exactly one batch that obeys Kafka's rules for client appends.
  ///
  /// - Parameters:
  ///   - bytes: all bytes of the request's `records` field.
  ///   - now: the wall clock in milliseconds since 1970, for the limits on timestamps.
  /// - Returns: the batch's header. When records were looked at, its `maxTimestamp` is theirs, whatever the batch says:
  ///   see ``setMaxTimestamp(_:to:)``.
  /// - Throws: the rule that is broken; its `errorCode`, `message` and `recordErrors` go to the client.
  public static func validate(
    _ bytes: UnsafeRawBufferPointer, rules: RecordBatchRules, now: Int64
  ) throws(RecordError) -> RecordBatchHeader {
    var header = try checkedHeader(bytes)
    guard header.totalSize == bytes.count else {
      throw .rejected(.invalidRecord, "A produce request must contain exactly one record batch for a partition")
    }
    guard header.totalSize <= rules.maxMessageBytes else {
      throw .rejected(
        .messageTooLarge,
        "The record batch has \(header.totalSize) bytes, more than the maximum of \(rules.maxMessageBytes)")
    }
    try verifyChecksum(bytes, header: header)
    guard header.baseOffset == .zero else {
      throw .rejected(.invalidRecord, "The base offset of a batch from a client must be 0, not \(header.baseOffset)")
    }
    guard header.recordCount > 0 else { throw .invalidRecordCount(header.recordCount) }
    guard header.lastOffsetDelta == header.recordCount - 1 else {
      throw .rejected(
        .invalidRecord,
        "The last offset delta \(header.lastOffsetDelta) does not fit \(header.recordCount) records")
    }
    guard !header.isControl else { throw .rejected(.invalidRecord, "Clients may not write control records") }
    guard !header.isLogAppendTime else {
      throw .rejected(.invalidTimestamp, "A batch from a client must have the timestamp type CreateTime")
    }
    guard header.codec != nil else { throw .unknownCodec(Int(header.attributes & 7)) }
    if header.hasProducerID {
      guard header.baseSequence >= 0, header.producerEpoch >= 0 else {
        throw .rejected(.invalidRecord, "Invalid sequence number \(header.baseSequence) in a batch with a producer id")
      }
    } else if header.isTransactional {
      throw .rejected(.invalidRecord, "A transactional batch must have a producer id")
    }
    if rules.requiresKeys || rules.decodesRecords {
      header.maxTimestamp = try RecordValidation.check(bytes, rules: rules, now: now)
    } else {
      try checkTimestamps(header, rules: rules, now: now)
    }
    return header
  }

  /// The header of the batch at the start of `bytes`, its magic and length checked against each other and the buffer.
  public static func checkedHeader(_ bytes: UnsafeRawBufferPointer) throws(RecordError) -> RecordBatchHeader {
    guard let base = bytes.baseAddress, bytes.count >= 17 else { throw .truncated }
    let length = Int32(bigEndian: base.loadUnaligned(fromByteOffset: 8, as: Int32.self))
    let magic = base.load(fromByteOffset: 16, as: Int8.self)
    guard length >= 5 else { throw .invalidLength(length) }
    guard magic == 2 else { throw .unsupportedMagic(magic) }
    guard Int(length) + RecordBatchHeader.prefix >= RecordBatchHeader.size else { throw .invalidLength(length) }
    guard bytes.count >= RecordBatchHeader.size else { throw .truncated }
    guard Int(length) <= bytes.count - RecordBatchHeader.prefix else { throw .truncated }
    return .read(at: base)
  }

  /// Compares the batch's checksum with its bytes; `bytes` begins with the batch and holds all of it.
  public static func verifyChecksum(
    _ bytes: UnsafeRawBufferPointer, header: RecordBatchHeader
  ) throws(RecordError) {
    guard header.totalSize >= RecordBatchHeader.size, header.totalSize <= bytes.count else { throw .truncated }
    let computed = CRC32C.checksum(
      UnsafeRawBufferPointer(rebasing: bytes[RecordBatchHeader.checksummedFrom..<header.totalSize]))
    guard computed == header.crc else { throw .crcMismatch(stored: header.crc, computed: computed) }
  }

  /// Writes base offset and leader epoch into the batch at `batch`: neither is under the checksum.
  public static func stamp(_ batch: UnsafeMutableRawPointer, baseOffset: Offset, leaderEpoch: LeaderEpoch) {
    batch.storeBytes(of: baseOffset.rawValue.bigEndian, as: Int64.self)
    batch.storeBytes(of: leaderEpoch.rawValue.bigEndian, toByteOffset: 12, as: Int32.self)
  }

  /// Turns a batch into one with append time (`message.timestamp.type=LogAppendTime`): sets the bit and the maximum
  /// timestamp and computes the checksum anew.
  public static func stampAppendTime(_ batch: UnsafeMutableRawBufferPointer, timestamp: Int64) {
    guard let base = batch.baseAddress, batch.count >= RecordBatchHeader.size else { return }
    let header = RecordBatchHeader.read(at: base)
    guard header.totalSize <= batch.count, header.totalSize >= RecordBatchHeader.size else { return }
    base.storeBytes(of: (header.attributes | 8).bigEndian, toByteOffset: 21, as: Int16.self)
    base.storeBytes(of: timestamp.bigEndian, toByteOffset: 35, as: Int64.self)
    let covered = UnsafeRawBufferPointer(
      start: base + RecordBatchHeader.checksummedFrom, count: header.totalSize - RecordBatchHeader.checksummedFrom)
    base.storeBytes(of: CRC32C.checksum(covered).bigEndian, toByteOffset: 17, as: UInt32.self)
  }

  /// Sets a batch's largest timestamp where it does not say what its records do, and computes the checksum anew.
  public static func setMaxTimestamp(_ batch: UnsafeMutableRawBufferPointer, to timestamp: Int64) {
    guard let base = batch.baseAddress, batch.count >= RecordBatchHeader.size else { return }
    let header = RecordBatchHeader.read(at: base)
    guard header.maxTimestamp != timestamp, header.totalSize <= batch.count, header.totalSize >= RecordBatchHeader.size
    else { return }
    base.storeBytes(of: timestamp.bigEndian, toByteOffset: 35, as: Int64.self)
    let covered = UnsafeRawBufferPointer(
      start: base + RecordBatchHeader.checksummedFrom, count: header.totalSize - RecordBatchHeader.checksummedFrom)
    base.storeBytes(of: CRC32C.checksum(covered).bigEndian, toByteOffset: 17, as: UInt32.self)
  }

  private static func checkTimestamps(
    _ header: RecordBatchHeader, rules: RecordBatchRules, now: Int64
  ) throws(RecordError) {
    if rules.stampsAppendTime || header.maxTimestamp < 0 { return }
    let (ahead, overflow) = header.maxTimestamp.subtractingReportingOverflow(now)
    if let limit = rules.timestampAfterMax, overflow || ahead > limit {
      throw .rejected(
        .invalidTimestamp, "Timestamp \(header.maxTimestamp) is more than \(limit) ms later than the broker's clock")
    }
    if let limit = rules.timestampBeforeMax, header.baseTimestamp >= 0, now &- header.baseTimestamp > limit {
      throw .rejected(
        .invalidTimestamp, "Timestamp \(header.baseTimestamp) is more than \(limit) ms older than the broker's clock")
    }
  }
}

/// Walks consecutive batches in a buffer and stops before an incomplete last one.
public struct RecordBatchSequence {
  public let bytes: UnsafeRawBufferPointer
  /// Where the next batch begins.
  public private(set) var position = 0

  public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  /// The next whole batch: its header and its bytes; nil at the end or before a batch that is cut off.
  /// Throws when the length or the magic is impossible; the checksum is the caller's affair.
  public mutating func next() throws(RecordError) -> (header: RecordBatchHeader, bytes: UnsafeRawBufferPointer)? {
    let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
    let header: RecordBatchHeader
    do {
      header = try RecordBatch.checkedHeader(rest)
    } catch .truncated {
      return nil
    } catch {
      throw error
    }
    position += header.totalSize
    return (header, UnsafeRawBufferPointer(rebasing: rest[..<header.totalSize]))
  }
}
