import Primitives

/// Metadata request (API key 3), versions 0–13, flexible from 9.
public struct MetadataRequest: RequestMessage {
  public typealias Response = MetadataResponse
  public static let name = "MetadataRequest"
  public static let apiKey = ApiKey.metadata
  public static let validVersions: ClosedRange<Int16> = 0...13
  public static let firstFlexibleVersion: Int16? = 9

  public var topics: [MetadataRequestTopic]? = []
  public var allowAutoTopicCreation: Bool = true
  public var includeClusterAuthorizedOperations: Bool = false
  public var includeTopicAuthorizedOperations: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version <= 0 { try c.structures(orEmpty: &topics) }
    if c.version >= 1 { try c.nullableStructures(&topics) }
    if c.version >= 4 { try c.bool(&allowAutoTopicCreation) }
    if c.version >= 8, c.version <= 10 { try c.bool(&includeClusterAuthorizedOperations) }
    if c.version >= 8 { try c.bool(&includeTopicAuthorizedOperations) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct MetadataRequestTopic: WireStruct {
    public var topicId: UUID128 = .zero
    public var name: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 10 { try c.uuid(&topicId) }
      if c.version <= 9 { try c.string(orEmpty: &name) }
      if c.version >= 10 { try c.nullableString(&name) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// Metadata response (API key 3), versions 0–13, flexible from 9.
public struct MetadataResponse: ResponseMessage {
  public static let name = "MetadataResponse"
  public static let apiKey = ApiKey.metadata
  public static let validVersions: ClosedRange<Int16> = 0...13
  public static let firstFlexibleVersion: Int16? = 9

  public var throttleTimeMs: Int32 = 0
  public var brokers: [MetadataResponseBroker] = []
  public var clusterId: String? = nil
  public var controllerId: Int32 = -1
  public var topics: [MetadataResponseTopic] = []
  public var clusterAuthorizedOperations: Int32 = -2_147_483_648
  public var errorCode: Int16 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 3 { try c.int32(&throttleTimeMs) }
    try c.structures(&brokers)
    if c.version >= 2 { try c.nullableString(&clusterId) }
    if c.version >= 1 { try c.int32(&controllerId) }
    try c.structures(&topics)
    if c.version >= 8, c.version <= 10 { try c.int32(&clusterAuthorizedOperations) }
    if c.version >= 13 { try c.errorCode(&errorCode) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct MetadataResponseBroker: WireStruct {
    public var nodeId: Int32 = 0
    public var host: String = ""
    public var port: Int32 = 0
    public var rack: String? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&nodeId)
      try c.string(&host)
      try c.int32(&port)
      if c.version >= 1 { try c.nullableString(&rack) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct MetadataResponseTopic: WireStruct {
    public var errorCode: Int16 = 0
    public var name: String? = ""
    public var topicId: UUID128 = .zero
    public var isInternal: Bool = false
    public var partitions: [MetadataResponsePartition] = []
    public var topicAuthorizedOperations: Int32 = -2_147_483_648
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      if c.version <= 11 { try c.string(orEmpty: &name) }
      if c.version >= 12 { try c.nullableString(&name) }
      if c.version >= 10 { try c.uuid(&topicId) }
      if c.version >= 1 { try c.bool(&isInternal) }
      try c.structures(&partitions)
      if c.version >= 8 { try c.int32(&topicAuthorizedOperations) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct MetadataResponsePartition: WireStruct {
    public var errorCode: Int16 = 0
    public var partitionIndex: Int32 = 0
    public var leaderId: Int32 = 0
    public var leaderEpoch: Int32 = -1
    public var replicaNodes: [Int32] = []
    public var isrNodes: [Int32] = []
    public var offlineReplicas: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.int32(&partitionIndex)
      try c.int32(&leaderId)
      if c.version >= 7 { try c.int32(&leaderEpoch) }
      try c.int32s(&replicaNodes)
      try c.int32s(&isrNodes)
      if c.version >= 5 { try c.int32s(&offlineReplicas) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
