/// The record batches that a message carries, as opaque bytes.
///
/// When a frame is read, nothing is copied: the payload is a range of the frame. When a frame is written, the payload may
/// be a gap: the caller sends it between the parts of the frame, straight from a file.
public enum RecordBytes: Equatable, Sendable {
  case null
  /// Where the bytes lie in the frame that was decoded.
  case slice(Range<Int>)
  case owned([UInt8])
  /// So many bytes that the caller adds; `Coder.gaps` says where.
  case gap(Int)

  public var count: Int {
    switch self {
    case .null: 0
    case .slice(let range): range.count
    case .owned(let bytes): bytes.count
    case .gap(let count): count
    }
  }
}

/// Tagged fields that this code does not know, kept so that a message can be passed on unchanged (KIP-482).
public struct UnknownTags: Equatable, Sendable {
  public struct Field: Equatable, Sendable {
    public var tag: UInt32
    public var bytes: [UInt8]
  }
  public var fields: [Field] = []
  public init() {}
}

/// Bytes that are left out of an encoded message, to be sent at `position` of what was encoded.
public struct Gap: Equatable, Sendable {
  public var position: Int
  public var count: Int
}
