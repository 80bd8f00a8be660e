import Primitives

/// OffsetCommit request (API key 8), versions 2–10, flexible from 8.
public struct OffsetCommitRequest: RequestMessage {
  public typealias Response = OffsetCommitResponse
  public static let name = "OffsetCommitRequest"
  public static let apiKey = ApiKey.offsetCommit
  public static let validVersions: ClosedRange<Int16> = 2...10
  public static let firstFlexibleVersion: Int16? = 8

  public var groupId: String = ""
  public var generationIdOrMemberEpoch: Int32 = -1
  public var memberId: String = ""
  public var groupInstanceId: String? = nil
  public var retentionTimeMs: Int64 = -1
  public var topics: [OffsetCommitRequestTopic] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&groupId)
    try c.int32(&generationIdOrMemberEpoch)
    try c.string(&memberId)
    if c.version >= 7 { try c.nullableString(&groupInstanceId) }
    if c.version <= 4 { try c.int64(&retentionTimeMs) }
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OffsetCommitRequestTopic: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var partitions: [OffsetCommitRequestPartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 9 { try c.string(&name) }
      if c.version >= 10 { try c.uuid(&topicId) }
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetCommitRequestPartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var committedOffset: Int64 = 0
    public var committedLeaderEpoch: Int32 = -1
    public var committedMetadata: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int64(&committedOffset)
      if c.version >= 6 { try c.int32(&committedLeaderEpoch) }
      try c.nullableString(&committedMetadata)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// OffsetCommit response (API key 8), versions 2–10, flexible from 8.
public struct OffsetCommitResponse: ResponseMessage {
  public static let name = "OffsetCommitResponse"
  public static let apiKey = ApiKey.offsetCommit
  public static let validVersions: ClosedRange<Int16> = 2...10
  public static let firstFlexibleVersion: Int16? = 8

  public var throttleTimeMs: Int32 = 0
  public var topics: [OffsetCommitResponseTopic] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 3 { try c.int32(&throttleTimeMs) }
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OffsetCommitResponseTopic: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var partitions: [OffsetCommitResponsePartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 9 { try c.string(&name) }
      if c.version >= 10 { try c.uuid(&topicId) }
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetCommitResponsePartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
