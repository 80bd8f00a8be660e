/// ListOffsets request (API key 2), versions 1–11, flexible from 6.
public struct ListOffsetsRequest: RequestMessage {
  public typealias Response = ListOffsetsResponse
  public static let name = "ListOffsetsRequest"
  public static let apiKey = ApiKey.listOffsets
  public static let validVersions: ClosedRange<Int16> = 1...11
  public static let firstFlexibleVersion: Int16? = 6

  public var replicaId: Int32 = 0
  public var isolationLevel: Int8 = 0
  public var topics: [ListOffsetsTopic] = []
  public var timeoutMs: Int32 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&replicaId)
    if c.version >= 2 { try c.int8(&isolationLevel) }
    try c.structures(&topics)
    if c.version >= 10 { try c.int32(&timeoutMs) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ListOffsetsTopic: WireStruct {
    public var name: String = ""
    public var partitions: [ListOffsetsPartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct ListOffsetsPartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var currentLeaderEpoch: Int32 = -1
    public var timestamp: Int64 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      if c.version >= 4 { try c.int32(&currentLeaderEpoch) }
      try c.int64(&timestamp)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// ListOffsets response (API key 2), versions 1–11, flexible from 6.
public struct ListOffsetsResponse: ResponseMessage {
  public static let name = "ListOffsetsResponse"
  public static let apiKey = ApiKey.listOffsets
  public static let validVersions: ClosedRange<Int16> = 1...11
  public static let firstFlexibleVersion: Int16? = 6

  public var throttleTimeMs: Int32 = 0
  public var topics: [ListOffsetsTopicResponse] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 2 { try c.int32(&throttleTimeMs) }
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ListOffsetsTopicResponse: WireStruct {
    public var name: String = ""
    public var partitions: [ListOffsetsPartitionResponse] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct ListOffsetsPartitionResponse: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0
    public var timestamp: Int64 = -1
    public var offset: Int64 = -1
    public var leaderEpoch: Int32 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.int64(&timestamp)
      try c.int64(&offset)
      if c.version >= 4 { try c.int32(&leaderEpoch) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
