/// Heartbeat request (API key 12), versions 0–4, flexible from 4.
public struct HeartbeatRequest: RequestMessage {
  public typealias Response = HeartbeatResponse
  public static let name = "HeartbeatRequest"
  public static let apiKey = ApiKey.heartbeat
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 4

  public var groupId: String = ""
  public var generationId: Int32 = 0
  public var memberId: String = ""
  public var groupInstanceId: String? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&groupId)
    try c.int32(&generationId)
    try c.string(&memberId)
    if c.version >= 3 { try c.nullableString(&groupInstanceId) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// Heartbeat response (API key 12), versions 0–4, flexible from 4.
public struct HeartbeatResponse: ResponseMessage {
  public static let name = "HeartbeatResponse"
  public static let apiKey = ApiKey.heartbeat
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 4

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    try c.errorCode(&errorCode)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
