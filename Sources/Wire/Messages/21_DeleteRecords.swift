/// DeleteRecords request (API key 21), versions 0–2, flexible from 2.
public struct DeleteRecordsRequest: RequestMessage {
  public typealias Response = DeleteRecordsResponse
  public static let name = "DeleteRecordsRequest"
  public static let apiKey = ApiKey.deleteRecords
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 2

  public var topics: [DeleteRecordsTopic] = []
  public var timeoutMs: Int32 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&topics)
    try c.int32(&timeoutMs)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DeleteRecordsTopic: WireStruct {
    public var name: String = ""
    public var partitions: [DeleteRecordsPartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DeleteRecordsPartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var offset: Int64 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int64(&offset)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// DeleteRecords response (API key 21), versions 0–2, flexible from 2.
public struct DeleteRecordsResponse: ResponseMessage {
  public static let name = "DeleteRecordsResponse"
  public static let apiKey = ApiKey.deleteRecords
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 2

  public var throttleTimeMs: Int32 = 0
  public var topics: [DeleteRecordsTopicResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DeleteRecordsTopicResult: WireStruct {
    public var name: String = ""
    public var partitions: [DeleteRecordsPartitionResult] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DeleteRecordsPartitionResult: WireStruct {
    public var partitionIndex: Int32 = 0
    public var lowWatermark: Int64 = 0
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int64(&lowWatermark)
      try c.errorCode(&errorCode)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
