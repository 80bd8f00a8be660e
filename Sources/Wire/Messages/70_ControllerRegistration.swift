import Primitives

/// ControllerRegistration request (API key 70), versions 0, flexible from 0.
public struct ControllerRegistrationRequest: RequestMessage {
  public typealias Response = ControllerRegistrationResponse
  public static let name = "ControllerRegistrationRequest"
  public static let apiKey = ApiKey.controllerRegistration
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var controllerId: Int32 = 0
  public var incarnationId: UUID128 = .zero
  public var zkMigrationReady: Bool = false
  public var listeners: [Listener] = []
  public var features: [Feature] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&controllerId)
    try c.uuid(&incarnationId)
    try c.bool(&zkMigrationReady)
    try c.structures(&listeners)
    try c.structures(&features)
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

/// ControllerRegistration response (API key 70), versions 0, flexible from 0.
public struct ControllerRegistrationResponse: ResponseMessage {
  public static let name = "ControllerRegistrationResponse"
  public static let apiKey = ApiKey.controllerRegistration
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
