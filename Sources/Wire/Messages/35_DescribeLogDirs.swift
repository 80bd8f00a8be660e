/// DescribeLogDirs request (API key 35), versions 1–5, flexible from 2.
public struct DescribeLogDirsRequest: RequestMessage {
  public typealias Response = DescribeLogDirsResponse
  public static let name = "DescribeLogDirsRequest"
  public static let apiKey = ApiKey.describeLogDirs
  public static let validVersions: ClosedRange<Int16> = 1...5
  public static let firstFlexibleVersion: Int16? = 2

  public var topics: [DescribableLogDirTopic]? = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.nullableStructures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribableLogDirTopic: WireStruct {
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

/// DescribeLogDirs response (API key 35), versions 1–5, flexible from 2.
public struct DescribeLogDirsResponse: ResponseMessage {
  public static let name = "DescribeLogDirsResponse"
  public static let apiKey = ApiKey.describeLogDirs
  public static let validVersions: ClosedRange<Int16> = 1...5
  public static let firstFlexibleVersion: Int16? = 2

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var results: [DescribeLogDirsResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    if c.version >= 3 { try c.errorCode(&errorCode) }
    try c.structures(&results)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribeLogDirsResult: WireStruct {
    public var errorCode: Int16 = 0
    public var logDir: String = ""
    public var topics: [DescribeLogDirsTopic] = []
    public var totalBytes: Int64 = -1
    public var usableBytes: Int64 = -1
    public var isCordoned: Bool = false
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.string(&logDir)
      try c.structures(&topics)
      if c.version >= 4 { try c.int64(&totalBytes) }
      if c.version >= 4 { try c.int64(&usableBytes) }
      if c.version >= 5 { try c.bool(&isCordoned) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DescribeLogDirsTopic: WireStruct {
    public var name: String = ""
    public var partitions: [DescribeLogDirsPartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DescribeLogDirsPartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var partitionSize: Int64 = 0
    public var offsetLag: Int64 = 0
    public var isFutureKey: Bool = false
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int64(&partitionSize)
      try c.int64(&offsetLag)
      try c.bool(&isFutureKey)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
