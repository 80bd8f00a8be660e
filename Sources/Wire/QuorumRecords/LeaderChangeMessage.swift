import Primitives

/// A control record of the quorum: `LeaderChangeMessage`, versions 0–1.
public struct LeaderChangeMessage: Message {
  public static let name = "LeaderChangeMessage"
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var version: Int16 = 0
  public var leaderId: Int32 = 0
  public var voters: [Voter] = []
  public var grantingVoters: [Voter] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int16(&version)
    try c.int32(&leaderId)
    try c.structures(&voters)
    try c.structures(&grantingVoters)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct Voter: WireStruct {
    public var voterId: Int32 = 0
    public var voterDirectoryId: UUID128 = .zero
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&voterId)
      if c.version >= 1 { try c.uuid(&voterDirectoryId) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
