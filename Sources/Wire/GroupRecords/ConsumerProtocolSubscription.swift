/// What consumers exchange through the group coordinator: `ConsumerProtocolSubscription`, versions 0–3.
public struct ConsumerProtocolSubscription: Message {
  public static let name = "ConsumerProtocolSubscription"
  public static let validVersions: ClosedRange<Int16> = 0...3
  public static let firstFlexibleVersion: Int16? = nil

  public var topics: [String] = []
  public var userData: [UInt8]? = nil
  public var ownedPartitions: [TopicPartition] = []
  public var generationId: Int32 = -1
  public var rackId: String? = nil

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.strings(&topics)
    try c.nullableBytes(&userData)
    if c.version >= 1 { try c.structures(&ownedPartitions) }
    if c.version >= 2 { try c.int32(&generationId) }
    if c.version >= 3 { try c.nullableString(&rackId) }
  }

  public struct TopicPartition: WireStruct {
    public var topic: String = ""
    public var partitions: [Int32] = []

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 1 { try c.string(&topic) }
      if c.version >= 1 { try c.int32s(&partitions) }
    }
  }
}
