/// AlterPartitionReassignments request (API key 45), versions 0–1, flexible from 0.
public struct AlterPartitionReassignmentsRequest: RequestMessage {
  public typealias Response = AlterPartitionReassignmentsResponse
  public static let name = "AlterPartitionReassignmentsRequest"
  public static let apiKey = ApiKey.alterPartitionReassignments
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var timeoutMs: Int32 = 60000
  public var allowReplicationFactorChange: Bool = true
  public var topics: [ReassignableTopic] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&timeoutMs)
    if c.version >= 1 { try c.bool(&allowReplicationFactorChange) }
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ReassignableTopic: WireStruct {
    public var name: String = ""
    public var partitions: [ReassignablePartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct ReassignablePartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var replicas: [Int32]? = nil
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.nullableInt32s(&replicas)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// AlterPartitionReassignments response (API key 45), versions 0–1, flexible from 0.
public struct AlterPartitionReassignmentsResponse: ResponseMessage {
  public static let name = "AlterPartitionReassignmentsResponse"
  public static let apiKey = ApiKey.alterPartitionReassignments
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var allowReplicationFactorChange: Bool = true
  public var errorCode: Int16 = 0
  public var errorMessage: String? = ""
  public var responses: [ReassignableTopicResponse] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    if c.version >= 1 { try c.bool(&allowReplicationFactorChange) }
    try c.errorCode(&errorCode)
    try c.nullableString(&errorMessage)
    try c.structures(&responses)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ReassignableTopicResponse: WireStruct {
    public var name: String = ""
    public var partitions: [ReassignablePartitionResponse] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct ReassignablePartitionResponse: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
