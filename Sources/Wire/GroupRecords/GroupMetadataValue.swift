/// A value in `__consumer_offsets`: `GroupMetadataValue`, versions 0–4.
public struct GroupMetadataValue: Message {
  public static let name = "GroupMetadataValue"
  public static let validVersions: ClosedRange<Int16> = 0...4
  public static let firstFlexibleVersion: Int16? = 4

  public var protocolType: String = ""
  public var generation: Int32 = 0
  public var `protocol`: String? = ""
  public var leader: String? = ""
  public var currentStateTimestamp: Int64 = -1
  public var members: [MemberMetadata] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&protocolType)
    try c.int32(&generation)
    try c.nullableString(&`protocol`)
    try c.nullableString(&leader)
    if c.version >= 2 { try c.int64(&currentStateTimestamp) }
    try c.structures(&members)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct MemberMetadata: WireStruct {
    public var memberId: String = ""
    public var groupInstanceId: String? = nil
    public var clientId: String = ""
    public var clientHost: String = ""
    public var rebalanceTimeout: Int32 = -1
    public var sessionTimeout: Int32 = 0
    public var subscription: [UInt8] = []
    public var assignment: [UInt8] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&memberId)
      if c.version >= 3 { try c.nullableString(&groupInstanceId) }
      try c.string(&clientId)
      try c.string(&clientHost)
      if c.version >= 1 { try c.int32(&rebalanceTimeout) }
      try c.int32(&sessionTimeout)
      try c.bytes(&subscription)
      try c.bytes(&assignment)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
