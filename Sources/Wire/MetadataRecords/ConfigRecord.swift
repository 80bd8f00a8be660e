/// A record of `__cluster_metadata`: `ConfigRecord`, versions 0.
public struct ConfigRecord: MetadataRecordMessage {
  public static let name = "ConfigRecord"
  public static let type: UInt32 = 4
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var resourceType: Int8 = 0
  public var resourceName: String = ""
  public var name: String = ""
  public var value: String? = ""
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int8(&resourceType)
    try c.string(&resourceName)
    try c.string(&name)
    try c.nullableString(&value)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
