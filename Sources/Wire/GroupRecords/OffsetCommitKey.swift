/// A key in `__consumer_offsets`: `OffsetCommitKey`, versions 0.
public struct OffsetCommitKey: GroupRecordKey {
  public static let name = "OffsetCommitKey"
  public static let type: Int16 = 1
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = nil

  public var group: String = ""
  public var topic: String = ""
  public var partition: Int32 = 0

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&group)
    try c.string(&topic)
    try c.int32(&partition)
  }
}
