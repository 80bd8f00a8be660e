/// What consumers exchange through the group coordinator: `ConsumerProtocolAssignment`, versions 0–3.
public struct ConsumerProtocolAssignment: Message {
  public static let name = "ConsumerProtocolAssignment"
  public static let validVersions: ClosedRange<Int16> = 0...3
  public static let firstFlexibleVersion: Int16? = nil

  public var assignedPartitions: [TopicPartition] = []
  public var userData: [UInt8]? = nil

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.structures(&assignedPartitions)
    try c.nullableBytes(&userData)
  }

  public struct TopicPartition: WireStruct {
    public var topic: String = ""
    public var partitions: [Int32] = []

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&topic)
      try c.int32s(&partitions)
    }
  }
}
