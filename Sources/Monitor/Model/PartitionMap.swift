/// Counts over all partitions, internal topics too.
public struct PartitionTotals: Codable, Sendable, Equatable {
  /// Absent: not known yet.
  public var total: Int?
  /// Without a leader.
  public var offline: Int?
  /// Fewer in-sync replicas than `min.insync.replicas`: acks=all writes are refused.
  public var underMinISR: Int?
  /// Exactly as many: the next failure stops writes.
  public var atMinISR: Int?
  public var underReplicated: Int?
  /// Led by another than the first replica.
  public var notPreferred: Int?

  public init() {}
}

/// All partitions: brokers × partitions with the role of each. `/api/v1/partitions`, sent again when it changed.
public struct PartitionMap: Codable, Sendable, Equatable {
  /// Grows with each change.
  public var version: Int
  public var at: Int64
  /// By topic name.
  public var topics: [Topic]

  public struct Topic: Codable, Sendable, Equatable {
    public var name: String
    public var isInternal: Bool
    public var minISR: Int?
    /// By partition id.
    public var partitions: [Partition]

    public init(name: String, isInternal: Bool, minISR: Int?, partitions: [Partition]) {
      self.name = name
      self.isInternal = isInternal
      self.minISR = minISR
      self.partitions = partitions
    }
  }

  public struct Partition: Codable, Sendable, Equatable {
    public var id: Int32
    /// −1: none.
    public var leader: Int32
    public var leaderEpoch: Int32
    /// In order of preference.
    public var replicas: [Int32]
    public var isr: [Int32]
    /// Of `replicas`, those on brokers that are not alive.
    public var offline: [Int32]

    public init(
      id: Int32, leader: Int32, leaderEpoch: Int32, replicas: [Int32], isr: [Int32], offline: [Int32]
    ) {
      self.id = id
      self.leader = leader
      self.leaderEpoch = leaderEpoch
      self.replicas = replicas
      self.isr = isr
      self.offline = offline
    }
  }

  public init(version: Int, at: Int64, topics: [Topic]) {
    self.version = version
    self.at = at
    self.topics = topics
  }
}

/// A replica's role: LEADER; FOLLOWER: in sync; OBSERVER: alive, copying, not in sync (and not counted for acks);
/// OFFLINE: its broker is gone.
public enum ReplicaRoleView: String, Codable, Sendable, CaseIterable {
  case leader = "LEADER"
  case follower = "FOLLOWER"
  case observer = "OBSERVER"
  case offline = "OFFLINE"
}

/// A partition that is not well, with what it was while it last was whole.
public struct TroubledPartition: Codable, Sendable, Equatable {
  public enum Trouble: String, Codable, Sendable, CaseIterable {
    case offline
    case underMinISR
    case atMinISR
    case underReplicated
  }

  public var topic: String
  public var partition: Int32
  public var trouble: Trouble
  public var since: Int64
  public var leaderBefore: Int32?
  public var isrBefore: [Int32]?
  /// −1: none.
  public var leader: Int32
  public var isr: [Int32]
  public var replicas: [Int32]

  public init(
    topic: String, partition: Int32, trouble: Trouble, since: Int64, leaderBefore: Int32?, isrBefore: [Int32]?,
    leader: Int32, isr: [Int32], replicas: [Int32]
  ) {
    self.topic = topic
    self.partition = partition
    self.trouble = trouble
    self.since = since
    self.leaderBefore = leaderBefore
    self.isrBefore = isrBefore
    self.leader = leader
    self.isr = isr
    self.replicas = replicas
  }
}

/// A topic in brief.
public struct TopicView: Codable, Sendable, Equatable {
  public var name: String
  public var isInternal: Bool
  public var partitions: Int
  public var replicationFactor: Int
  public var minISR: Int?
  public var offline: Int
  public var underReplicated: Int
  /// Sum of (end − start) over its partitions.
  public var events: Int64?
  /// Growth of its end offsets.
  public var eventsInPerSecond: Double?

  public init(name: String, isInternal: Bool, partitions: Int, replicationFactor: Int) {
    self.name = name
    self.isInternal = isInternal
    self.partitions = partitions
    self.replicationFactor = replicationFactor
    offline = 0
    underReplicated = 0
  }
}
