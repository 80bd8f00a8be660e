import Primitives

/// EndQuorumEpoch request (API key 54), versions 0–1, flexible from 1.
public struct EndQuorumEpochRequest: RequestMessage {
  public typealias Response = EndQuorumEpochResponse
  public static let name = "EndQuorumEpochRequest"
  public static let apiKey = ApiKey.endQuorumEpoch
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 1

  public var clusterId: String? = nil
  public var topics: [TopicData] = []
  public var leaderEndpoints: [LeaderEndpoint] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.nullableString(&clusterId)
    try c.structures(&topics)
    if c.version >= 1 { try c.structures(&leaderEndpoints) }
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
    public var leaderId: Int32 = 0
    public var leaderEpoch: Int32 = 0
    public var preferredSuccessors: [Int32] = []
    public var preferredCandidates: [ReplicaInfo] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
      if c.version <= 0 { try c.int32s(&preferredSuccessors) }
      if c.version >= 1 { try c.structures(&preferredCandidates) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct ReplicaInfo: WireStruct {
    public var candidateId: Int32 = 0
    public var candidateDirectoryId: UUID128 = .zero
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 1 { try c.int32(&candidateId) }
      if c.version >= 1 { try c.uuid(&candidateDirectoryId) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct LeaderEndpoint: WireStruct {
    public var name: String = ""
    public var host: String = ""
    public var port: UInt16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 1 { try c.string(&name) }
      if c.version >= 1 { try c.string(&host) }
      if c.version >= 1 { try c.uint16(&port) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// EndQuorumEpoch response (API key 54), versions 0–1, flexible from 1.
public struct EndQuorumEpochResponse: ResponseMessage {
  public static let name = "EndQuorumEpochResponse"
  public static let apiKey = ApiKey.endQuorumEpoch
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 1

  public var errorCode: Int16 = 0
  public var topics: [TopicData] = []
  public var nodeEndpoints: [NodeEndpoint] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.errorCode(&errorCode)
    try c.structures(&topics)
    try c.beginTags()
    if c.tag(0, when: !nodeEndpoints.isEmpty) {
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
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
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
