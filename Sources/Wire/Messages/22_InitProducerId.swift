/// InitProducerId request (API key 22), versions 0–6, flexible from 2.
public struct InitProducerIdRequest: RequestMessage {
  public typealias Response = InitProducerIdResponse
  public static let name = "InitProducerIdRequest"
  public static let apiKey = ApiKey.initProducerId
  public static let validVersions: ClosedRange<Int16> = 0...6
  public static let firstFlexibleVersion: Int16? = 2

  public var transactionalId: String? = ""
  public var transactionTimeoutMs: Int32 = 0
  public var producerId: Int64 = -1
  public var producerEpoch: Int16 = -1
  public var enable2Pc: Bool = false
  public var keepPreparedTxn: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.nullableString(&transactionalId)
    try c.int32(&transactionTimeoutMs)
    if c.version >= 3 { try c.int64(&producerId) }
    if c.version >= 3 { try c.int16(&producerEpoch) }
    if c.version >= 6 { try c.bool(&enable2Pc) }
    if c.version >= 6 { try c.bool(&keepPreparedTxn) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// InitProducerId response (API key 22), versions 0–6, flexible from 2.
public struct InitProducerIdResponse: ResponseMessage {
  public static let name = "InitProducerIdResponse"
  public static let apiKey = ApiKey.initProducerId
  public static let validVersions: ClosedRange<Int16> = 0...6
  public static let firstFlexibleVersion: Int16? = 2

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var producerId: Int64 = -1
  public var producerEpoch: Int16 = 0
  public var ongoingTxnProducerId: Int64 = -1
  public var ongoingTxnProducerEpoch: Int16 = -1
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.int64(&producerId)
    try c.int16(&producerEpoch)
    if c.version >= 6 { try c.int64(&ongoingTxnProducerId) }
    if c.version >= 6 { try c.int16(&ongoingTxnProducerEpoch) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
