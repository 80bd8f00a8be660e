/// CreatePartitions request (API key 37), versions 0–3, flexible from 2.
public struct CreatePartitionsRequest: RequestMessage {
  public typealias Response = CreatePartitionsResponse
  public static let name = "CreatePartitionsRequest"
  public static let apiKey = ApiKey.createPartitions
  public static let validVersions: ClosedRange<Int16> = 0...3
  public static let firstFlexibleVersion: Int16? = 2

  public var topics: [CreatePartitionsTopic] = []
  public var timeoutMs: Int32 = 0
  public var validateOnly: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&topics)
    try c.int32(&timeoutMs)
    try c.bool(&validateOnly)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct CreatePartitionsTopic: WireStruct {
    public var name: String = ""
    public var count: Int32 = 0
    public var assignments: [CreatePartitionsAssignment]? = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.int32(&count)
      try c.nullableStructures(&assignments)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct CreatePartitionsAssignment: WireStruct {
    public var brokerIds: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32s(&brokerIds)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// CreatePartitions response (API key 37), versions 0–3, flexible from 2.
public struct CreatePartitionsResponse: ResponseMessage {
  public static let name = "CreatePartitionsResponse"
  public static let apiKey = ApiKey.createPartitions
  public static let validVersions: ClosedRange<Int16> = 0...3
  public static let firstFlexibleVersion: Int16? = 2

  public var throttleTimeMs: Int32 = 0
  public var results: [CreatePartitionsTopicResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&results)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct CreatePartitionsTopicResult: WireStruct {
    public var name: String = ""
    public var errorCode: Int16 = 0
    public var errorMessage: String? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
