/// A record of `__cluster_metadata`: `NoOpRecord`, versions 0.
public struct NoOpRecord: MetadataRecordMessage {
  public static let name = "NoOpRecord"
  public static let type: UInt32 = 20
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
