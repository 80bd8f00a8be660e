import Primitives

/// A value in `__consumer_offsets`: `OffsetCommitValue`, versions 0–4.
public struct OffsetCommitValue: Message {
  public static let name = "OffsetCommitValue"
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 4

  public var offset: Int64 = 0
  public var leaderEpoch: Int32 = -1
  public var metadata: String = ""
  public var commitTimestamp: Int64 = 0
  public var expireTimestamp: Int64 = -1
  public var topicId: UUID128 = .zero
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int64(&offset)
    if c.version >= 3 { try c.int32(&leaderEpoch) }
    try c.string(&metadata)
    try c.int64(&commitTimestamp)
    if c.version >= 1, c.version <= 1 { try c.int64(&expireTimestamp) }
    try c.beginTags()
    if c.tag(0, when: topicId != .zero) {
      try c.uuid(&topicId)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}
