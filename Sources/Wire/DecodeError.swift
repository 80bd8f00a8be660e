/// Why bytes from outside could not be read. Never a trap: the caller answers or closes the connection.
public enum DecodeError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The input ended before the field at this position was complete.
  case truncated(at: Int)
  /// A length or a count that is negative where null is not allowed, or larger than the bytes that are left.
  case invalidLength(Int, at: Int)
  /// A variable-length number of more than its allowed bytes.
  case varintTooLong(at: Int)
  /// A text that is not UTF-8.
  case invalidText(at: Int)
  /// The same tagged field twice in one section.
  case repeatedTag(UInt32, at: Int)
  /// A tagged field whose content did not fill the size that it claimed.
  case tagSizeMismatch(UInt32, at: Int)
  /// A version that this message does not have.
  case unsupportedVersion(Int16)
  /// A record type, key or frame version that is not known.
  case unknownType(Int, at: Int)

  public var description: String {
    switch self {
    case .truncated(let at): "input ends within the field at byte \(at)"
    case .invalidLength(let length, let at): "length \(length) at byte \(at) is impossible"
    case .varintTooLong(let at): "variable-length number at byte \(at) is too long"
    case .invalidText(let at): "text at byte \(at) is not UTF-8"
    case .repeatedTag(let tag, let at): "tagged field \(tag) at byte \(at) occurs twice"
    case .tagSizeMismatch(let tag, let at): "tagged field \(tag) at byte \(at) does not fill its size"
    case .unsupportedVersion(let version): "version \(version) does not exist"
    case .unknownType(let type, let at): "type \(type) at byte \(at) is unknown"
    }
  }
}
