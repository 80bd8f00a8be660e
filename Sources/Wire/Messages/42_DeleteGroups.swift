/// DeleteGroups request (API key 42), versions 0–2, flexible from 2.
public struct DeleteGroupsRequest: RequestMessage {
  public typealias Response = DeleteGroupsResponse
  public static let name = "DeleteGroupsRequest"
  public static let apiKey = ApiKey.deleteGroups
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 2

  public var groupsNames: [String] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.strings(&groupsNames)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// DeleteGroups response (API key 42), versions 0–2, flexible from 2.
public struct DeleteGroupsResponse: ResponseMessage {
  public static let name = "DeleteGroupsResponse"
  public static let apiKey = ApiKey.deleteGroups
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 2

  public var throttleTimeMs: Int32 = 0
  public var results: [DeletableGroupResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&results)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DeletableGroupResult: WireStruct {
    public var groupId: String = ""
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&groupId)
      try c.errorCode(&errorCode)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
