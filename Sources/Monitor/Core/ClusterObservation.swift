/// What one round of questions brought back: facts without judgement, the input of the pure `ClusterHealth`.
///
/// Each part that could not be asked is nil, and says why in `failures`.
public struct ClusterObservation: Sendable, Equatable {
  public struct Broker: Sendable, Equatable {
    public var id: Int32
    public var host: String
    public var port: Int32
    public var rack: String?

    public init(id: Int32, host: String, port: Int32, rack: String? = nil) {
      self.id = id
      self.host = host
      self.port = port
      self.rack = rack
    }
  }

  /// Metadata, from whichever broker answered.
  public struct Metadata: Sendable, Equatable {
    public var clusterID: String?
    public var controller: Int32?
    public var brokers: [Broker]
    public var topics: [PartitionMap.Topic]

    public init(clusterID: String?, controller: Int32?, brokers: [Broker], topics: [PartitionMap.Topic]) {
      self.clusterID = clusterID
      self.controller = controller
      self.brokers = brokers
      self.topics = topics
    }
  }

  /// Whether one broker answered on a connection of its own in this round.
  public struct Answer: Sendable, Equatable {
    public var broker: Int32
    public var answered: Bool
    public var milliseconds: Double?
    /// Why not: "connection refused", "no answer within 1 s".
    public var reason: String?
    /// The connection was refused: certain that nobody serves there, unlike silence.
    public var wasRefused: Bool
    /// The connection that it had answered on before was ended from its side: its process died, even if another one
    /// answers by now.
    public var wasCutOff = false

    public init(
      broker: Int32, answered: Bool, milliseconds: Double? = nil, reason: String? = nil, wasRefused: Bool = false
    ) {
      self.broker = broker
      self.answered = answered
      self.milliseconds = milliseconds
      self.reason = reason
      self.wasRefused = wasRefused
    }
  }

  /// Start and end of a partition's log.
  public struct Extent: Sendable, Equatable {
    public var topic: String
    public var partition: Int32
    public var start: Int64?
    public var end: Int64

    public init(topic: String, partition: Int32, start: Int64?, end: Int64) {
      self.topic = topic
      self.partition = partition
      self.start = start
      self.end = end
    }
  }

  public struct Group: Sendable, Equatable {
    public struct Position: Sendable, Equatable {
      public var topic: String
      public var partition: Int32
      public var committed: Int64
      public var member: String?
      public var client: String?

      public init(
        topic: String, partition: Int32, committed: Int64, member: String? = nil, client: String? = nil
      ) {
        self.topic = topic
        self.partition = partition
        self.committed = committed
        self.member = member
        self.client = client
      }
    }

    public var name: String
    /// Kafka's name. Nil: the coordinator did not say.
    public var state: String?
    public var coordinator: Int32?
    /// Nil: the coordinator did not say, as with groups of KIP-848, which DescribeGroups does not tell of.
    public var members: Int?
    /// What it has committed. Nil: the coordinator did not say.
    public var positions: [Position]?

    public init(name: String, state: String?, coordinator: Int32?, members: Int?, positions: [Position]?) {
      self.name = name
      self.state = state
      self.coordinator = coordinator
      self.members = members
      self.positions = positions
    }
  }

  /// What a broker says of its log directories (DescribeLogDirs).
  public struct LogDirectories: Sendable, Equatable {
    public var broker: Int32
    /// How many of them it cannot use any more.
    public var lost = 0
    /// Of the file system with the least room. Nil: it does not tell (before Kafka 3.3).
    public var freeBytes: Int64?
    /// Sum of its logs' sizes. Nil: not asked in this round.
    public var usedBytes: Int64?

    public init(broker: Int32) { self.broker = broker }
  }

  /// A broker's `/metrics`, reduced to what the model shows. Counters are totals since the broker's start.
  public struct BrokerMetrics: Sendable, Equatable {
    public var broker: Int32
    public var url: String
    public var messagesInTotal: Double?
    public var bytesInTotal: Double?
    public var bytesOutTotal: Double?
    /// By Kafka's error name, NONE left out.
    public var errorsTotal: [String: Double] = [:]
    public var producePercentile99: Double?
    public var residentBytes: Double?
    public var cpuSecondsTotal: Double?
    public var openFiles: Double?
    public var diskUsedBytes: Double?
    public var diskFreeBytes: Double?
    public var offlineLogDirectories: Double?
    /// Kafka's number of its state: 1 and 2 until the controller lets it in, 3 from then on, 6 and 7 while it shuts down.
    public var brokerState: Double?

    /// The controller has not let it in yet, in this life of its process.
    var isBeginning: Bool { brokerState == 1 || brokerState == 2 }
    /// It says that it is about to leave.
    var isLeaving: Bool { brokerState == 6 || brokerState == 7 }

    public init(broker: Int32, url: String) {
      self.broker = broker
      self.url = url
    }
  }

  /// What the supervisor on this machine knows, when there is one.
  public struct Process: Sendable, Equatable {
    public var broker: Int32
    public var processID: Int32?
    /// `running`, `starting`, `paused`, `stopped`.
    public var state: String
    public var metricsURL: String?
    /// How the last process ended: true after a shutdown, false after anything else. Nil: it runs, or that is not known.
    public var endedInOrder: Bool?

    public init(
      broker: Int32, processID: Int32?, state: String, metricsURL: String?, endedInOrder: Bool? = nil
    ) {
      self.broker = broker
      self.processID = processID
      self.state = state
      self.metricsURL = metricsURL
      self.endedInOrder = endedInOrder
    }
  }

  /// When the round was complete. Milliseconds since 1970.
  public var at: Int64
  public var metadata: Metadata?
  public var answers: [Answer] = []
  public var quorum: ControllerView?
  /// The cluster has no quorum that could be asked (a Kafka with ZooKeeper): Metadata names the controller.
  public var quorumIsUnsupported = false
  /// Registered brokers that the controller has fenced. Nil: not asked, for all that were expected are members.
  public var fencedBrokers: [Int32]?
  /// Brokers that said themselves, since the last round, that they no longer lead a partition which they led.
  public var farewells: Set<Int32> = []
  /// Brokers whose metrics page did not come, with the reason.
  public var metricsFailures: [Int32: String] = [:]
  /// Nil: not asked in this round (large clusters are asked in turns).
  public var extents: [Extent]?
  /// Nil: no broker told of its groups.
  public var groups: [Group]?
  /// Whoever could coordinate a group told of its groups: one that nobody named is not there any more.
  public var groupsAreComplete = false
  public var metrics: [BrokerMetrics] = []
  public var logDirectories: [LogDirectories] = []
  public var processes: [Process]?
  public var canary: CanaryView?
  public var targetPerSecond: Double?
  /// What could not be asked, in words.
  public var failures: [String] = []
  /// The monitor itself got no time from its machine during the round: silence proves nothing then.
  public var wasStarved = false

  public init(at: Int64) { self.at = at }

  /// Certain, unlike silence: the broker refuses connections, or its process stands still or has ended.
  func isGone(_ answer: Answer) -> Bool {
    let process = processes?.first { $0.broker == answer.broker }?.state
    return !answer.answered && (answer.wasRefused || process == "paused" || process == "stopped")
  }
}
