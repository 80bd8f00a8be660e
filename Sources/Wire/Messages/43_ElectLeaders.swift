/// ElectLeaders request (API key 43), versions 0–2, flexible from 2.
public struct ElectLeadersRequest: RequestMessage {
  public typealias Response = ElectLeadersResponse
  public static let name = "ElectLeadersRequest"
  public static let apiKey = ApiKey.electLeaders
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 2

  public var electionType: Int8 = 0
  public var topicPartitions: [TopicPartitions]? = []
  public var timeoutMs: Int32 = 60000
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int8(&electionType) }
    try c.nullableStructures(&topicPartitions)
    try c.int32(&timeoutMs)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicPartitions: WireStruct {
    public var topic: String = ""
    public var partitions: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topic)
      try c.int32s(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// ElectLeaders response (API key 43), versions 0–2, flexible from 2.
public struct ElectLeadersResponse: ResponseMessage {
  public static let name = "ElectLeadersResponse"
  public static let apiKey = ApiKey.electLeaders
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 2

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var replicaElectionResults: [ReplicaElectionResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    if c.version >= 1 { try c.errorCode(&errorCode) }
    try c.structures(&replicaElectionResults)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ReplicaElectionResult: WireStruct {
    public var topic: String = ""
    public var partitionResult: [PartitionResult] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topic)
      try c.structures(&partitionResult)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionResult: WireStruct {
    public var partitionId: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionId)
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
