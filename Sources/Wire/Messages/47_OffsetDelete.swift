/// OffsetDelete request (API key 47), versions 0.
public struct OffsetDeleteRequest: RequestMessage {
  public typealias Response = OffsetDeleteResponse
  public static let name = "OffsetDeleteRequest"
  public static let apiKey = ApiKey.offsetDelete
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = nil

  public var groupId: String = ""
  public var topics: [OffsetDeleteRequestTopic] = []

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&groupId)
    try c.structures(&topics)
  }

  public struct OffsetDeleteRequestTopic: WireStruct {
    public var name: String = ""
    public var partitions: [OffsetDeleteRequestPartition] = []

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
    }
  }

  public struct OffsetDeleteRequestPartition: WireStruct {
    public var partitionIndex: Int32 = 0

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
    }
  }
}

/// OffsetDelete response (API key 47), versions 0.
public struct OffsetDeleteResponse: ResponseMessage {
  public static let name = "OffsetDeleteResponse"
  public static let apiKey = ApiKey.offsetDelete
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = nil

  public var errorCode: Int16 = 0
  public var throttleTimeMs: Int32 = 0
  public var topics: [OffsetDeleteResponseTopic] = []

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.errorCode(&errorCode)
    try c.int32(&throttleTimeMs)
    try c.structures(&topics)
  }

  public struct OffsetDeleteResponseTopic: WireStruct {
    public var name: String = ""
    public var partitions: [OffsetDeleteResponsePartition] = []

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
    }
  }

  public struct OffsetDeleteResponsePartition: WireStruct {
    public var partitionIndex: Int32 = 0
    public var errorCode: Int16 = 0

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partitionIndex)
      try c.errorCode(&errorCode)
    }
  }
}
