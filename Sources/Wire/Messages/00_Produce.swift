import Primitives

/// Produce request (API key 0), versions 3–13, flexible from 9.
public struct ProduceRequest: RequestMessage {
  public typealias Response = ProduceResponse
  public static let name = "ProduceRequest"
  public static let apiKey = ApiKey.produce
  public static let validVersions: ClosedRange<Int16> = 3...13
  public static let firstFlexibleVersion: Int16? = 9

  public var transactionalId: String? = nil
  public var acks: Int16 = 0
  public var timeoutMs: Int32 = 0
  public var topicData: [TopicProduceData] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.nullableString(&transactionalId)
    try c.int16(&acks)
    try c.int32(&timeoutMs)
    try c.structures(&topicData)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct TopicProduceData: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var partitionData: [PartitionProduceData] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 12 { try c.string(&name) }
      if c.version >= 13 { try c.uuid(&topicId) }
      try c.structures(&partitionData)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionProduceData: WireStruct {
    public var index: Int32 = 0
    public var records: RecordBytes = .null
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&index)
      try c.records(&records)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// Produce response (API key 0), versions 3–13, flexible from 9.
public struct ProduceResponse: ResponseMessage {
  public static let name = "ProduceResponse"
  public static let apiKey = ApiKey.produce
  public static let validVersions: ClosedRange<Int16> = 3...13
  public static let firstFlexibleVersion: Int16? = 9

  public var responses: [TopicProduceResponse] = []
  public var throttleTimeMs: Int32 = 0
  public var nodeEndpoints: [NodeEndpoint] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&responses)
    try c.int32(&throttleTimeMs)
    try c.beginTags()
    if c.version >= 10, c.tag(0, when: !nodeEndpoints.isEmpty) {
      try c.structures(&nodeEndpoints)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct TopicProduceResponse: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var partitionResponses: [PartitionProduceResponse] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 12 { try c.string(&name) }
      if c.version >= 13 { try c.uuid(&topicId) }
      try c.structures(&partitionResponses)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionProduceResponse: WireStruct {
    public var index: Int32 = 0
    public var errorCode: Int16 = 0
    public var baseOffset: Int64 = 0
    public var logAppendTimeMs: Int64 = -1
    public var logStartOffset: Int64 = -1
    public var recordErrors: [BatchIndexAndErrorMessage] = []
    public var errorMessage: String? = nil
    public var currentLeader = LeaderIdAndEpoch()
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&index)
      try c.errorCode(&errorCode)
      try c.int64(&baseOffset)
      try c.int64(&logAppendTimeMs)
      if c.version >= 5 { try c.int64(&logStartOffset) }
      if c.version >= 8 { try c.structures(&recordErrors) }
      if c.version >= 8 { try c.nullableString(&errorMessage) }
      try c.beginTags()
      if c.version >= 10, c.tag(0, when: currentLeader != LeaderIdAndEpoch()) {
        try c.structure(&currentLeader)
        try c.endTag()
      }
      try c.endTags(&unknownTags)
    }
  }

  public struct BatchIndexAndErrorMessage: WireStruct {
    public var batchIndex: Int32 = 0
    public var batchIndexErrorMessage: String? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 8 { try c.int32(&batchIndex) }
      if c.version >= 8 { try c.nullableString(&batchIndexErrorMessage) }
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
      if c.version >= 10 { try c.int32(&leaderId) }
      if c.version >= 10 { try c.int32(&leaderEpoch) }
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
      if c.version >= 10 { try c.int32(&nodeId) }
      if c.version >= 10 { try c.string(&host) }
      if c.version >= 10 { try c.int32(&port) }
      if c.version >= 10 { try c.nullableString(&rack) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
