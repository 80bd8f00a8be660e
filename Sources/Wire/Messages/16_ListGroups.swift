/// ListGroups request (API key 16), versions 0–5, flexible from 3.
public struct ListGroupsRequest: RequestMessage {
  public typealias Response = ListGroupsResponse
  public static let name = "ListGroupsRequest"
  public static let apiKey = ApiKey.listGroups
  public static let validVersions: ClosedRange<Int16> = 0...5
  public static let firstFlexibleVersion: Int16? = 3

  public var statesFilter: [String] = []
  public var typesFilter: [String] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 4 { try c.strings(&statesFilter) }
    if c.version >= 5 { try c.strings(&typesFilter) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// ListGroups response (API key 16), versions 0–5, flexible from 3.
public struct ListGroupsResponse: ResponseMessage {
  public static let name = "ListGroupsResponse"
  public static let apiKey = ApiKey.listGroups
  public static let validVersions: ClosedRange<Int16> = 0...5
  public static let firstFlexibleVersion: Int16? = 3

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var groups: [ListedGroup] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    try c.errorCode(&errorCode)
    try c.structures(&groups)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ListedGroup: WireStruct {
    public var groupId: String = ""
    public var protocolType: String = ""
    public var groupState: String = ""
    public var groupType: String = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&groupId)
      try c.string(&protocolType)
      if c.version >= 4 { try c.string(&groupState) }
      if c.version >= 5 { try c.string(&groupType) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
