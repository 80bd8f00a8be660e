/// DescribeProducers request (API key 61), versions 0, flexible from 0.
public struct DescribeProducersRequest: RequestMessage {
  public typealias Response = DescribeProducersResponse
  public static let name = "DescribeProducersRequest"
  public static let apiKey = ApiKey.describeProducers
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var topics: [TopicRequest] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicRequest: WireStruct {
    public var name: String = ""
    public var partitionIndexes: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.int32s(&partitionIndexes)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// DescribeProducers response (API key 61), versions 0, flexible from 0.
public struct DescribeProducersResponse: ResponseMessage {
  public static let name = "DescribeProducersResponse"
  public static let apiKey = ApiKey.describeProducers
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var topics: [TopicResponse] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicResponse: WireStruct {
    public var name: String = ""
    public var partitions: [PartitionResponse] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionResponse: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String? = nil
    public var activeProducers: [ProducerState] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.structures(&activeProducers)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct ProducerState: WireStruct {
    public var producerId: Int64 = 0
    public var producerEpoch: Int32 = 0
    public var lastSequence: Int32 = -1
    public var lastTimestamp: Int64 = -1
    public var coordinatorEpoch: Int32 = 0
    public var currentTxnStartOffset: Int64 = -1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int64(&producerId)
      try c.int32(&producerEpoch)
      try c.int32(&lastSequence)
      try c.int64(&lastTimestamp)
      try c.int32(&coordinatorEpoch)
      try c.int64(&currentTxnStartOffset)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
