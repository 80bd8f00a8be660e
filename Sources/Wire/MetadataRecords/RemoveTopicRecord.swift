import Primitives

/// A record of `__cluster_metadata`: `RemoveTopicRecord`, versions 0.
public struct RemoveTopicRecord: MetadataRecordMessage {
  public static let name = "RemoveTopicRecord"
  public static let type: UInt32 = 9
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var topicId: UUID128 = .zero
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.uuid(&topicId)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
