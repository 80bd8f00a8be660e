import Primitives

/// A record of `__cluster_metadata`: `RegisterControllerRecord`, versions 0.
public struct RegisterControllerRecord: MetadataRecordMessage {
  public static let name = "RegisterControllerRecord"
  public static let type: UInt32 = 27
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var controllerId: Int32 = 0
  public var incarnationId: UUID128 = .zero
  public var zkMigrationReady: Bool = false
  public var endPoints: [ControllerEndpoint] = []
  public var features: [ControllerFeature] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&controllerId)
    try c.uuid(&incarnationId)
    try c.bool(&zkMigrationReady)
    try c.structures(&endPoints)
    try c.structures(&features)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ControllerEndpoint: WireStruct {
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

  public struct ControllerFeature: WireStruct {
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
