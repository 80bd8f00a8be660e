/// UnregisterBroker request (API key 64), versions 0, flexible from 0.
public struct UnregisterBrokerRequest: RequestMessage {
  public typealias Response = UnregisterBrokerResponse
  public static let name = "UnregisterBrokerRequest"
  public static let apiKey = ApiKey.unregisterBroker
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// UnregisterBroker response (API key 64), versions 0, flexible from 0.
public struct UnregisterBrokerResponse: ResponseMessage {
  public static let name = "UnregisterBrokerResponse"
  public static let apiKey = ApiKey.unregisterBroker
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var errorMessage: String? = ""
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.nullableString(&errorMessage)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
