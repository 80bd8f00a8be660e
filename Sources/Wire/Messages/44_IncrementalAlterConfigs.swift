/// IncrementalAlterConfigs request (API key 44), versions 0–1, flexible from 1.
public struct IncrementalAlterConfigsRequest: RequestMessage {
  public typealias Response = IncrementalAlterConfigsResponse
  public static let name = "IncrementalAlterConfigsRequest"
  public static let apiKey = ApiKey.incrementalAlterConfigs
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 1

  public var resources: [AlterConfigsResource] = []
  public var validateOnly: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&resources)
    try c.bool(&validateOnly)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct AlterConfigsResource: WireStruct {
    public var resourceType: Int8 = 0
    public var resourceName: String = ""
    public var configs: [AlterableConfig] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int8(&resourceType)
      try c.string(&resourceName)
      try c.structures(&configs)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct AlterableConfig: WireStruct {
    public var name: String = ""
    public var configOperation: Int8 = 0
    public var value: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.int8(&configOperation)
      try c.nullableString(&value)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// IncrementalAlterConfigs response (API key 44), versions 0–1, flexible from 1.
public struct IncrementalAlterConfigsResponse: ResponseMessage {
  public static let name = "IncrementalAlterConfigsResponse"
  public static let apiKey = ApiKey.incrementalAlterConfigs
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 1

  public var throttleTimeMs: Int32 = 0
  public var responses: [AlterConfigsResourceResponse] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&responses)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct AlterConfigsResourceResponse: WireStruct {
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var resourceType: Int8 = 0
    public var resourceName: String = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.int8(&resourceType)
      try c.string(&resourceName)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
