import Primitives

/// One record of a batch; key, value and headers are slices of the batch's (decompressed) bytes and live no longer.
public struct Record {
  public var attributes: Int8
  public var offsetDelta: Int32
  public var offset: Offset
  /// Milliseconds since 1970; the batch's append time if it has one.
  public var timestamp: Int64
  public var key: UnsafeRawBufferPointer?
  public var value: UnsafeRawBufferPointer?
  public var headerCount: Int
  /// The encoded headers; walk them with ``headers()``.
  public var headerBytes: UnsafeRawBufferPointer

  /// The headers, decoded.
  public func headers() throws(RecordError) -> [(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?)] {
    var reader = VarintReader(headerBytes)
    var result: [(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?)] = []
    result.reserveCapacity(headerCount)
    for _ in 0..<headerCount {
      guard let key = try reader.bytes(.header) else { throw .invalidRecord(.header) }
      result.append((key, try reader.bytes(.header)))
    }
    return result
  }
}

/// Decodes the records of one batch, through decompression if need be.
///
/// The batch's bytes must outlive the iterator; decompressed bytes belong to it. The checksum is not looked at.
public struct RecordIterator {
  public let header: RecordBatchHeader
  private let storage: DecompressedBytes?
  private var reader: VarintReader
  private var remaining: Int32

  /// - Parameters:
  ///   - batch: begins with the batch and holds all of it.
  ///   - maxDecompressedBytes: the most memory that compressed records may unfold to.
  public init(batch: UnsafeRawBufferPointer, maxDecompressedBytes: Int) throws(RecordError) {
    header = try RecordBatch.checkedHeader(batch)
    guard header.recordCount >= 0 else { throw .invalidRecordCount(header.recordCount) }
    guard let codec = header.codec else { throw .unknownCodec(Int(header.attributes & 7)) }
    let body = UnsafeRawBufferPointer(rebasing: batch[RecordBatchHeader.size..<header.totalSize])
    remaining = header.recordCount
    if codec == .none || header.recordCount == 0 {
      storage = nil
      reader = VarintReader(header.recordCount == 0 && codec != .none ? .init(rebasing: body[..<0]) : body)
    } else {
      let unfolded = try Compression.decompress(body, codec: codec, limit: maxDecompressedBytes)
      storage = unfolded
      reader = VarintReader(UnsafeRawBufferPointer(unfolded.bytes))
    }
  }

  /// No bytes are left.
  var isAtEnd: Bool { reader.remaining == 0 }

  /// The next record; nil after the last.
  public mutating func next() throws(RecordError) -> Record? {
    if remaining == 0 { return nil }
    guard reader.remaining > 0 else { throw .invalidRecord(.count) }
    remaining -= 1
    let length = try reader.varint()
    guard length >= 0, let body = reader.take(Int(length)) else { throw .invalidRecord(.length) }
    var fields = VarintReader(body)
    guard let attributes = fields.take(1) else { throw .invalidRecord(.length) }
    let timestampDelta = try fields.varlong()
    let offsetDelta = try fields.varint()
    let key = try fields.bytes(.key)
    let value = try fields.bytes(.value)
    let headerCount = try fields.varint()
    guard headerCount >= 0, Int(headerCount) <= fields.remaining else { throw .invalidRecord(.headerCount) }
    let headerBytes = fields.rest
    for _ in 0..<headerCount {
      guard try fields.bytes(.header) != nil else { throw .invalidRecord(.header) }
      _ = try fields.bytes(.header)
    }
    guard fields.remaining == 0 else { throw .invalidRecord(.trailing) }
    return Record(
      attributes: Int8(bitPattern: attributes[0]), offsetDelta: offsetDelta,
      offset: header.baseOffset + Int64(offsetDelta),
      timestamp: header.isLogAppendTime ? header.maxTimestamp : header.baseTimestamp &+ timestampDelta,
      key: key, value: value, headerCount: Int(headerCount), headerBytes: headerBytes)
  }
}

/// Reads zigzag varints (Protocol Buffers' signed encoding) and length-prefixed bytes from a bounded buffer.
struct VarintReader {
  private let buffer: UnsafeRawBufferPointer
  private var position = 0

  init(_ buffer: UnsafeRawBufferPointer) { self.buffer = buffer }

  var remaining: Int { buffer.count - position }
  var rest: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: buffer[position...]) }

  mutating func take(_ count: Int) -> UnsafeRawBufferPointer? {
    guard count <= remaining else { return nil }
    defer { position += count }
    return UnsafeRawBufferPointer(rebasing: buffer[position..<position + count])
  }

  /// At most five bytes, as Kafka reads them.
  mutating func varint() throws(RecordError) -> Int32 {
    var value: UInt32 = 0
    for shift in stride(from: UInt32(0), through: 28, by: 7) {
      guard position < buffer.count else { throw .invalidRecord(.varint) }
      let byte = buffer[position]
      position += 1
      value |= UInt32(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return Int32(bitPattern: value >> 1) ^ -Int32(bitPattern: value & 1) }
    }
    throw .invalidRecord(.varint)
  }

  /// At most ten bytes.
  mutating func varlong() throws(RecordError) -> Int64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), through: 63, by: 7) {
      guard position < buffer.count else { throw .invalidRecord(.varint) }
      let byte = buffer[position]
      position += 1
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return Int64(bitPattern: value >> 1) ^ -Int64(bitPattern: value & 1) }
    }
    throw .invalidRecord(.varint)
  }

  /// Bytes after their length; nil for length −1.
  mutating func bytes(_ reason: RecordError.StaticReason) throws(RecordError) -> UnsafeRawBufferPointer? {
    let length = try varint()
    if length == -1 { return nil }
    guard length >= 0, let bytes = take(Int(length)) else { throw .invalidRecord(reason) }
    return bytes
  }
}
