/// SyncGroup request (API key 14), versions 0–5, flexible from 4.
public struct SyncGroupRequest: RequestMessage {
  public typealias Response = SyncGroupResponse
  public static let name = "SyncGroupRequest"
  public static let apiKey = ApiKey.syncGroup
  public static let validVersions: ClosedRange<Int16> = 0...5
  public static let firstFlexibleVersion: Int16? = 4

  public var groupId: String = ""
  public var generationId: Int32 = 0
  public var memberId: String = ""
  public var groupInstanceId: String? = nil
  public var protocolType: String? = nil
  public var protocolName: String? = nil
  public var assignments: [SyncGroupRequestAssignment] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&groupId)
    try c.int32(&generationId)
    try c.string(&memberId)
    if c.version >= 3 { try c.nullableString(&groupInstanceId) }
    if c.version >= 5 { try c.nullableString(&protocolType) }
    if c.version >= 5 { try c.nullableString(&protocolName) }
    try c.structures(&assignments)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct SyncGroupRequestAssignment: WireStruct {
    public var memberId: String = ""
    public var assignment: [UInt8] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&memberId)
      try c.bytes(&assignment)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// SyncGroup response (API key 14), versions 0–5, flexible from 4.
public struct SyncGroupResponse: ResponseMessage {
  public static let name = "SyncGroupResponse"
  public static let apiKey = ApiKey.syncGroup
  public static let validVersions: ClosedRange<Int16> = 0...5
  public static let firstFlexibleVersion: Int16? = 4

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var protocolType: String? = nil
  public var protocolName: String? = nil
  public var assignment: [UInt8] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    try c.errorCode(&errorCode)
    if c.version >= 5 { try c.nullableString(&protocolType) }
    if c.version >= 5 { try c.nullableString(&protocolName) }
    try c.bytes(&assignment)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
