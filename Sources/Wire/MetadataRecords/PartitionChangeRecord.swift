import Primitives

/// A record of `__cluster_metadata`: `PartitionChangeRecord`, versions 0–2.
public struct PartitionChangeRecord: MetadataRecordMessage {
  public static let name = "PartitionChangeRecord"
  public static let type: UInt32 = 5
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var partitionId: Int32 = -1
  public var topicId: UUID128 = .zero
  public var isr: [Int32]? = nil
  public var leader: Int32 = -2
  public var replicas: [Int32]? = nil
  public var removingReplicas: [Int32]? = nil
  public var addingReplicas: [Int32]? = nil
  public var leaderRecoveryState: Int8 = -1
  public var directories: [UUID128]? = nil
  public var eligibleLeaderReplicas: [Int32]? = nil
  public var lastKnownElr: [Int32]? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&partitionId)
    try c.uuid(&topicId)
    try c.beginTags()
    if c.tag(0, when: isr != nil) {
      try c.nullableInt32s(&isr)
      try c.endTag()
    }
    if c.tag(1, when: leader != -2) {
      try c.int32(&leader)
      try c.endTag()
    }
    if c.tag(2, when: replicas != nil) {
      try c.nullableInt32s(&replicas)
      try c.endTag()
    }
    if c.tag(3, when: removingReplicas != nil) {
      try c.nullableInt32s(&removingReplicas)
      try c.endTag()
    }
    if c.tag(4, when: addingReplicas != nil) {
      try c.nullableInt32s(&addingReplicas)
      try c.endTag()
    }
    if c.tag(5, when: leaderRecoveryState != -1) {
      try c.int8(&leaderRecoveryState)
      try c.endTag()
    }
    if c.version >= 2, c.tag(6, when: eligibleLeaderReplicas != nil) {
      try c.nullableInt32s(&eligibleLeaderReplicas)
      try c.endTag()
    }
    if c.version >= 2, c.tag(7, when: lastKnownElr != nil) {
      try c.nullableInt32s(&lastKnownElr)
      try c.endTag()
    }
    if c.version >= 1, c.tag(8, when: directories != nil) {
      try c.nullableUuids(&directories)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}
