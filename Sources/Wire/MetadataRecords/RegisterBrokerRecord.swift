import Primitives

/// A record of `__cluster_metadata`: `RegisterBrokerRecord`, versions 0–4.
public struct RegisterBrokerRecord: MetadataRecordMessage {
  public static let name = "RegisterBrokerRecord"
  public static let type: UInt32 = 0
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var isMigratingZkBroker: Bool = false
  public var incarnationId: UUID128 = .zero
  public var brokerEpoch: Int64 = 0
  public var endPoints: [BrokerEndpoint] = []
  public var features: [BrokerFeature] = []
  public var rack: String? = ""
  public var fenced: Bool = true
  public var inControlledShutdown: Bool = false
  public var logDirs: [UUID128] = []
  public var cordonedLogDirs: [UUID128]? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    if c.version >= 2 { try c.bool(&isMigratingZkBroker) }
    try c.uuid(&incarnationId)
    try c.int64(&brokerEpoch)
    try c.structures(&endPoints)
    try c.structures(&features)
    try c.nullableString(&rack)
    try c.bool(&fenced)
    if c.version >= 1 { try c.bool(&inControlledShutdown) }
    try c.beginTags()
    if c.version >= 3, c.tag(0, when: !logDirs.isEmpty) {
      try c.uuids(&logDirs)
      try c.endTag()
    }
    if c.version >= 4, c.tag(1, when: cordonedLogDirs != nil) {
      try c.nullableUuids(&cordonedLogDirs)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct BrokerEndpoint: WireStruct {
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

  public struct BrokerFeature: WireStruct {
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
