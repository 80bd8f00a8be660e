import Primitives

/// Vote request (API key 52), versions 0–2, flexible from 0.
public struct VoteRequest: RequestMessage {
  public typealias Response = VoteResponse
  public static let name = "VoteRequest"
  public static let apiKey = ApiKey.vote
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var clusterId: String? = nil
  public var voterId: Int32 = -1
  public var topics: [TopicData] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.nullableString(&clusterId)
    if c.version >= 1 { try c.int32(&voterId) }
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
    public var replicaEpoch: Int32 = 0
    public var replicaId: Int32 = 0
    public var replicaDirectoryId: UUID128 = .zero
    public var voterDirectoryId: UUID128 = .zero
    public var lastOffsetEpoch: Int32 = 0
    public var lastOffset: Int64 = 0
    public var preVote: Bool = false
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int32(&replicaEpoch)
      try c.int32(&replicaId)
      if c.version >= 1 { try c.uuid(&replicaDirectoryId) }
      if c.version >= 1 { try c.uuid(&voterDirectoryId) }
      try c.int32(&lastOffsetEpoch)
      try c.int64(&lastOffset)
      if c.version >= 2 { try c.bool(&preVote) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// Vote response (API key 52), versions 0–2, flexible from 0.
public struct VoteResponse: ResponseMessage {
  public static let name = "VoteResponse"
  public static let apiKey = ApiKey.vote
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var errorCode: Int16 = 0
  public var topics: [TopicData] = []
  public var nodeEndpoints: [NodeEndpoint] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.errorCode(&errorCode)
    try c.structures(&topics)
    try c.beginTags()
    if c.version >= 1, c.tag(0, when: !nodeEndpoints.isEmpty) {
      try c.structures(&nodeEndpoints)
      try c.endTag()
    }
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
    public var errorCode: Int16 = 0
    public var leaderId: Int32 = 0
    public var leaderEpoch: Int32 = 0
    public var voteGranted: Bool = false
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
      try c.bool(&voteGranted)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct NodeEndpoint: WireStruct {
    public var nodeId: Int32 = 0
    public var host: String = ""
    public var port: UInt16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 1 { try c.int32(&nodeId) }
      if c.version >= 1 { try c.string(&host) }
      if c.version >= 1 { try c.uint16(&port) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
