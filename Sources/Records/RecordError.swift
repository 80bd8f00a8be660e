import Primitives

/// What can be wrong with bytes that claim to be record batches.
public enum RecordError: Error, Equatable, Sendable {
  /// Fewer bytes than the header or the declared length needs.
  case truncated
  /// The length field is smaller than a batch can be, or negative.
  case invalidLength(Int32)
  /// Magic 0 and 1 (before Kafka 0.11) are not supported; others do not exist.
  case unsupportedMagic(Int8)
  case crcMismatch(stored: UInt32, computed: UInt32)
  case invalidRecordCount(Int32)
  case unknownCodec(Int)
  /// The codec's own complaint about the compressed bytes.
  case damagedCompression(CompressionCodec)
  /// More bytes after decompression than the caller allowed.
  case decompressedTooLarge(limit: Int)
  /// A record's own fields contradict each other or the batch.
  case invalidRecord(StaticReason)
  /// A well-formed batch that a rule of the topic or the protocol refuses.
  case rejected(ErrorCode, String)
  /// Records that a rule of the topic refuses, and so the whole batch.
  case rejectedRecords(ErrorCode, [RecordRejection])

  /// Why a record was refused, without memory of its own.
  public enum StaticReason: String, Sendable {
    case length = "record length out of range"
    case varint = "variable-length number too long or cut off"
    case key = "key length out of range"
    case value = "value length out of range"
    case headerCount = "header count out of range"
    case header = "header out of range"
    case trailing = "bytes left over within a record"
    case count = "fewer records than declared"
    case excess = "bytes left over after the last record"
    case offset = "offset delta out of range"
    case control = "control record malformed"
  }

  /// The code that a client is told.
  public var errorCode: ErrorCode {
    switch self {
    case .rejected(let code, _), .rejectedRecords(let code, _): code
    case .invalidLength, .crcMismatch: .corruptMessage
    case .unsupportedMagic(let magic): magic == 0 || magic == 1 ? .unsupportedForMessageFormat : .corruptMessage
    case .unknownCodec: .unsupportedCompressionType
    case .decompressedTooLarge: .messageTooLarge
    // Kafka finds no whole batch in what ends early, and so says that the records are invalid, not corrupt.
    case .truncated, .damagedCompression, .invalidRecordCount, .invalidRecord: .invalidRecord
    }
  }

  /// One sentence for the client and the log.
  public var message: String {
    switch self {
    case .truncated: "The record batch is shorter than it declares"
    case .invalidLength(let length): "Record batch length \(length) is out of range"
    case .unsupportedMagic(let magic):
      "Record format version (magic) \(magic) is not supported, only version 2 is"
    case .crcMismatch(let stored, let computed):
      "Record batch is corrupt (stored crc = \(stored), computed crc = \(computed))"
    case .invalidRecordCount(let count): "Record count \(count) of the batch is not valid"
    case .unknownCodec(let id): "Unknown compression type id: \(id)"
    case .damagedCompression(let codec): "The \(codec) data of the batch cannot be decompressed"
    case .decompressedTooLarge(let limit): "The batch decompresses to more than \(limit) bytes"
    case .invalidRecord(let reason): "Invalid record: \(reason.rawValue)"
    case .rejected(_, let message): message
    case .rejectedRecords(.invalidTimestamp, _):
      "One or more records have been rejected due to invalid timestamp"
    case .rejectedRecords(_, let records):
      "One or more records have been rejected due to \(records.count) record errors, first: "
        + (records.first.map { "record \($0.index): \($0.message)" } ?? "none")
    }
  }

  /// The records that are to blame, where single ones are.
  public var recordErrors: [RecordRejection] { if case .rejectedRecords(_, let records) = self { records } else { [] } }
}

/// The codecs that a batch's attributes can name (bits 0–2).
public enum CompressionCodec: Int, Sendable, CaseIterable {
  case none = 0
  case gzip = 1
  case snappy = 2
  case lz4 = 3
  case zstd = 4
}
