/// ApiVersions request (API key 18), versions 0–4, flexible from 3.
public struct ApiVersionsRequest: RequestMessage {
  public typealias Response = ApiVersionsResponse
  public static let name = "ApiVersionsRequest"
  public static let apiKey = ApiKey.apiVersions
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 3

  public var clientSoftwareName: String = ""
  public var clientSoftwareVersion: String = ""
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    if c.version >= 3 { try c.string(&clientSoftwareName) }
    if c.version >= 3 { try c.string(&clientSoftwareVersion) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// ApiVersions response (API key 18), versions 0–4, flexible from 3.
public struct ApiVersionsResponse: ResponseMessage {
  public static let name = "ApiVersionsResponse"
  public static let apiKey = ApiKey.apiVersions
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 3

  public var errorCode: Int16 = 0
  public var apiKeys: [ApiVersion] = []
  public var throttleTimeMs: Int32 = 0
  public var supportedFeatures: [SupportedFeatureKey] = []
  public var finalizedFeaturesEpoch: Int64 = -1
  public var finalizedFeatures: [FinalizedFeatureKey] = []
  public var zkMigrationReady: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.errorCode(&errorCode)
    try c.structures(&apiKeys)
    if c.version >= 1 { try c.int32(&throttleTimeMs) }
    try c.beginTags()
    if c.tag(0, when: !supportedFeatures.isEmpty) {
      try c.structures(&supportedFeatures)
      try c.endTag()
    }
    if c.tag(1, when: finalizedFeaturesEpoch != -1) {
      try c.int64(&finalizedFeaturesEpoch)
      try c.endTag()
    }
    if c.tag(2, when: !finalizedFeatures.isEmpty) {
      try c.structures(&finalizedFeatures)
      try c.endTag()
    }
    if c.tag(3, when: zkMigrationReady) {
      try c.bool(&zkMigrationReady)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct ApiVersion: WireStruct {
    public var apiKey: Int16 = 0
    public var minVersion: Int16 = 0
    public var maxVersion: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int16(&apiKey)
      try c.int16(&minVersion)
      try c.int16(&maxVersion)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct SupportedFeatureKey: WireStruct {
    public var name: String = ""
    public var minVersion: Int16 = 0
    public var maxVersion: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 3 { try c.string(&name) }
      if c.version >= 3 { try c.int16(&minVersion) }
      if c.version >= 3 { try c.int16(&maxVersion) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct FinalizedFeatureKey: WireStruct {
    public var name: String = ""
    public var maxVersionLevel: Int16 = 0
    public var minVersionLevel: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 3 { try c.string(&name) }
      if c.version >= 3 { try c.int16(&maxVersionLevel) }
      if c.version >= 3 { try c.int16(&minVersionLevel) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
