/// A record of `__cluster_metadata`: `FeatureLevelRecord`, versions 0.
public struct FeatureLevelRecord: MetadataRecordMessage {
  public static let name = "FeatureLevelRecord"
  public static let type: UInt32 = 12
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var name: String = ""
  public var featureLevel: Int16 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&name)
    try c.int16(&featureLevel)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
