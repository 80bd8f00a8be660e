import Primitives

/// A record of `__cluster_metadata`: `BrokerRegistrationChangeRecord`, versions 0–3.
public struct BrokerRegistrationChangeRecord: MetadataRecordMessage {
  public static let name = "BrokerRegistrationChangeRecord"
  public static let type: UInt32 = 17
  public static let validVersions: ClosedRange<Int16> = 0...3
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var brokerEpoch: Int64 = 0
  public var fenced: Int8 = 0
  public var inControlledShutdown: Int8 = 0
  public var logDirs: [UUID128] = []
  public var cordonedLogDirs: [UUID128]? = nil
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.int64(&brokerEpoch)
    try c.beginTags()
    if c.tag(0, when: fenced != 0) {
      try c.int8(&fenced)
      try c.endTag()
    }
    if c.version >= 1, c.tag(1, when: inControlledShutdown != 0) {
      try c.int8(&inControlledShutdown)
      try c.endTag()
    }
    if c.version >= 2, c.tag(2, when: !logDirs.isEmpty) {
      try c.uuids(&logDirs)
      try c.endTag()
    }
    if c.version >= 3, c.tag(3, when: cordonedLogDirs != nil) {
      try c.nullableUuids(&cordonedLogDirs)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }
}
