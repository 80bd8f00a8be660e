import Primitives

/// A control record of the quorum: `VotersRecord`, versions 0.
public struct VotersRecord: Message {
  public static let name = "VotersRecord"
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var version: Int16 = 0
  public var voters: [Voter] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int16(&version)
    try c.structures(&voters)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct Voter: WireStruct {
    public var voterId: Int32 = 0
    public var voterDirectoryId: UUID128 = .zero
    public var endpoints: [Endpoint] = []
    public var kRaftVersionFeature = KRaftVersionFeature()
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&voterId)
      try c.uuid(&voterDirectoryId)
      try c.structures(&endpoints)
      try c.structure(&kRaftVersionFeature)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct Endpoint: WireStruct {
    public var name: String = ""
    public var host: String = ""
    public var port: UInt16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.string(&host)
      try c.uint16(&port)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct KRaftVersionFeature: WireStruct {
    public var minSupportedVersion: Int16 = 0
    public var maxSupportedVersion: Int16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int16(&minSupportedVersion)
      try c.int16(&maxSupportedVersion)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
