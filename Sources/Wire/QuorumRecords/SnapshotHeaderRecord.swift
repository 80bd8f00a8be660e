/// A control record of the quorum: `SnapshotHeaderRecord`, versions 0.
public struct SnapshotHeaderRecord: Message {
  public static let name = "SnapshotHeaderRecord"
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var version: Int16 = 0
  public var lastContainedLogTimestamp: Int64 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int16(&version)
    try c.int64(&lastContainedLogTimestamp)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
