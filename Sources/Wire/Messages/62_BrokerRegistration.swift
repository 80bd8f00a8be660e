import Primitives

/// BrokerRegistration request (API key 62), versions 0–4, flexible from 0.
public struct BrokerRegistrationRequest: RequestMessage {
  public typealias Response = BrokerRegistrationResponse
  public static let name = "BrokerRegistrationRequest"
  public static let apiKey = ApiKey.brokerRegistration
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var clusterId: String = ""
  public var incarnationId: UUID128 = .zero
  public var listeners: [Listener] = []
  public var features: [Feature] = []
  public var rack: String? = ""
  public var isMigratingZkBroker: Bool = false
  public var logDirs: [UUID128] = []
  public var previousBrokerEpoch: Int64 = -1
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.string(&clusterId)
    try c.uuid(&incarnationId)
    try c.structures(&listeners)
    try c.structures(&features)
    try c.nullableString(&rack)
    if c.version >= 1 { try c.bool(&isMigratingZkBroker) }
    if c.version >= 2 { try c.uuids(&logDirs) }
    if c.version >= 3 { try c.int64(&previousBrokerEpoch) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct Listener: WireStruct {
    public var name: String = ""
    public var host: String = ""
    public var port: UInt16 = 0
    public var securityProtocol: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.string(&host)
      try c.uint16(&port)
      try c.int16(&securityProtocol)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct Feature: WireStruct {
    public var name: String = ""
    public var minSupportedVersion: Int16 = 0
    public var maxSupportedVersion: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.int16(&minSupportedVersion)
      try c.int16(&maxSupportedVersion)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// BrokerRegistration response (API key 62), versions 0–4, flexible from 0.
public struct BrokerRegistrationResponse: ResponseMessage {
  public static let name = "BrokerRegistrationResponse"
  public static let apiKey = ApiKey.brokerRegistration
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var brokerEpoch: Int64 = -1
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.int64(&brokerEpoch)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
