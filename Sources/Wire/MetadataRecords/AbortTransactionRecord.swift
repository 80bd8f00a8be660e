/// A record of `__cluster_metadata`: `AbortTransactionRecord`, versions 0.
public struct AbortTransactionRecord: MetadataRecordMessage {
  public static let name = "AbortTransactionRecord"
  public static let type: UInt32 = 25
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var reason: String? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.beginTags()
    if c.tag(0, when: reason != nil) {
      try c.nullableString(&reason)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}
