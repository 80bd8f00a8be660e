/// A record of `__cluster_metadata`: `BeginTransactionRecord`, versions 0.
public struct BeginTransactionRecord: MetadataRecordMessage {
  public static let name = "BeginTransactionRecord"
  public static let type: UInt32 = 23
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var name: String? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.beginTags()
    if c.tag(0, when: name != nil) {
      try c.nullableString(&name)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}
