/// A key in `__consumer_offsets`: `GroupMetadataKey`, versions 0.
public struct GroupMetadataKey: GroupRecordKey {
  public static let name = "GroupMetadataKey"
  public static let type: Int16 = 2
  public static let validVersions: ClosedRange<Int16> = 0...0
  public static let firstFlexibleVersion: Int16? = nil

  public var group: String = ""

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.string(&group)
  }
}
