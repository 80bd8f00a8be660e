/// A record of `__cluster_metadata`: `UnfenceBrokerRecord`, versions 0.
public struct UnfenceBrokerRecord: MetadataRecordMessage {
  public static let name = "UnfenceBrokerRecord"
  public static let type: UInt32 = 8
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var id: Int32 = 0
  public var epoch: Int64 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&id)
    try c.int64(&epoch)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
