/// One broker as the monitor sees it from outside.
public struct BrokerView: Codable, Sendable, Equatable {
  /// The states that a broker goes through, and the ways between them (drawn on the dashboard).
  ///
  /// | from | to | when |
  /// |---|---|---|
  /// | – | STARTING | a process is known (or the id expected), and does not yet take part |
  /// | STARTING | RECOVERING | it is registered but fenced, or in the cluster with replicas out of sync |
  /// | RECOVERING | RUNNING | unfenced, and all its replicas in sync |
  /// | RUNNING | RECOVERING | replicas of it fell out of sync while it lives |
  /// | RUNNING, RECOVERING | LEADER_ELECTION | it is the controller-to-be, or partitions it should lead await a leader |
  /// | any | SHUTDOWN | it left by a controlled shutdown, or its process says so |
  /// | any | FAILED | it was there and does not answer, without a controlled shutdown |
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
  /// Sum of its logs' sizes.
  public var diskUsedBytes: Int64?
  public var diskFreeBytes: Int64?
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
