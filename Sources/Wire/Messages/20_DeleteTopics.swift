import Primitives

/// DeleteTopics request (API key 20), versions 1–6, flexible from 4.
public struct DeleteTopicsRequest: RequestMessage {
  public typealias Response = DeleteTopicsResponse
  public static let name = "DeleteTopicsRequest"
  public static let apiKey = ApiKey.deleteTopics
  public static let validVersions: ClosedRange<Int16> = 1...6
  public static let firstFlexibleVersion: Int16? = 4

  public var topics: [DeleteTopicState] = []
  public var topicNames: [String] = []
  public var timeoutMs: Int32 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 6 { try c.structures(&topics) }
    if c.version <= 5 { try c.strings(&topicNames) }
    try c.int32(&timeoutMs)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DeleteTopicState: WireStruct {
    public var name: String? = nil
    public var topicId: UUID128 = .zero
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 6 { try c.nullableString(&name) }
      if c.version >= 6 { try c.uuid(&topicId) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// DeleteTopics response (API key 20), versions 1–6, flexible from 4.
public struct DeleteTopicsResponse: ResponseMessage {
  public static let name = "DeleteTopicsResponse"
  public static let apiKey = ApiKey.deleteTopics
  public static let validVersions: ClosedRange<Int16> = 1...6
  public static let firstFlexibleVersion: Int16? = 4

  public var throttleTimeMs: Int32 = 0
  public var responses: [DeletableTopicResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&responses)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DeletableTopicResult: WireStruct {
    public var name: String? = ""
    public var topicId: UUID128 = .zero
    public var errorCode: Int16 = 0
    public var errorMessage: String? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 5 { try c.string(orEmpty: &name) }
      if c.version >= 6 { try c.nullableString(&name) }
      if c.version >= 6 { try c.uuid(&topicId) }
      try c.errorCode(&errorCode)
      if c.version >= 5 { try c.nullableString(&errorMessage) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
