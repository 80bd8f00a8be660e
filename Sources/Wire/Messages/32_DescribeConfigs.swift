/// DescribeConfigs request (API key 32), versions 1–4, flexible from 4.
public struct DescribeConfigsRequest: RequestMessage {
  public typealias Response = DescribeConfigsResponse
  public static let name = "DescribeConfigsRequest"
  public static let apiKey = ApiKey.describeConfigs
  public static let validVersions: ClosedRange<Int16> = 1...4
  public static let firstFlexibleVersion: Int16? = 4

  public var resources: [DescribeConfigsResource] = []
  public var includeSynonyms: Bool = false
  public var includeDocumentation: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&resources)
    try c.bool(&includeSynonyms)
    if c.version >= 3 { try c.bool(&includeDocumentation) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribeConfigsResource: WireStruct {
    public var resourceType: Int8 = 0
    public var resourceName: String = ""
    public var configurationKeys: [String]? = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int8(&resourceType)
      try c.string(&resourceName)
      try c.nullableStrings(&configurationKeys)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// DescribeConfigs response (API key 32), versions 1–4, flexible from 4.
public struct DescribeConfigsResponse: ResponseMessage {
  public static let name = "DescribeConfigsResponse"
  public static let apiKey = ApiKey.describeConfigs
  public static let validVersions: ClosedRange<Int16> = 1...4
  public static let firstFlexibleVersion: Int16? = 4

  public var throttleTimeMs: Int32 = 0
  public var results: [DescribeConfigsResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.structures(&results)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribeConfigsResult: WireStruct {
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var resourceType: Int8 = 0
    public var resourceName: String = ""
    public var configs: [DescribeConfigsResourceResult] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.int8(&resourceType)
      try c.string(&resourceName)
      try c.structures(&configs)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DescribeConfigsResourceResult: WireStruct {
    public var name: String = ""
    public var value: String? = ""
    public var readOnly: Bool = false
    public var configSource: Int8 = -1
    public var isSensitive: Bool = false
    public var synonyms: [DescribeConfigsSynonym] = []
    public var configType: Int8 = 0
    public var documentation: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.nullableString(&value)
      try c.bool(&readOnly)
      try c.int8(&configSource)
      try c.bool(&isSensitive)
      try c.structures(&synonyms)
      if c.version >= 3 { try c.int8(&configType) }
      if c.version >= 3 { try c.nullableString(&documentation) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct DescribeConfigsSynonym: WireStruct {
    public var name: String = ""
    public var value: String? = ""
    public var source: Int8 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.nullableString(&value)
      try c.int8(&source)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
