/// OffsetForLeaderEpoch request (API key 23), versions 2–4, flexible from 4.
public struct OffsetForLeaderEpochRequest: RequestMessage {
  public typealias Response = OffsetForLeaderEpochResponse
  public static let name = "OffsetForLeaderEpochRequest"
  public static let apiKey = ApiKey.offsetForLeaderEpoch
  public static let validVersions: ClosedRange<Int16> = 2...4
  public static let firstFlexibleVersion: Int16? = 4

  public var replicaId: Int32 = -2
  public var topics: [OffsetForLeaderTopic] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 3 { try c.int32(&replicaId) }
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OffsetForLeaderTopic: WireStruct {
    public var topic: String = ""
    public var partitions: [OffsetForLeaderPartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topic)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetForLeaderPartition: WireStruct {
    public var partition: Int32 = 0
    public var currentLeaderEpoch: Int32 = -1
    public var leaderEpoch: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partition)
      try c.int32(&currentLeaderEpoch)
      try c.int32(&leaderEpoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// OffsetForLeaderEpoch response (API key 23), versions 2–4, flexible from 4.
public struct OffsetForLeaderEpochResponse: ResponseMessage {
  public static let name = "OffsetForLeaderEpochResponse"
  public static let apiKey = ApiKey.offsetForLeaderEpoch
  public static let validVersions: ClosedRange<Int16> = 2...4
  public static let firstFlexibleVersion: Int16? = 4

  public var throttleTimeMs: Int32 = 0
  public var topics: [OffsetForLeaderTopicResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OffsetForLeaderTopicResult: WireStruct {
    public var topic: String = ""
    public var partitions: [EpochEndOffset] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topic)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct EpochEndOffset: WireStruct {
    public var errorCode: Int16 = 0
    public var partition: Int32 = 0
    public var leaderEpoch: Int32 = -1
    public var endOffset: Int64 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.int32(&partition)
      try c.int32(&leaderEpoch)
      try c.int64(&endOffset)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
