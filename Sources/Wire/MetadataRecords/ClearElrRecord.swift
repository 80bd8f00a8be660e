/// A record of `__cluster_metadata`: `ClearElrRecord`, versions 0.
public struct ClearElrRecord: MetadataRecordMessage {
  public static let name = "ClearElrRecord"
  public static let type: UInt32 = 28
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var topicName: String = ""
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&topicName)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
