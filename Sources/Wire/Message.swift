import Primitives

/// A structure of Kafka's protocol: one symmetric description of its fields that both reads and writes.
public protocol WireStruct: Defaultable, Equatable, Sendable {
  init()
  /// Reads from or writes to the coder, field by field, in the order of the wire. Writing never throws.
  mutating func code(_ c: inout Coder) throws(DecodeError)
}

/// A whole message or stored record, which has versions of its own.
public protocol Message: WireStruct {
  static var name: String { get }
  static var validVersions: ClosedRange<Int16> { get }
  /// The first version with compact lengths and tagged fields (KIP-482); nil when none has them.
  static var firstFlexibleVersion: Int16? { get }
}

/// The body of a request; its header is `RequestHeader`.
public protocol RequestMessage: Message {
  associatedtype Response: ResponseMessage
  static var apiKey: ApiKey { get }
}

/// The body of a response; its header is a correlation id, with tagged fields when the version is flexible.
public protocol ResponseMessage: Message {
  static var apiKey: ApiKey { get }
}

extension Message {
  /// Whether the version has compact lengths and tagged fields.
  public static func isFlexible(_ version: Int16) -> Bool {
    guard let first = firstFlexibleVersion else { return false }
    return version >= first
  }

  /// Reads a message from the whole of `bytes`; bytes after its end are ignored, as Kafka does.
  ///
  /// Record payloads become ranges of `bytes` unless `ownsRecords` asks for copies.
  public static func decode(
    _ bytes: UnsafeRawBufferPointer, version: Int16, from position: Int = 0, ownsRecords: Bool = false
  ) throws(DecodeError) -> Self {
    guard validVersions.contains(version) else { throw .unsupportedVersion(version) }
    var coder = Coder(
      reading: bytes, at: position, version: version, flexible: isFlexible(version), ownsRecords: ownsRecords)
    var message = Self()
    try message.code(&coder)
    return message
  }

  /// Reads a message from an array; record payloads are copied.
  public static func decode(_ bytes: [UInt8], version: Int16) throws(DecodeError) -> Self {
    let result: Result<Self, DecodeError> = bytes.withUnsafeBytes { raw in
      do throws(DecodeError) { return .success(try decode(raw, version: version, ownsRecords: true)) } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  /// Appends the message in the given version to `output`.
  public func encode(version: Int16, into output: inout [UInt8]) {
    let gaps = encodeWithGaps(version: version, into: &output)
    invariant(gaps.isEmpty, "\(Self.name) has payloads that only encodeWithGaps can leave out")
  }

  /// Appends the message without its `RecordBytes.gap` payloads; returns where in `output` they belong.
  public func encodeWithGaps(version: Int16, into output: inout [UInt8]) -> [Gap] {
    encodeAndCount(version: version, into: &output).gaps
  }

  /// The same, and which error codes it has.
  func encodeAndCount(version: Int16, into output: inout [UInt8]) -> (gaps: [Gap], errors: ErrorTally) {
    var coder = Coder(writing: output, version: version, flexible: Self.isFlexible(version))
    output = []
    var copy = self
    do throws(DecodeError) { try copy.code(&coder) } catch {
      invariant(false, "writing \(Self.name) v\(version): \(error)")
    }
    let (gaps, errors) = (coder.gaps, coder.errors)
    output = coder.takeOutput()
    return (gaps, errors)
  }

  public func encoded(version: Int16) -> [UInt8] {
    var output: [UInt8] = []
    encode(version: version, into: &output)
    return output
  }
}
