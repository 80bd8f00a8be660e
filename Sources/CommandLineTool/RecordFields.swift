/// One record with what a format can print of it, or what an input line said. No meaning but that of its fields.
public struct RecordFields: Sendable {
  /// A header: a name, and bytes or null.
  public typealias Header = (name: [UInt8], value: [UInt8]?)

  public var topic: String = ""
  public var partition: Int32?
  public var offset: Int64 = -1
  public var leaderEpoch: Int32 = -1
  /// Milliseconds since 1970.
  public var timestamp: Int64?
  public var key: [UInt8]?
  public var value: [UInt8]?
  public var headers: [Header] = []
  public var producerID: Int64 = -1
  public var producerEpoch: Int16 = -1
  public var logStartOffset: Int64 = -1
  public var lastStableOffset: Int64 = -1
  public var highWatermark: Int64 = -1

  public init() {}
}
