/// ListConfigResources request (API key 74), versions 0–1, flexible from 0.
public struct ListConfigResourcesRequest: RequestMessage {
  public typealias Response = ListConfigResourcesResponse
  public static let name = "ListConfigResourcesRequest"
  public static let apiKey = ApiKey.listConfigResources
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var resourceTypes: [Int8] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 1 { try c.int8s(&resourceTypes) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// ListConfigResources response (API key 74), versions 0–1, flexible from 0.
public struct ListConfigResourcesResponse: ResponseMessage {
  public static let name = "ListConfigResourcesResponse"
  public static let apiKey = ApiKey.listConfigResources
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var configResources: [ConfigResource] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.structures(&configResources)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct ConfigResource: WireStruct {
    public var resourceName: String = ""
    public var resourceType: Int8 = 16
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&resourceName)
      if c.version >= 1 { try c.int8(&resourceType) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
