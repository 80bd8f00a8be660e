/// FindCoordinator request (API key 10), versions 0–6, flexible from 3.
public struct FindCoordinatorRequest: RequestMessage {
  public typealias Response = FindCoordinatorResponse
  public static let name = "FindCoordinatorRequest"
  public static let apiKey = ApiKey.findCoordinator
  public static let validVersions: ClosedRange<Int16> = 0...6
  public static let firstFlexibleVersion: Int16? = 3

  public var key: String = ""
  public var keyType: Int8 = 0
  public var coordinatorKeys: [String] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version <= 3 { try c.string(&key) }
    if c.version >= 1 { try c.int8(&keyType) }
    if c.version >= 4 { try c.strings(&coordinatorKeys) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// FindCoordinator response (API key 10), versions 0–6, flexible from 3.
public struct FindCoordinatorResponse: ResponseMessage {
  public static let name = "FindCoordinatorResponse"
  public static let apiKey = ApiKey.findCoordinator
  public static let validVersions: ClosedRange<Int16> = 0...6
  public static let firstFlexibleVersion: Int16? = 3

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var errorMessage: String? = ""
  public var nodeId: Int32 = 0
  public var host: String = ""
  public var port: Int32 = 0
  public var coordinators: [Coordinator] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    if c.version <= 3 { try c.errorCode(&errorCode) }
    if c.version >= 1, c.version <= 3 { try c.nullableString(&errorMessage) }
    if c.version <= 3 { try c.int32(&nodeId) }
    if c.version <= 3 { try c.string(&host) }
    if c.version <= 3 { try c.int32(&port) }
    if c.version >= 4 { try c.structures(&coordinators) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct Coordinator: WireStruct {
    public var key: String = ""
    public var nodeId: Int32 = 0
    public var host: String = ""
    public var port: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 4 { try c.string(&key) }
      if c.version >= 4 { try c.int32(&nodeId) }
      if c.version >= 4 { try c.string(&host) }
      if c.version >= 4 { try c.int32(&port) }
      if c.version >= 4 { try c.errorCode(&errorCode) }
      if c.version >= 4 { try c.nullableString(&errorMessage) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
