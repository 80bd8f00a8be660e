import Primitives

/// CreateTopics request (API key 19), versions 2–7, flexible from 5.
public struct CreateTopicsRequest: RequestMessage {
  public typealias Response = CreateTopicsResponse
  public static let name = "CreateTopicsRequest"
  public static let apiKey = ApiKey.createTopics
  public static let validVersions: ClosedRange<Int16> = 2...7
  public static let firstFlexibleVersion: Int16? = 5

  public var topics: [CreatableTopic] = []
  public var timeoutMs: Int32 = 60000
  public var validateOnly: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&topics)
    try c.int32(&timeoutMs)
    try c.bool(&validateOnly)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct CreatableTopic: WireStruct {
    public var name: String = ""
    public var numPartitions: Int32 = 0
    public var replicationFactor: Int16 = 0
    public var assignments: [CreatableReplicaAssignment] = []
    public var configs: [CreatableTopicConfig] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.int32(&numPartitions)
      try c.int16(&replicationFactor)
      try c.structures(&assignments)
      try c.structures(&configs)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct CreatableReplicaAssignment: WireStruct {
    public var partitionIndex: Int32 = 0
    public var brokerIds: [Int32] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.int32s(&brokerIds)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct CreatableTopicConfig: WireStruct {
    public var name: String = ""
    public var value: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.nullableString(&value)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// CreateTopics response (API key 19), versions 2–7, flexible from 5.
public struct CreateTopicsResponse: ResponseMessage {
  public static let name = "CreateTopicsResponse"
  public static let apiKey = ApiKey.createTopics
  public static let validVersions: ClosedRange<Int16> = 2...7
  public static let firstFlexibleVersion: Int16? = 5

  public var throttleTimeMs: Int32 = 0
  public var topics: [CreatableTopicResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&topics)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct CreatableTopicResult: WireStruct {
    public var name: String = ""
    public var topicId: UUID128 = .zero
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var topicConfigErrorCode: Int16 = 0
    public var numPartitions: Int32 = -1
    public var replicationFactor: Int16 = -1
    public var configs: [CreatableTopicConfigs]? = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      if c.version >= 7 { try c.uuid(&topicId) }
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      if c.version >= 5 { try c.int32(&numPartitions) }
      if c.version >= 5 { try c.int16(&replicationFactor) }
      if c.version >= 5 { try c.nullableStructures(&configs) }
      try c.beginTags()
      if c.tag(0, when: topicConfigErrorCode != 0) {
        try c.errorCode(&topicConfigErrorCode)
        try c.endTag()
      }
      try c.endTags(&unknownTags)
    }
  }

  public struct CreatableTopicConfigs: WireStruct {
    public var name: String = ""
    public var value: String? = ""
    public var readOnly: Bool = false
    public var configSource: Int8 = -1
    public var isSensitive: Bool = false
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 5 { try c.string(&name) }
      if c.version >= 5 { try c.nullableString(&value) }
      if c.version >= 5 { try c.bool(&readOnly) }
      if c.version >= 5 { try c.int8(&configSource) }
      if c.version >= 5 { try c.bool(&isSensitive) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
