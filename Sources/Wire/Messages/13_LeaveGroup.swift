/// LeaveGroup request (API key 13), versions 0–5, flexible from 4.
public struct LeaveGroupRequest: RequestMessage {
  public typealias Response = LeaveGroupResponse
  public static let name = "LeaveGroupRequest"
  public static let apiKey = ApiKey.leaveGroup
  public static let validVersions: ClosedRange<Int16> = 0...5
  public static let firstFlexibleVersion: Int16? = 4

  public var groupId: String = ""
  public var memberId: String = ""
  public var members: [MemberIdentity] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&groupId)
    if c.version <= 2 { try c.string(&memberId) }
    if c.version >= 3 { try c.structures(&members) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct MemberIdentity: WireStruct {
    public var memberId: String = ""
    public var groupInstanceId: String? = nil
    public var reason: String? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 3 { try c.string(&memberId) }
      if c.version >= 3 { try c.nullableString(&groupInstanceId) }
      if c.version >= 5 { try c.nullableString(&reason) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// LeaveGroup response (API key 13), versions 0–5, flexible from 4.
public struct LeaveGroupResponse: ResponseMessage {
  public static let name = "LeaveGroupResponse"
  public static let apiKey = ApiKey.leaveGroup
  public static let validVersions: ClosedRange<Int16> = 0...5
  public static let firstFlexibleVersion: Int16? = 4

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var members: [MemberResponse] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    try c.errorCode(&errorCode)
    if c.version >= 3 { try c.structures(&members) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct MemberResponse: WireStruct {
    public var memberId: String = ""
    public var groupInstanceId: String? = ""
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 3 { try c.string(&memberId) }
      if c.version >= 3 { try c.nullableString(&groupInstanceId) }
      if c.version >= 3 { try c.errorCode(&errorCode) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
