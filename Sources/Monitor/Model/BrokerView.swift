/// One broker as the monitor sees it from outside.
public struct BrokerView: Codable, Sendable, Equatable {
  /// The states that a broker goes through, and the ways between them (drawn on the dashboard). Each second decides by
  /// whether the broker answers, what the controller says of it, and what the supervisor of this machine says, if any:
  ///
  /// | it | to | when |
  /// |---|---|---|
  /// | answers | FAILED or SHUTDOWN, for one round | its process ended since the round before, and another one answers already |
  /// | answers | LEADER_ELECTION | it is a member, and a partition that it is in sync for has no leader, or it votes in a quorum without a leader |
  /// | answers | RECOVERING | it is a member, and some of its replicas are not in sync |
  /// | answers | RECOVERING | it is a member, and says on its metrics page that the controller has not let it in since it started |
  /// | answers | RUNNING | it is a member, and all its replicas are in sync |
  /// | answers | RECOVERING | it was alive, or is registered, and the controller has fenced it |
  /// | answers | STARTING | it is not a member, and was not alive before |
  /// | is silent | FAILED | its process is paused |
  /// | is silent | STARTING | its process starts, or says so on its metrics page, and it was not alive before; or it was STARTING and its process runs |
  /// | is silent | SHUTDOWN or FAILED | its process ended, in order or not: who started it says so |
  /// | refuses, its process is gone, or silent and fenced | SHUTDOWN | within the last 15 s, as a member, it was seen to give all its leaderships away, or said so itself (to a long poll that waited at it, or on its metrics page) and leads nothing any more |
  /// | refuses, or its process is gone | FAILED | otherwise, at once |
  /// | is silent | as before | for two rounds in which the monitor itself got no time from its machine |
  /// | is silent | FAILED | otherwise: no answer for 0.8 s |
  ///
  /// The first row that fits holds. SHUTDOWN stays until it answers again. UNKNOWN: expected, and not asked yet.
  public enum State: String, Codable, Sendable, CaseIterable {
    case starting = "STARTING"
    case recovering = "RECOVERING"
    case running = "RUNNING"
    case leaderElection = "LEADER_ELECTION"
    case shutdown = "SHUTDOWN"
    case failed = "FAILED"
    case unknown = "UNKNOWN"
  }

  public var id: Int32
  public var host: String?
  public var port: Int32?
  public var rack: String?
  public var state: State
  public var stateSince: Int64
  /// What led there, in words: "does not answer and is fenced", "replicas in sync again".
  public var transition: String
  /// The latest states, newest first, at most 20.
  public var history: [Transition]
  public var isController: Bool
  public var isVoter: Bool?
  /// Registered and not fenced: clients are told of it. Absent: not known yet.
  public var isMember: Bool?
  public var leaders: Int
  public var replicas: Int
  public var inSyncReplicas: Int
  /// Of the metrics page, when there is one.
  public var eventsInPerSecond: Double?
  public var bytesInPerSecond: Double?
  public var bytesOutPerSecond: Double?
  /// The broker's own produce time, request in to reply out.
  public var producePercentile99: Double?
  public var requestErrorsPerSecond: Double?
  public var residentBytes: Int64?
  public var cpuCores: Double?
  public var openFiles: Int64?
  /// Sum of its logs' sizes, by its own word, or else its metrics page's.
  public var diskUsedBytes: Int64?
  /// Of the file system with the least room.
  public var diskFreeBytes: Int64?
  /// Log directories that it cannot use any more.
  public var lostLogDirectories: Int?
  /// When it last answered the monitor.
  public var lastSeen: Int64?
  public var processID: Int32?
  public var metricsURL: String?

  public struct Transition: Codable, Sendable, Equatable {
    public var state: State
    public var at: Int64
    public var reason: String

    public init(state: State, at: Int64, reason: String) {
      self.state = state
      self.at = at
      self.reason = reason
    }
  }

  /// Whether clients are told of it, and are answered.
  public var serves: Bool {
    switch state {
    case .running, .recovering, .leaderElection: isMember != false
    case .starting, .shutdown, .failed, .unknown: false
    }
  }

  public init(id: Int32, state: State, stateSince: Int64, transition: String) {
    self.id = id
    self.state = state
    self.stateSince = stateSince
    self.transition = transition
    history = []
    isController = false
    leaders = 0
    replicas = 0
    inSyncReplicas = 0
  }
}

/// The active controller and its quorum (DescribeQuorum).
public struct ControllerView: Codable, Sendable, Equatable {
  /// Absent: none, or unknown (see the verdict).
  public var id: Int32?
  public var leaderEpoch: Int32?
  public var since: Int64?
  public var highWatermark: Int64?
  public var voters: [Member]
  public var observers: [Member]

  public struct Member: Codable, Sendable, Equatable {
    public var id: Int32
    public var logEndOffset: Int64?
    /// Records behind the leader.
    public var lag: Int64?
    public var lastFetchAt: Int64?
    public var lastCaughtUpAt: Int64?

    public init(id: Int32) { self.id = id }
  }

  public init() {
    voters = []
    observers = []
  }
}
