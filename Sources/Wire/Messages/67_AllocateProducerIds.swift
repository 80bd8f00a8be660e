/// AllocateProducerIds request (API key 67), versions 0, flexible from 0.
public struct AllocateProducerIdsRequest: RequestMessage {
  public typealias Response = AllocateProducerIdsResponse
  public static let name = "AllocateProducerIdsRequest"
  public static let apiKey = ApiKey.allocateProducerIds
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var brokerEpoch: Int64 = -1
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.int64(&brokerEpoch)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// AllocateProducerIds response (API key 67), versions 0, flexible from 0.
public struct AllocateProducerIdsResponse: ResponseMessage {
  public static let name = "AllocateProducerIdsResponse"
  public static let apiKey = ApiKey.allocateProducerIds
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var producerIdStart: Int64 = 0
  public var producerIdLen: Int32 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.int64(&producerIdStart)
    try c.int32(&producerIdLen)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
