/// A key in `__consumer_offsets`: a 16-bit record type, then the body.
public protocol GroupRecordKey: Message {
  static var type: Int16 { get }
}

extension Message {
  /// A coordinator's key or value as it is stored: the 16-bit `prefix` (a key's type, a value's version), then the body.
  public func encodedWithPrefix(_ prefix: Int16, version: Int16) -> [UInt8] {
    var output: [UInt8] = [UInt8(truncatingIfNeeded: prefix >> 8), UInt8(truncatingIfNeeded: prefix)]
    encode(version: version, into: &output)
    return output
  }

  /// Reads a value that begins with its 16-bit version.
  public static func decodeWithVersionPrefix(_ bytes: [UInt8]) throws(DecodeError) -> Self {
    guard let version = leadingInt16(bytes) else { throw .truncated(at: 0) }
    return try decode(Array(bytes[2...]), version: version)
  }
}

/// The first 16 bits of a stored key (its type) or value (its version); nil when there are none.
public func leadingInt16(_ bytes: [UInt8]) -> Int16? {
  guard bytes.count >= 2 else { return nil }
  return Int16(bitPattern: UInt16(bytes[0]) << 8 | UInt16(bytes[1]))
}
