/// DescribeGroups request (API key 15), versions 0–6, flexible from 5.
public struct DescribeGroupsRequest: RequestMessage {
  public typealias Response = DescribeGroupsResponse
  public static let name = "DescribeGroupsRequest"
  public static let apiKey = ApiKey.describeGroups
  public static let validVersions: ClosedRange<Int16> = 0...6
  public static let firstFlexibleVersion: Int16? = 5

  public var groups: [String] = []
  public var includeAuthorizedOperations: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.strings(&groups)
    if c.version >= 3 { try c.bool(&includeAuthorizedOperations) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// DescribeGroups response (API key 15), versions 0–6, flexible from 5.
public struct DescribeGroupsResponse: ResponseMessage {
  public static let name = "DescribeGroupsResponse"
  public static let apiKey = ApiKey.describeGroups
  public static let validVersions: ClosedRange<Int16> = 0...6
  public static let firstFlexibleVersion: Int16? = 5

  public var throttleTimeMs: Int32 = 0
  public var groups: [DescribedGroup] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    try c.structures(&groups)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribedGroup: WireStruct {
    public var errorCode: Int16 = 0
    public var errorMessage: String? = nil
    public var groupId: String = ""
    public var groupState: String = ""
    public var protocolType: String = ""
    public var protocolData: String = ""
    public var members: [DescribedGroupMember] = []
    public var authorizedOperations: Int32 = -2_147_483_648
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      if c.version >= 6 { try c.nullableString(&errorMessage) }
      try c.string(&groupId)
      try c.string(&groupState)
      try c.string(&protocolType)
      try c.string(&protocolData)
      try c.structures(&members)
      if c.version >= 3 { try c.int32(&authorizedOperations) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DescribedGroupMember: WireStruct {
    public var memberId: String = ""
    public var groupInstanceId: String? = nil
    public var clientId: String = ""
    public var clientHost: String = ""
    public var memberMetadata: [UInt8] = []
    public var memberAssignment: [UInt8] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&memberId)
      if c.version >= 4 { try c.nullableString(&groupInstanceId) }
      try c.string(&clientId)
      try c.string(&clientHost)
      try c.bytes(&memberMetadata)
      try c.bytes(&memberAssignment)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
