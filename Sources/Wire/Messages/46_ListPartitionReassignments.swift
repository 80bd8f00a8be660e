/// ListPartitionReassignments request (API key 46), versions 0, flexible from 0.
public struct ListPartitionReassignmentsRequest: RequestMessage {
  public typealias Response = ListPartitionReassignmentsResponse
  public static let name = "ListPartitionReassignmentsRequest"
  public static let apiKey = ApiKey.listPartitionReassignments
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var timeoutMs: Int32 = 60000
  public var topics: [ListPartitionReassignmentsTopics]? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&timeoutMs)
    try c.nullableStructures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ListPartitionReassignmentsTopics: WireStruct {
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

/// ListPartitionReassignments response (API key 46), versions 0, flexible from 0.
public struct ListPartitionReassignmentsResponse: ResponseMessage {
  public static let name = "ListPartitionReassignmentsResponse"
  public static let apiKey = ApiKey.listPartitionReassignments
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var errorMessage: String? = ""
  public var topics: [OngoingTopicReassignment] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.nullableString(&errorMessage)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OngoingTopicReassignment: WireStruct {
    public var name: String = ""
    public var partitions: [OngoingPartitionReassignment] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OngoingPartitionReassignment: WireStruct {
    public var partitionIndex: Int32 = 0
    public var replicas: [Int32] = []
    public var addingReplicas: [Int32] = []
    public var removingReplicas: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int32s(&replicas)
      try c.int32s(&addingReplicas)
      try c.int32s(&removingReplicas)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
