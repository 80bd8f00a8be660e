/// A record of `__cluster_metadata`: `EndTransactionRecord`, versions 0.
public struct EndTransactionRecord: MetadataRecordMessage {
  public static let name = "EndTransactionRecord"
  public static let type: UInt32 = 24
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
