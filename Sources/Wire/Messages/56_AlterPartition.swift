import Primitives

/// AlterPartition request (API key 56), versions 2–3, flexible from 0.
public struct AlterPartitionRequest: RequestMessage {
  public typealias Response = AlterPartitionResponse
  public static let name = "AlterPartitionRequest"
  public static let apiKey = ApiKey.alterPartition
  public static let validVersions: ClosedRange<Int16> = 2...3
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var brokerEpoch: Int64 = -1
  public var topics: [TopicData] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.int64(&brokerEpoch)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicData: WireStruct {
    public var topicId: UUID128 = .zero
    public var partitions: [PartitionData] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.uuid(&topicId)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionData: WireStruct {
    public var partitionIndex: Int32 = 0
    public var leaderEpoch: Int32 = 0
    public var newIsr: [Int32] = []
    public var newIsrWithEpochs: [BrokerState] = []
    public var leaderRecoveryState: Int8 = 0
    public var partitionEpoch: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int32(&leaderEpoch)
      if c.version <= 2 { try c.int32s(&newIsr) }
      if c.version >= 3 { try c.structures(&newIsrWithEpochs) }
      try c.int8(&leaderRecoveryState)
      try c.int32(&partitionEpoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct BrokerState: WireStruct {
    public var brokerId: Int32 = 0
    public var brokerEpoch: Int64 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 3 { try c.int32(&brokerId) }
      if c.version >= 3 { try c.int64(&brokerEpoch) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// AlterPartition response (API key 56), versions 2–3, flexible from 0.
public struct AlterPartitionResponse: ResponseMessage {
  public static let name = "AlterPartitionResponse"
  public static let apiKey = ApiKey.alterPartition
  public static let validVersions: ClosedRange<Int16> = 2...3
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var topics: [TopicData] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicData: WireStruct {
    public var topicId: UUID128 = .zero
    public var partitions: [PartitionData] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.uuid(&topicId)
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
    public var isr: [Int32] = []
    public var leaderRecoveryState: Int8 = 0
    public var partitionEpoch: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
      try c.int32s(&isr)
      try c.int8(&leaderRecoveryState)
      try c.int32(&partitionEpoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
