import Primitives

/// A request's header: v1, or v2 with tagged fields when the body's version is flexible.
///
/// The client id keeps its classic 16-bit length in both (KIP-482).
public struct RequestHeader: Equatable, Sendable {
  public var apiKey: Int16 = 0
  public var apiVersion: Int16 = 0
  public var correlationId: Int32 = 0
  public var clientId: String?

  public init() {}

  public init(apiKey: ApiKey, version: Int16, correlationId: Int32, clientId: String?) {
    self.apiKey = apiKey.rawValue
    apiVersion = version
    self.correlationId = correlationId
    self.clientId = clientId
  }

  /// The fixed part that every header begins with (8 bytes), readable even when the rest is not.
  public static func prefix(of frame: UnsafeRawBufferPointer) throws(DecodeError) -> RequestHeader {
    var coder = Coder(reading: frame, version: 0, flexible: false)
    var header = RequestHeader()
    try coder.int16(&header.apiKey)
    try coder.int16(&header.apiVersion)
    try coder.int32(&header.correlationId)
    return header
  }

  /// Reads the whole header; `bodyStart` is where the body begins.
  public static func decode(_ frame: UnsafeRawBufferPointer, flexible: Bool) throws(DecodeError) -> (
    header: RequestHeader, bodyStart: Int
  ) {
    var header = try prefix(of: frame)
    var coder = Coder(reading: frame, at: 8, version: 0, flexible: false)
    try coder.nullableString(&header.clientId)
    guard flexible else { return (header, coder.position) }
    var tags = Coder(reading: frame, at: coder.position, version: 0, flexible: true)
    var unknown = UnknownTags()
    try tags.beginTags()
    try tags.endTags(&unknown)
    return (header, tags.position)
  }

  public func encode(flexible: Bool, into output: inout [UInt8]) {
    var copy = self
    var coder = Coder(writing: output, version: 0, flexible: false)
    output = []
    do throws(DecodeError) {
      try coder.int16(&copy.apiKey)
      try coder.int16(&copy.apiVersion)
      try coder.int32(&copy.correlationId)
      try coder.nullableString(&copy.clientId)
    } catch {}
    output = coder.takeOutput()
    if flexible { output.append(0) }
  }
}

extension RequestMessage {
  /// A whole frame: size, header, body.
  public func frame(version: Int16, correlationId: Int32, clientId: String?) -> [UInt8] {
    var output: [UInt8] = [0, 0, 0, 0]
    RequestHeader(apiKey: Self.apiKey, version: version, correlationId: correlationId, clientId: clientId)
      .encode(flexible: Self.isFlexible(version), into: &output)
    encode(version: version, into: &output)
    setFrameSize(&output)
    return output
  }
}

extension ResponseMessage {
  /// Whether the response's header has tagged fields: when the version is flexible, save for ApiVersions (KIP-511).
  public static func hasFlexibleHeader(_ version: Int16) -> Bool {
    isFlexible(version) && apiKey != .apiVersions
  }

  /// A whole frame: size, correlation id, tagged fields where due, body.
  public func frame(version: Int16, correlationId: Int32) -> [UInt8] {
    let (frame, gaps) = frameWithGaps(version: version, correlationId: correlationId)
    invariant(gaps.isEmpty, "\(Self.name) has payloads that only frameWithGaps can leave out")
    return frame
  }

  /// A frame without its `RecordBytes.gap` payloads, which its size field counts; and where they belong.
  public func frameWithGaps(version: Int16, correlationId: Int32) -> (frame: [UInt8], gaps: [Gap]) {
    let (frame, gaps, _) = countedFrame(version: version, correlationId: correlationId)
    return (frame, gaps)
  }

  /// `frameWithGaps`, and which error codes the response has.
  public func countedFrame(version: Int16, correlationId: Int32) -> (frame: [UInt8], gaps: [Gap], errors: ErrorTally) {
    var output: [UInt8] = [0, 0, 0, 0]
    withUnsafeBytes(of: correlationId.bigEndian) { output.append(contentsOf: $0) }
    if Self.hasFlexibleHeader(version) { output.append(0) }
    let (gaps, errors) = encodeAndCount(version: version, into: &output)
    setFrameSize(&output, plus: gaps.reduce(0) { $0 + $1.count })
    return (output, gaps, errors)
  }

  /// Reads a response's frame without its size field: correlation id, tagged fields where due, body.
  public static func decodeFrame(_ frame: UnsafeRawBufferPointer, version: Int16, ownsRecords: Bool = false)
    throws(DecodeError) -> (correlationId: Int32, response: Self)
  {
    var coder = Coder(reading: frame, version: 0, flexible: hasFlexibleHeader(version))
    var correlationId: Int32 = 0
    var unknown = UnknownTags()
    try coder.int32(&correlationId)
    try coder.beginTags()
    try coder.endTags(&unknown)
    return (
      correlationId, try decode(frame, version: version, from: coder.position, ownsRecords: ownsRecords)
    )
  }
}

/// Writes the frame's size (what follows the first four bytes, and `more` that is sent besides) into its first four bytes.
public func setFrameSize(_ frame: inout [UInt8], plus more: Int = 0) {
  let size = UInt32(truncatingIfNeeded: frame.count - 4 + more).bigEndian
  withUnsafeBytes(of: size) { for i in 0..<4 { frame[i] = $0[i] } }
}
