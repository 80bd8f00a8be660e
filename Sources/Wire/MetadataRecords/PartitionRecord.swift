import Primitives

/// A record of `__cluster_metadata`: `PartitionRecord`, versions 0–2.
public struct PartitionRecord: MetadataRecordMessage {
  public static let name = "PartitionRecord"
  public static let type: UInt32 = 3
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var partitionId: Int32 = -1
  public var topicId: UUID128 = .zero
  public var replicas: [Int32] = []
  public var isr: [Int32] = []
  public var removingReplicas: [Int32] = []
  public var addingReplicas: [Int32] = []
  public var leader: Int32 = -1
  public var leaderRecoveryState: Int8 = 0
  public var leaderEpoch: Int32 = -1
  public var partitionEpoch: Int32 = -1
  public var directories: [UUID128] = []
  public var eligibleLeaderReplicas: [Int32]? = nil
  public var lastKnownElr: [Int32]? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&partitionId)
    try c.uuid(&topicId)
    try c.int32s(&replicas)
    try c.int32s(&isr)
    try c.int32s(&removingReplicas)
    try c.int32s(&addingReplicas)
    try c.int32(&leader)
    try c.int32(&leaderEpoch)
    try c.int32(&partitionEpoch)
    if c.version >= 1 { try c.uuids(&directories) }
    try c.beginTags()
    if c.tag(0, when: leaderRecoveryState != 0) {
      try c.int8(&leaderRecoveryState)
      try c.endTag()
    }
    if c.version >= 2, c.tag(1, when: eligibleLeaderReplicas != nil) {
      try c.nullableInt32s(&eligibleLeaderReplicas)
      try c.endTag()
    }
    if c.version >= 2, c.tag(2, when: lastKnownElr != nil) {
      try c.nullableInt32s(&lastKnownElr)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}
