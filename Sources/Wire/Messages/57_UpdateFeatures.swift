/// UpdateFeatures request (API key 57), versions 0–2, flexible from 0.
public struct UpdateFeaturesRequest: RequestMessage {
  public typealias Response = UpdateFeaturesResponse
  public static let name = "UpdateFeaturesRequest"
  public static let apiKey = ApiKey.updateFeatures
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var timeoutMs: Int32 = 60000
  public var featureUpdates: [FeatureUpdateKey] = []
  public var validateOnly: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&timeoutMs)
    try c.structures(&featureUpdates)
    if c.version >= 1 { try c.bool(&validateOnly) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct FeatureUpdateKey: WireStruct {
    public var feature: String = ""
    public var maxVersionLevel: Int16 = 0
    public var allowDowngrade: Bool = false
    public var upgradeType: Int8 = 1
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&feature)
      try c.int16(&maxVersionLevel)
      if c.version <= 0 { try c.bool(&allowDowngrade) }
      if c.version >= 1 { try c.int8(&upgradeType) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// UpdateFeatures response (API key 57), versions 0–2, flexible from 0.
public struct UpdateFeaturesResponse: ResponseMessage {
  public static let name = "UpdateFeaturesResponse"
  public static let apiKey = ApiKey.updateFeatures
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var errorMessage: String? = ""
  public var results: [UpdatableFeatureResult] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.nullableString(&errorMessage)
    if c.version <= 1 { try c.structures(&results) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct UpdatableFeatureResult: WireStruct {
    public var feature: String = ""
    public var errorCode: Int16 = 0
    public var errorMessage: String? = ""
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&feature)
      try c.errorCode(&errorCode)
      try c.nullableString(&errorMessage)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
