import Primitives

/// BrokerHeartbeat request (API key 63), versions 0–2, flexible from 0.
public struct BrokerHeartbeatRequest: RequestMessage {
  public typealias Response = BrokerHeartbeatResponse
  public static let name = "BrokerHeartbeatRequest"
  public static let apiKey = ApiKey.brokerHeartbeat
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var brokerEpoch: Int64 = -1
  public var currentMetadataOffset: Int64 = 0
  public var wantFence: Bool = false
  public var wantShutDown: Bool = false
  public var offlineLogDirs: [UUID128] = []
  public var cordonedLogDirs: [UUID128]? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.int64(&brokerEpoch)
    try c.int64(&currentMetadataOffset)
    try c.bool(&wantFence)
    try c.bool(&wantShutDown)
    try c.beginTags()
    if c.version >= 1, c.tag(0, when: !offlineLogDirs.isEmpty) {
      try c.uuids(&offlineLogDirs)
      try c.endTag()
    }
    if c.version >= 2, c.tag(1, when: cordonedLogDirs != nil) {
      try c.nullableUuids(&cordonedLogDirs)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}

/// BrokerHeartbeat response (API key 63), versions 0–2, flexible from 0.
public struct BrokerHeartbeatResponse: ResponseMessage {
  public static let name = "BrokerHeartbeatResponse"
  public static let apiKey = ApiKey.brokerHeartbeat
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var isCaughtUp: Bool = false
  public var isFenced: Bool = true
  public var shouldShutDown: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.bool(&isCaughtUp)
    try c.bool(&isFenced)
    try c.bool(&shouldShutDown)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
