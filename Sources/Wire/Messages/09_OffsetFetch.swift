import Primitives

/// OffsetFetch request (API key 9), versions 1–10, flexible from 6.
public struct OffsetFetchRequest: RequestMessage {
  public typealias Response = OffsetFetchResponse
  public static let name = "OffsetFetchRequest"
  public static let apiKey = ApiKey.offsetFetch
  public static let validVersions: ClosedRange<Int16> = 1...10
  public static let firstFlexibleVersion: Int16? = 6

  public var groupId: String = ""
  public var topics: [OffsetFetchRequestTopic]? = []
  public var groups: [OffsetFetchRequestGroup] = []
  public var requireStable: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version <= 7 { try c.string(&groupId) }
    if c.version <= 1 { try c.structures(orEmpty: &topics) }
    if c.version >= 2, c.version <= 7 { try c.nullableStructures(&topics) }
    if c.version >= 8 { try c.structures(&groups) }
    if c.version >= 7 { try c.bool(&requireStable) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OffsetFetchRequestTopic: WireStruct {
    public var name: String = ""
    public var partitionIndexes: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 7 { try c.string(&name) }
      if c.version <= 7 { try c.int32s(&partitionIndexes) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetFetchRequestGroup: WireStruct {
    public var groupId: String = ""
    public var memberId: String? = nil
    public var memberEpoch: Int32 = -1
    public var topics: [OffsetFetchRequestTopics]? = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 8 { try c.string(&groupId) }
      if c.version >= 9 { try c.nullableString(&memberId) }
      if c.version >= 9 { try c.int32(&memberEpoch) }
      if c.version >= 8 { try c.nullableStructures(&topics) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetFetchRequestTopics: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var partitionIndexes: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 8, c.version <= 9 { try c.string(&name) }
      if c.version >= 10 { try c.uuid(&topicId) }
      if c.version >= 8 { try c.int32s(&partitionIndexes) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// OffsetFetch response (API key 9), versions 1–10, flexible from 6.
public struct OffsetFetchResponse: ResponseMessage {
  public static let name = "OffsetFetchResponse"
  public static let apiKey = ApiKey.offsetFetch
  public static let validVersions: ClosedRange<Int16> = 1...10
  public static let firstFlexibleVersion: Int16? = 6

  public var throttleTimeMs: Int32 = 0
  public var topics: [OffsetFetchResponseTopic] = []
  public var errorCode: Int16 = 0
  public var groups: [OffsetFetchResponseGroup] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 3 { try c.int32(&throttleTimeMs) }
    if c.version <= 7 { try c.structures(&topics) }
    if c.version >= 2, c.version <= 7 { try c.errorCode(&errorCode) }
    if c.version >= 8 { try c.structures(&groups) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct OffsetFetchResponseTopic: WireStruct {
    public var name: String = ""
    public var partitions: [OffsetFetchResponsePartition] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 7 { try c.string(&name) }
      if c.version <= 7 { try c.structures(&partitions) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetFetchResponsePartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var committedOffset: Int64 = 0
    public var committedLeaderEpoch: Int32 = -1
    public var metadata: String? = ""
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version <= 7 { try c.int32(&partitionIndex) }
      if c.version <= 7 { try c.int64(&committedOffset) }
      if c.version >= 5, c.version <= 7 { try c.int32(&committedLeaderEpoch) }
      if c.version <= 7 { try c.nullableString(&metadata) }
      if c.version <= 7 { try c.errorCode(&errorCode) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetFetchResponseGroup: WireStruct {
    public var groupId: String = ""
    public var topics: [OffsetFetchResponseTopics] = []
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 8 { try c.string(&groupId) }
      if c.version >= 8 { try c.structures(&topics) }
      if c.version >= 8 { try c.errorCode(&errorCode) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetFetchResponseTopics: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var partitions: [OffsetFetchResponsePartitions] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 8, c.version <= 9 { try c.string(&name) }
      if c.version >= 10 { try c.uuid(&topicId) }
      if c.version >= 8 { try c.structures(&partitions) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct OffsetFetchResponsePartitions: WireStruct {
    public var partitionIndex: Int32 = 0
    public var committedOffset: Int64 = 0
    public var committedLeaderEpoch: Int32 = -1
    public var metadata: String? = ""
    public var errorCode: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 8 { try c.int32(&partitionIndex) }
      if c.version >= 8 { try c.int64(&committedOffset) }
      if c.version >= 8 { try c.int32(&committedLeaderEpoch) }
      if c.version >= 8 { try c.nullableString(&metadata) }
      if c.version >= 8 { try c.errorCode(&errorCode) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
