import Primitives

/// DescribeQuorum request (API key 55), versions 0–2, flexible from 0.
public struct DescribeQuorumRequest: RequestMessage {
  public typealias Response = DescribeQuorumResponse
  public static let name = "DescribeQuorumRequest"
  public static let apiKey = ApiKey.describeQuorum
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var topics: [TopicData] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicData: WireStruct {
    public var topicName: String = ""
    public var partitions: [PartitionData] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topicName)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionData: WireStruct {
    public var partitionIndex: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// DescribeQuorum response (API key 55), versions 0–2, flexible from 0.
public struct DescribeQuorumResponse: ResponseMessage {
  public static let name = "DescribeQuorumResponse"
  public static let apiKey = ApiKey.describeQuorum
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var errorCode: Int16 = 0
  public var errorMessage: String? = ""
  public var topics: [TopicData] = []
  public var nodes: [Node] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.errorCode(&errorCode)
    if c.version >= 2 { try c.nullableString(&errorMessage) }
    try c.structures(&topics)
    if c.version >= 2 { try c.structures(&nodes) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ReplicaState: WireStruct {
    public var replicaId: Int32 = 0
    public var replicaDirectoryId: UUID128 = .zero
    public var logEndOffset: Int64 = 0
    public var lastFetchTimestamp: Int64 = -1
    public var lastCaughtUpTimestamp: Int64 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&replicaId)
      if c.version >= 2 { try c.uuid(&replicaDirectoryId) }
      try c.int64(&logEndOffset)
      if c.version >= 1 { try c.int64(&lastFetchTimestamp) }
      if c.version >= 1 { try c.int64(&lastCaughtUpTimestamp) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct TopicData: WireStruct {
    public var topicName: String = ""
    public var partitions: [PartitionData] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topicName)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionData: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var leaderId: Int32 = 0
    public var leaderEpoch: Int32 = 0
    public var highWatermark: Int64 = 0
    public var currentVoters: [ReplicaState] = []
    public var observers: [ReplicaState] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      if c.version >= 2 { try c.nullableString(&errorMessage) }
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
      try c.int64(&highWatermark)
      try c.structures(&currentVoters)
      try c.structures(&observers)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct Node: WireStruct {
    public var nodeId: Int32 = 0
    public var listeners: [Listener] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 2 { try c.int32(&nodeId) }
      if c.version >= 2 { try c.structures(&listeners) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct Listener: WireStruct {
    public var name: String = ""
    public var host: String = ""
    public var port: UInt16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 2 { try c.string(&name) }
      if c.version >= 2 { try c.string(&host) }
      if c.version >= 2 { try c.uint16(&port) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
