/// A control record of the quorum: `KRaftVersionRecord`, versions 0.
public struct KRaftVersionRecord: Message {
  public static let name = "KRaftVersionRecord"
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = 0

  public var version: Int16 = 0
  public var kRaftVersion: Int16 = 0
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int16(&version)
    try c.int16(&kRaftVersion)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}
