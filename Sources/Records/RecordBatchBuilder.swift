import Primitives

/// Builds one batch of format 2.
///
/// For what brokers write themselves (group records, metadata, control records, compaction) and for clients and tests;
/// batches of producers are never rebuilt.
public struct RecordBatchBuilder: Sendable {
  /// A record's header: a name and bytes or null.
  public typealias Header = (key: String, value: [UInt8]?)

  public var baseOffset: Offset
  public var leaderEpoch: LeaderEpoch
  public var codec: CompressionCodec
  public var producerID: ProducerID
  public var producerEpoch: Int16
  public var baseSequence: Int32
  public var isTransactional: Bool
  public var isControl: Bool
  /// When set, the batch carries a delete horizon (KIP-534) in place of its base timestamp.
  public var deleteHorizon: Int64?
  /// When set, the batch has append time of this many milliseconds since 1970.
  public var appendTime: Int64?
  public private(set) var recordCount: Int32 = 0
  private var lastOffsetDelta: Int32 = -1
  private var body: [UInt8] = []
  private var baseTimestamp: Int64 = 0
  private var maxTimestamp: Int64 = -1

  public init(
    baseOffset: Offset = .zero, leaderEpoch: LeaderEpoch = .none, codec: CompressionCodec = .none,
    producerID: ProducerID = .none, producerEpoch: Int16 = -1, baseSequence: Int32 = -1,
    isTransactional: Bool = false, isControl: Bool = false
  ) {
    self.baseOffset = baseOffset
    self.leaderEpoch = leaderEpoch
    self.codec = codec
    self.producerID = producerID
    self.producerEpoch = producerEpoch
    self.baseSequence = baseSequence
    self.isTransactional = isTransactional
    self.isControl = isControl
  }

  public var isEmpty: Bool { recordCount == 0 }
  /// Bytes that ``build()`` returns when nothing is compressed.
  public var uncompressedSize: Int { RecordBatchHeader.size + body.count }

  /// Appends a record; `timestamp` in milliseconds since 1970.
  public mutating func append(key: [UInt8]?, value: [UInt8]?, headers: [Header] = [], timestamp: Int64) {
    let encoded = headers.map { (Array($0.key.utf8), $0.value) }
    append(offsetDelta: lastOffsetDelta + 1, timestamp: timestamp) { record in
      Self.put(key, into: &record)
      Self.put(value, into: &record)
      Self.putVarint(Int64(encoded.count), into: &record)
      for (name, bytes) in encoded {
        Self.put(name, into: &record)
        Self.put(bytes, into: &record)
      }
    }
  }

  /// Appends a copy of a record at an offset of its own, as compaction does: gaps are allowed.
  public mutating func append(copying record: Record, offsetDelta: Int32) {
    append(offsetDelta: offsetDelta, timestamp: record.timestamp) { bytes in
      Self.put(record.key, into: &bytes)
      Self.put(record.value, into: &bytes)
      Self.putVarint(Int64(record.headerCount), into: &bytes)
      bytes.append(contentsOf: record.headerBytes)
    }
  }

  /// The finished batch.
  ///
  /// - Parameter lastOffsetDelta: for a batch whose last records were removed: the delta that it keeps.
  public func build(lastOffsetDelta kept: Int32? = nil) throws(RecordError) -> [UInt8] {
    let records = try Compression.compress(body, codec: codec)
    guard let length = Int32(exactly: records.count + RecordBatchHeader.size - RecordBatchHeader.prefix) else {
      throw .rejected(.messageTooLarge, "A record batch may not exceed two gigabytes")
    }
    var attributes = Int16(codec.rawValue)
    if appendTime != nil { attributes |= 8 }
    if isTransactional { attributes |= 16 }
    if isControl { attributes |= 32 }
    if deleteHorizon != nil { attributes |= 64 }
    var batch: [UInt8] = []
    batch.reserveCapacity(RecordBatchHeader.size + records.count)
    Self.put(baseOffset.rawValue, into: &batch)
    Self.put(length, into: &batch)
    Self.put(leaderEpoch.rawValue, into: &batch)
    batch.append(2)
    Self.put(UInt32(0), into: &batch)
    Self.put(attributes, into: &batch)
    Self.put(kept ?? max(0, lastOffsetDelta), into: &batch)
    Self.put(deleteHorizon ?? baseTimestamp, into: &batch)
    Self.put(appendTime ?? maxTimestamp, into: &batch)
    Self.put(producerID.rawValue, into: &batch)
    Self.put(producerEpoch, into: &batch)
    Self.put(baseSequence, into: &batch)
    Self.put(recordCount, into: &batch)
    batch.append(contentsOf: records)
    batch.withUnsafeMutableBytes { bytes in
      let covered = UnsafeRawBufferPointer(rebasing: bytes[RecordBatchHeader.checksummedFrom...])
      bytes.storeBytes(of: CRC32C.checksum(covered).bigEndian, toByteOffset: 17, as: UInt32.self)
    }
    return batch
  }

  private mutating func append(offsetDelta: Int32, timestamp: Int64, _ fields: (inout [UInt8]) -> Void) {
    if recordCount == 0 { baseTimestamp = deleteHorizon ?? timestamp }
    maxTimestamp = max(maxTimestamp, timestamp)
    var record: [UInt8] = [0]
    Self.putVarint(timestamp &- baseTimestamp, into: &record)
    Self.putVarint(Int64(offsetDelta), into: &record)
    fields(&record)
    Self.putVarint(Int64(record.count), into: &body)
    body.append(contentsOf: record)
    recordCount += 1
    lastOffsetDelta = offsetDelta
  }

  private static func put<T: FixedWidthInteger>(_ value: T, into bytes: inout [UInt8]) {
    withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
  }

  private static func put(_ value: (some Collection<UInt8>)?, into bytes: inout [UInt8]) {
    guard let value else { return putVarint(-1, into: &bytes) }
    putVarint(Int64(value.count), into: &bytes)
    bytes.append(contentsOf: value)
  }

  private static func putVarint(_ value: Int64, into bytes: inout [UInt8]) {
    var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }
}
