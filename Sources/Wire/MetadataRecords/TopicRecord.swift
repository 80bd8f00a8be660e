import Primitives

/// A record of `__cluster_metadata`: `TopicRecord`, versions 0.
public struct TopicRecord: MetadataRecordMessage {
  public static let name = "TopicRecord"
  public static let type: UInt32 = 2
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var name: String = ""
  public var topicId: UUID128 = .zero
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&name)
    try c.uuid(&topicId)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
