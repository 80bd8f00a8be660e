/// JoinGroup request (API key 11), versions 0–9, flexible from 6.
public struct JoinGroupRequest: RequestMessage {
  public typealias Response = JoinGroupResponse
  public static let name = "JoinGroupRequest"
  public static let apiKey = ApiKey.joinGroup
  public static let validVersions: ClosedRange<Int16> = 0...9
  public static let firstFlexibleVersion: Int16? = 6

  public var groupId: String = ""
  public var sessionTimeoutMs: Int32 = 0
  public var rebalanceTimeoutMs: Int32 = -1
  public var memberId: String = ""
  public var groupInstanceId: String? = nil
  public var protocolType: String = ""
  public var protocols: [JoinGroupRequestProtocol] = []
  public var reason: String? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&groupId)
    try c.int32(&sessionTimeoutMs)
    if c.version >= 1 { try c.int32(&rebalanceTimeoutMs) }
    try c.string(&memberId)
    if c.version >= 5 { try c.nullableString(&groupInstanceId) }
    try c.string(&protocolType)
    try c.structures(&protocols)
    if c.version >= 8 { try c.nullableString(&reason) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct JoinGroupRequestProtocol: WireStruct {
    public var name: String = ""
    public var metadata: [UInt8] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.bytes(&metadata)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// JoinGroup response (API key 11), versions 0–9, flexible from 6.
public struct JoinGroupResponse: ResponseMessage {
  public static let name = "JoinGroupResponse"
  public static let apiKey = ApiKey.joinGroup
  public static let validVersions: ClosedRange<Int16> = 0...9
  public static let firstFlexibleVersion: Int16? = 6

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var generationId: Int32 = -1
  public var protocolType: String? = nil
  public var protocolName: String? = ""
  public var leader: String = ""
  public var skipAssignment: Bool = false
  public var memberId: String = ""
  public var members: [JoinGroupResponseMember] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 2 { try c.int32(&throttleTimeMs) }
    try c.errorCode(&errorCode)
    try c.int32(&generationId)
    if c.version >= 7 { try c.nullableString(&protocolType) }
    if c.version <= 6 { try c.string(orEmpty: &protocolName) }
    if c.version >= 7 { try c.nullableString(&protocolName) }
    try c.string(&leader)
    if c.version >= 9 { try c.bool(&skipAssignment) }
    try c.string(&memberId)
    try c.structures(&members)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct JoinGroupResponseMember: WireStruct {
    public var memberId: String = ""
    public var groupInstanceId: String? = nil
    public var metadata: [UInt8] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&memberId)
      if c.version >= 5 { try c.nullableString(&groupInstanceId) }
      try c.bytes(&metadata)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
