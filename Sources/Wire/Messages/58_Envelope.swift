/// Envelope request (API key 58), versions 0, flexible from 0.
public struct EnvelopeRequest: RequestMessage {
  public typealias Response = EnvelopeResponse
  public static let name = "EnvelopeRequest"
  public static let apiKey = ApiKey.envelope
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var requestData: [UInt8] = []
  public var requestPrincipal: [UInt8]? = []
  public var clientHostAddress: [UInt8] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.bytes(&requestData)
    try c.nullableBytes(&requestPrincipal)
    try c.bytes(&clientHostAddress)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// Envelope response (API key 58), versions 0, flexible from 0.
public struct EnvelopeResponse: ResponseMessage {
  public static let name = "EnvelopeResponse"
  public static let apiKey = ApiKey.envelope
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var responseData: [UInt8]? = nil
  public var errorCode: Int16 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.nullableBytes(&responseData)
    try c.errorCode(&errorCode)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
