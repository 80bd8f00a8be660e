import Primitives

/// FetchSnapshot request (API key 59), versions 0–1, flexible from 0.
public struct FetchSnapshotRequest: RequestMessage {
  public typealias Response = FetchSnapshotResponse
  public static let name = "FetchSnapshotRequest"
  public static let apiKey = ApiKey.fetchSnapshot
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var clusterId: String? = nil
  public var replicaId: Int32 = -1
  public var maxBytes: Int32 = 2_147_483_647
  public var topics: [TopicSnapshot] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&replicaId)
    try c.int32(&maxBytes)
    try c.structures(&topics)
    try c.beginTags()
    if c.tag(0, when: clusterId != nil) {
      try c.nullableString(&clusterId)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct TopicSnapshot: WireStruct {
    public var name: String = ""
    public var partitions: [PartitionSnapshot] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionSnapshot: WireStruct {
    public var partition: Int32 = 0
    public var currentLeaderEpoch: Int32 = 0
    public var snapshotId = SnapshotId()
    public var position: Int64 = 0
    public var replicaDirectoryId: UUID128 = .zero
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&partition)
      try c.int32(&currentLeaderEpoch)
      try c.structure(&snapshotId)
      try c.int64(&position)
      try c.beginTags()
      if c.version >= 1, c.tag(0, when: replicaDirectoryId != .zero) {
        try c.uuid(&replicaDirectoryId)
        try c.endTag()
      }
      try c.endTags(&unknownTags)
    }
  }

  public struct SnapshotId: WireStruct {
    public var endOffset: Int64 = 0
    public var epoch: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int64(&endOffset)
      try c.int32(&epoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}

/// FetchSnapshot response (API key 59), versions 0–1, flexible from 0.
public struct FetchSnapshotResponse: ResponseMessage {
  public static let name = "FetchSnapshotResponse"
  public static let apiKey = ApiKey.fetchSnapshot
  public static let validVersions: ClosedRange<Int16> = 0...1
  public static let firstFlexibleVersion: Int16? = 0

  public var throttleTimeMs: Int32 = 0
  public var errorCode: Int16 = 0
  public var topics: [TopicSnapshot] = []
  public var nodeEndpoints: [NodeEndpoint] = []
  public var unknownTags = UnknownTags()

  public init() {}

  public mutating func code(_ c: inout Coder) throws(DecodeError) {
    try c.int32(&throttleTimeMs)
    try c.errorCode(&errorCode)
    try c.structures(&topics)
    try c.beginTags()
    if c.version >= 1, c.tag(0, when: !nodeEndpoints.isEmpty) {
      try c.structures(&nodeEndpoints)
      try c.endTag()
    }
    try c.endTags(&unknownTags)
  }

  public struct TopicSnapshot: WireStruct {
    public var name: String = ""
    public var partitions: [PartitionSnapshot] = []
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.string(&name)
      try c.structures(&partitions)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct PartitionSnapshot: WireStruct {
    public var index: Int32 = 0
    public var errorCode: Int16 = 0
    public var snapshotId = SnapshotId()
    public var currentLeader = LeaderIdAndEpoch()
    public var size: Int64 = 0
    public var position: Int64 = 0
    public var unalignedRecords: RecordBytes = .null
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&index)
      try c.errorCode(&errorCode)
      try c.structure(&snapshotId)
      try c.int64(&size)
      try c.int64(&position)
      try c.records(&unalignedRecords)
      try c.beginTags()
      if c.tag(0, when: currentLeader != LeaderIdAndEpoch()) {
        try c.structure(&currentLeader)
        try c.endTag()
      }
      try c.endTags(&unknownTags)
    }
  }

  public struct SnapshotId: WireStruct {
    public var endOffset: Int64 = 0
    public var epoch: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int64(&endOffset)
      try c.int32(&epoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct LeaderIdAndEpoch: WireStruct {
    public var leaderId: Int32 = 0
    public var leaderEpoch: Int32 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      try c.int32(&leaderId)
      try c.int32(&leaderEpoch)
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }

  public struct NodeEndpoint: WireStruct {
    public var nodeId: Int32 = 0
    public var host: String = ""
    public var port: UInt16 = 0
    public var unknownTags = UnknownTags()

    public init() {}

    public mutating func code(_ c: inout Coder) throws(DecodeError) {
      if c.version >= 1 { try c.int32(&nodeId) }
      if c.version >= 1 { try c.string(&host) }
      if c.version >= 1 { try c.uint16(&port) }
      try c.beginTags()
      try c.endTags(&unknownTags)
    }
  }
}
