/// A record of `__cluster_metadata`: `ProducerIdsRecord`, versions 0.
public struct ProducerIdsRecord: MetadataRecordMessage {
  public static let name = "ProducerIdsRecord"
  public static let type: UInt32 = 15
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var brokerId: Int32 = 0
  public var brokerEpoch: Int64 = -1
  public var nextProducerId: Int64 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&brokerId)
    try c.int64(&brokerEpoch)
    try c.int64(&nextProducerId)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
