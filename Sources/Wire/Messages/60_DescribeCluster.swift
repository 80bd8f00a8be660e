/// DescribeCluster request (API key 60), versions 0–2, flexible from 0.
public struct DescribeClusterRequest: RequestMessage {
  public typealias Response = DescribeClusterResponse
  public static let name = "DescribeClusterRequest"
  public static let apiKey = ApiKey.describeCluster
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var includeClusterAuthorizedOperations: Bool = false
  public var endpointType: Int8 = 1
  public var includeFencedBrokers: Bool = false
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.bool(&includeClusterAuthorizedOperations)
    if c.version >= 1 { try c.int8(&endpointType) }
    if c.version >= 2 { try c.bool(&includeFencedBrokers) }
    try c.beginTags()
    try c.endTags(&unknownTags)
  }
}

/// DescribeCluster response (API key 60), versions 0–2, flexible from 0.
public struct DescribeClusterResponse: ResponseMessage {
  public static let name = "DescribeClusterResponse"
  public static let apiKey = ApiKey.describeCluster
  public static let validVersions: ClosedRange<Int16> = 0...2
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var errorMessage: String? = nil
  public var endpointType: Int8 = 1
  public var clusterId: String = ""
  public var controllerId: Int32 = -1
  public var brokers: [DescribeClusterBroker] = []
  public var clusterAuthorizedOperations: Int32 = -2_147_483_648
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.nullableString(&errorMessage)
    if c.version >= 1 { try c.int8(&endpointType) }
    try c.string(&clusterId)
    try c.int32(&controllerId)
    try c.structures(&brokers)
    try c.int32(&clusterAuthorizedOperations)
    try c.beginTags()
    try c.endTags(&unknownTags)
  }

  public struct DescribeClusterBroker: WireStruct {
    public var brokerId: Int32 = 0
    public var host: String = ""
    public var port: Int32 = 0
    public var rack: String? = nil
    public var isFenced: Bool = false
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&brokerId)
      try c.string(&host)
      try c.int32(&port)
      try c.nullableString(&rack)
      if c.version >= 2 { try c.bool(&isFenced) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
