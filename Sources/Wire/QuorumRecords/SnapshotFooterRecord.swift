/// A control record of the quorum: `SnapshotFooterRecord`, versions 0.
public struct SnapshotFooterRecord: Message {
  public static let name = "SnapshotFooterRecord"
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var version: Int16 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int16(&version)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
