import Primitives

/// DescribeTopicPartitions request (API key 75), versions 0, flexible from 0.
public struct DescribeTopicPartitionsRequest: RequestMessage {
  public typealias Response = DescribeTopicPartitionsResponse
  public static let name = "DescribeTopicPartitionsRequest"
  public static let apiKey = ApiKey.describeTopicPartitions
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var topics: [TopicRequest] = []
  public var responsePartitionLimit: Int32 = 2000
  public var cursor: Cursor? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&topics)
    try c.int32(&responsePartitionLimit)
    try c.nullableStructure(&cursor)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicRequest: WireStruct {
    public var name: String = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct Cursor: WireStruct {
    public var topicName: String = ""
    public var partitionIndex: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topicName)
      try c.int32(&partitionIndex)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// DescribeTopicPartitions response (API key 75), versions 0, flexible from 0.
public struct DescribeTopicPartitionsResponse: ResponseMessage {
  public static let name = "DescribeTopicPartitionsResponse"
  public static let apiKey = ApiKey.describeTopicPartitions
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var topics: [DescribeTopicPartitionsResponseTopic] = []
  public var nextCursor: Cursor? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&topics)
    try c.nullableStructure(&nextCursor)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribeTopicPartitionsResponseTopic: WireStruct {
    public var errorCode: Int16 = 0
    public var name: String? = ""
    public var topicId: UUID128 = .zero
    public var isInternal: Bool = false
    public var partitions: [DescribeTopicPartitionsResponsePartition] = []
    public var topicAuthorizedOperations: Int32 = -2_147_483_648
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.nullableString(&name)
      try c.uuid(&topicId)
      try c.bool(&isInternal)
      try c.structures(&partitions)
      try c.int32(&topicAuthorizedOperations)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DescribeTopicPartitionsResponsePartition: WireStruct {
    public var errorCode: Int16 = 0
    public var partitionIndex: Int32 = 0
    public var leaderId: Int32 = 0
    public var leaderEpoch: Int32 = -1
    public var replicaNodes: [Int32] = []
    public var isrNodes: [Int32] = []
    public var eligibleLeaderReplicas: [Int32]? = nil
    public var lastKnownElr: [Int32]? = nil
    public var offlineReplicas: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.int32(&partitionIndex)
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
      try c.int32s(&replicaNodes)
      try c.int32s(&isrNodes)
      try c.nullableInt32s(&eligibleLeaderReplicas)
      try c.nullableInt32s(&lastKnownElr)
      try c.int32s(&offlineReplicas)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct Cursor: WireStruct {
    public var topicName: String = ""
    public var partitionIndex: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topicName)
      try c.int32(&partitionIndex)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
