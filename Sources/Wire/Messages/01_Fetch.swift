import Primitives

/// Fetch request (API key 1), versions 4–18, flexible from 12.
public struct FetchRequest: RequestMessage {
  public typealias Response = FetchResponse
  public static let name = "FetchRequest"
  public static let apiKey = ApiKey.fetch
  public static let validVersions: ClosedRange<Int16> = 4...18
  public static let firstFlexibleVersion: Int16? = 12

  public var clusterId: String? = nil
  public var replicaId: Int32 = -1
  public var replicaState = ReplicaState()
  public var maxWaitMs: Int32 = 0
  public var minBytes: Int32 = 0
  public var maxBytes: Int32 = 2_147_483_647
  public var isolationLevel: Int8 = 0
  public var sessionId: Int32 = 0
  public var sessionEpoch: Int32 = -1
  public var topics: [FetchTopic] = []
  public var forgottenTopicsData: [ForgottenTopic] = []
  public var rackId: String = ""
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version <= 14 { try c.int32(&replicaId) }
    try c.int32(&maxWaitMs)
    try c.int32(&minBytes)
    try c.int32(&maxBytes)
    try c.int8(&isolationLevel)
    if c.version >= 7 { try c.int32(&sessionId) }
    if c.version >= 7 { try c.int32(&sessionEpoch) }
    try c.structures(&topics)
    if c.version >= 7 { try c.structures(&forgottenTopicsData) }
    if c.version >= 11 { try c.string(&rackId) }
    try c.beginTags()
    if c.tag(0, when: clusterId != nil) {
      try c.nullableString(&clusterId)
      try c.endTag()
    }
    if c.version >= 15, c.tag(1, when: replicaState != ReplicaState()) {
      try c.structure(&replicaState)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct ReplicaState: WireStruct {
    public var replicaId: Int32 = -1
    public var replicaEpoch: Int64 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 15 { try c.int32(&replicaId) }
      if c.version >= 15 { try c.int64(&replicaEpoch) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct FetchTopic: WireStruct {
    public var topic: String = ""
    public var topicId: UUID128 = .zero
    public var partitions: [FetchPartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 12 { try c.string(&topic) }
      if c.version >= 13 { try c.uuid(&topicId) }
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct FetchPartition: WireStruct {
    public var partition: Int32 = 0
    public var currentLeaderEpoch: Int32 = -1
    public var fetchOffset: Int64 = 0
    public var lastFetchedEpoch: Int32 = -1
    public var logStartOffset: Int64 = -1
    public var partitionMaxBytes: Int32 = 0
    public var replicaDirectoryId: UUID128 = .zero
    public var highWatermark: Int64 = 9_223_372_036_854_775_807
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partition)
      if c.version >= 9 { try c.int32(&currentLeaderEpoch) }
      try c.int64(&fetchOffset)
      if c.version >= 12 { try c.int32(&lastFetchedEpoch) }
      if c.version >= 5 { try c.int64(&logStartOffset) }
      try c.int32(&partitionMaxBytes)
      try c.beginTags()
      if c.version >= 17, c.tag(0, when: replicaDirectoryId != .zero) {
        try c.uuid(&replicaDirectoryId)
        try c.endTag()
      }
      if c.version >= 18, c.tag(1, when: highWatermark != 9_223_372_036_854_775_807) {
        try c.int64(&highWatermark)
        try c.endTag()
      }
      try c.endTags(&unknownTags)
    }
  }

  public struct ForgottenTopic: WireStruct {
    public var topic: String = ""
    public var topicId: UUID128 = .zero
    public var partitions: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 7, c.version <= 12 { try c.string(&topic) }
      if c.version >= 13 { try c.uuid(&topicId) }
      if c.version >= 7 { try c.int32s(&partitions) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// Fetch response (API key 1), versions 4–18, flexible from 12.
public struct FetchResponse: ResponseMessage {
  public static let name = "FetchResponse"
  public static let apiKey = ApiKey.fetch
  public static let validVersions: ClosedRange<Int16> = 4...18
  public static let firstFlexibleVersion: Int16? = 12

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var sessionId: Int32 = 0
  public var responses: [FetchableTopicResponse] = []
  public var nodeEndpoints: [NodeEndpoint] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    if c.version >= 7 { try c.errorCode(&errorCode) }
    if c.version >= 7 { try c.int32(&sessionId) }
    try c.structures(&responses)
    try c.beginTags()
    if c.version >= 16, c.tag(0, when: !nodeEndpoints.isEmpty) {
      try c.structures(&nodeEndpoints)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct FetchableTopicResponse: WireStruct {
    public var topic: String = ""
    public var topicId: UUID128 = .zero
    public var partitions: [PartitionData] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 12 { try c.string(&topic) }
      if c.version >= 13 { try c.uuid(&topicId) }
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionData: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0
    public var highWatermark: Int64 = 0
    public var lastStableOffset: Int64 = -1
    public var logStartOffset: Int64 = -1
    public var divergingEpoch = EpochEndOffset()
    public var currentLeader = LeaderIdAndEpoch()
    public var snapshotId = SnapshotId()
    public var abortedTransactions: [AbortedTransaction]? = []
    public var preferredReadReplica: Int32 = -1
    public var records: RecordBytes = .null
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.int64(&highWatermark)
      try c.int64(&lastStableOffset)
      if c.version >= 5 { try c.int64(&logStartOffset) }
      try c.nullableStructures(&abortedTransactions)
      if c.version >= 11 { try c.int32(&preferredReadReplica) }
      try c.records(&records)
      try c.beginTags()
      if c.tag(0, when: divergingEpoch != EpochEndOffset()) {
        try c.structure(&divergingEpoch)
        try c.endTag()
      }
      if c.tag(1, when: currentLeader != LeaderIdAndEpoch()) {
        try c.structure(&currentLeader)
        try c.endTag()
      }
      if c.tag(2, when: snapshotId != SnapshotId()) {
        try c.structure(&snapshotId)
        try c.endTag()
      }
      try c.endTags(&unknownTags)
    }
  }

  public struct EpochEndOffset: WireStruct {
    public var epoch: Int32 = -1
    public var endOffset: Int64 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 12 { try c.int32(&epoch) }
      if c.version >= 12 { try c.int64(&endOffset) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct LeaderIdAndEpoch: WireStruct {
    public var leaderId: Int32 = -1
    public var leaderEpoch: Int32 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 12 { try c.int32(&leaderId) }
      if c.version >= 12 { try c.int32(&leaderEpoch) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct SnapshotId: WireStruct {
    public var endOffset: Int64 = -1
    public var epoch: Int32 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int64(&endOffset)
      try c.int32(&epoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct AbortedTransaction: WireStruct {
    public var producerId: Int64 = 0
    public var firstOffset: Int64 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int64(&producerId)
      try c.int64(&firstOffset)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct NodeEndpoint: WireStruct {
    public var nodeId: Int32 = 0
    public var host: String = ""
    public var port: Int32 = 0
    public var rack: String? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 16 { try c.int32(&nodeId) }
      if c.version >= 16 { try c.string(&host) }
      if c.version >= 16 { try c.int32(&port) }
      if c.version >= 16 { try c.nullableString(&rack) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
