/// What the monitor knows of a cluster at one second: the one answer that dashboard, API, `top` and alerts share.
///
/// Also the JSON of `/api/v1/model` (field names as here). A field that is absent is *unknown*: no answer is never
/// shown as zero or as healthy. Times are milliseconds since 1970 by the monitor's clock, durations milliseconds,
/// rates per second, sizes bytes. Identifiers that a person may choose (topic and group names) are hostile input to
/// whoever shows them.
public struct ClusterModel: Codable, Sendable, Equatable {
  /// When this was made.
  public var at: Int64
  /// Counts the models of one monitor, without gaps.
  public var sequence: Int
  public var clusterID: String?
  public var bootstrapServers: String
  public var verdict: Verdict
  public var tolerance: FailureTolerance
  public var controller: ControllerView
  /// By id. All that the cluster expects: alive, or named by a replica list, or seen before.
  public var brokers: [BrokerView]
  public var partitions: PartitionTotals
  /// Partitions that are not well, worst first, at most `ClusterModel.troubledPartitionsMax`.
  public var troubledPartitions: [TroubledPartition]
  /// By name.
  public var topics: [TopicView]
  /// By name.
  public var groups: [GroupView]
  public var traffic: TrafficView
  public var canary: CanaryView
  /// What to type next; empty while healthy.
  public var nextCommands: [NextCommand]
  /// What could not be asked in this round, in words; empty when all answered.
  public var blindSpots: [String]

  /// More are counted in `partitions`, and are all in the `PartitionMap`.
  public static let troubledPartitionsMax = 50

  public init(at: Int64, sequence: Int, bootstrapServers: String) {
    self.at = at
    self.sequence = sequence
    self.bootstrapServers = bootstrapServers
    verdict = Verdict(word: .unknown, sentence: "UNKNOWN: nothing has been asked yet", since: at, reasons: [])
    tolerance = FailureTolerance(failures: nil, writesBlocked: nil, reason: "not known yet")
    controller = ControllerView()
    brokers = []
    partitions = PartitionTotals()
    troubledPartitions = []
    topics = []
    groups = []
    traffic = TrafficView()
    canary = CanaryView()
    nextCommands = []
    blindSpots = []
  }

  /// Events that groups have not committed; nil when that is not known of some group, or there is none.
  var totalLag: Int64? {
    guard !hidesLag else { return nil }
    let known = groups.compactMap(\.lag)
    return known.isEmpty ? nil : known.reduce(0, +)
  }

  /// Some group's lag is not known, so that of the others says nothing of the whole.
  var hidesLag: Bool { groups.contains { $0.isSilent || $0.committedPartitions != 0 && $0.lag == nil } }
}

/// A command that helps now, and why.
public struct NextCommand: Codable, Sendable, Equatable {
  public var command: String
  public var reason: String

  public init(command: String, reason: String) {
    self.command = command
    self.reason = reason
  }
}
