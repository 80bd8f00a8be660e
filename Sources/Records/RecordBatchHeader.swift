import CCRC32C
import Primitives

/// CRC-32C (Castagnoli), as RFC 3720 and Kafka's record batches use it.
public enum CRC32C {
  /// The checksum of `bytes`, continuing from `crc` (the checksum of what came before).
  public static func checksum(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return crc }
    return crc32c_update(crc, base, bytes.count)
  }

  /// The same checksum by the portable table code, which the hardware's must equal.
  public static func portableChecksum(_ bytes: UnsafeRawBufferPointer, continuing crc: UInt32 = 0) -> UInt32 {
    guard let base = bytes.baseAddress, bytes.count > 0 else { return crc }
    return crc32c_update_portable(crc, base, bytes.count)
  }
}

/// The 61 bytes before the records of a batch of format 2 (KIP-98), by value.
public struct RecordBatchHeader: Equatable, Sendable {
  /// Bytes of the header.
  public static let size = 61
  /// Bytes before the length field counts: base offset and the length itself.
  public static let prefix = 12
  /// Where the checksummed part begins.
  public static let checksummedFrom = 21

  public var baseOffset: Offset
  /// Bytes after this field.
  public var batchLength: Int32
  public var leaderEpoch: LeaderEpoch
  public var magic: Int8
  public var crc: UInt32
  public var attributes: Int16
  public var lastOffsetDelta: Int32
  public var baseTimestamp: Int64
  public var maxTimestamp: Int64
  public var producerID: ProducerID
  public var producerEpoch: Int16
  public var baseSequence: Int32
  public var recordCount: Int32

  /// Reads the header at `pointer`, where at least ``size`` bytes must be. Nothing is checked.
  @inlinable public static func read(at pointer: UnsafeRawPointer) -> RecordBatchHeader {
    @inline(__always) func load<T: FixedWidthInteger>(_ offset: Int, as: T.Type = T.self) -> T {
      T(bigEndian: pointer.loadUnaligned(fromByteOffset: offset, as: T.self))
    }
    return RecordBatchHeader(
      baseOffset: Offset(load(0)), batchLength: load(8), leaderEpoch: LeaderEpoch(load(12)), magic: load(16),
      crc: load(17), attributes: load(21), lastOffsetDelta: load(23), baseTimestamp: load(27), maxTimestamp: load(35),
      producerID: ProducerID(load(43)), producerEpoch: load(51), baseSequence: load(53), recordCount: load(57))
  }

  @inlinable public init(
    baseOffset: Offset, batchLength: Int32, leaderEpoch: LeaderEpoch, magic: Int8, crc: UInt32, attributes: Int16,
    lastOffsetDelta: Int32, baseTimestamp: Int64, maxTimestamp: Int64, producerID: ProducerID, producerEpoch: Int16,
    baseSequence: Int32, recordCount: Int32
  ) {
    self.baseOffset = baseOffset
    self.batchLength = batchLength
    self.leaderEpoch = leaderEpoch
    self.magic = magic
    self.crc = crc
    self.attributes = attributes
    self.lastOffsetDelta = lastOffsetDelta
    self.baseTimestamp = baseTimestamp
    self.maxTimestamp = maxTimestamp
    self.producerID = producerID
    self.producerEpoch = producerEpoch
    self.baseSequence = baseSequence
    self.recordCount = recordCount
  }

  /// Bytes of the whole batch, length field and base offset included.
  @inlinable public var totalSize: Int { Self.prefix + Int(batchLength) }
  /// The offset of the last record, which compaction may have removed.
  @inlinable public var lastOffset: Offset { baseOffset + Int64(lastOffsetDelta) }
  /// The offset after the last record.
  @inlinable public var nextOffset: Offset { lastOffset + 1 }
  @inlinable public var codec: CompressionCodec? { CompressionCodec(rawValue: Int(attributes & 7)) }
  @inlinable public var isLogAppendTime: Bool { attributes & 8 != 0 }
  @inlinable public var isTransactional: Bool { attributes & 16 != 0 }
  @inlinable public var isControl: Bool { attributes & 32 != 0 }
  /// In a compacted log: the base timestamp is the time when tombstones may go (KIP-534).
  @inlinable public var hasDeleteHorizon: Bool { attributes & 64 != 0 }
  @inlinable public var hasProducerID: Bool { producerID.rawValue >= 0 }
  /// The sequence number of the last record; wraps to 0 after 2³¹ − 1 (KIP-98).
  @inlinable public var lastSequence: Int32 {
    baseSequence < 0 ? -1 : (baseSequence &+ lastOffsetDelta) & .max
  }
}
