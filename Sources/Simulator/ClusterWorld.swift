import Controller
import Primitives

/// What three simulated nodes have to suffer; `ClusterSimulation` draws it from the seed.
package struct ClusterWorld: Sendable {
  package var delay: ClosedRange<TimeSpan> = .milliseconds(1)...(.milliseconds(1))
  package var loss = 0.0
  /// The chance that a producer's request is there a second time, much later.
  package var duplication = 0.0
  /// The chance that a message takes up to twenty times as long, so that later ones overtake it.
  package var detour = 0.0
  /// How fast each node's clock runs, in thousandths.
  package var clockRates: [Int64] = [1000, 1000, 1000]
  /// By how much each node's wall clock is wrong.
  package var wallClockSkews: [Int64] = [0, 0, 0]
  package var segmentBytes = 4000
  /// A metadata snapshot is due after so many bytes.
  package var snapshotBytes = 4000
  /// The mean time between disturbances of a kind.
  package var disturbances: [(kind: ClusterDisturbance, mean: TimeSpan)] = []
  package var flaws: ClusterFlaws = []
  package var controllerFlaws: ControllerFlaws = []
}

/// What comes by chance.
package enum ClusterDisturbance: Sendable {
  case produce, consume, writeBack
  /// The process dies and the page cache stays, or dies with it, or it stops in good order.
  case kill, powerLoss, stop
  case partition, slowLink, pause
  /// A machine is cut off, then its process is killed, then its power goes before anything was synced again.
  case accidentsInARow
  /// An administrator moves replicas to other nodes.
  case reassign
  /// A node's disk is full for a while, or one of its syncs fails.
  case diskFull, syncFailure
}

/// Rules broken on purpose around the cores: each must be noticed.
package struct ClusterFlaws: OptionSet, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }
  /// A sync returns and nothing is durable.
  package static let syncsNothing = ClusterFlaws(rawValue: 1)
  /// A broker that lost its page cache registers as if it had stopped in good order (KIP-966).
  package static let uncleanRestartUnnoticed = ClusterFlaws(rawValue: 2)
  /// The leader acknowledges what only it has.
  package static let acknowledgesAtAppend = ClusterFlaws(rawValue: 4)
  /// What a producer sends again is appended again.
  package static let appendsDuplicates = ClusterFlaws(rawValue: 8)
  /// A group coordinator serves without having read its partition.
  package static let servesGroupsUnread = ClusterFlaws(rawValue: 16)
  /// A controller acts before the first record of its epoch is committed, on whatever it has applied.
  package static let actsBeforeCommit = ClusterFlaws(rawValue: 32)
  /// A coordinator answers a commit before it is replicated.
  package static let commitsAtAppend = ClusterFlaws(rawValue: 128)
  /// A broker follows metadata in which its present life is not registered.
  package static let actsBeforeRegistered = ClusterFlaws(rawValue: 256)
  /// A metadata snapshot bears the newest epoch of the log, which may be that of uncommitted records behind it.
  package static let namesSnapshotsByTheLog = ClusterFlaws(rawValue: 512)
  /// A broker holds what it held at its topics' creation, whatever it is given later.
  package static let ignoresWhatIsGiven = ClusterFlaws(rawValue: 2048)
  /// A broker goes on with partitions that were taken from it.
  package static let keepsWhatIsTaken = ClusterFlaws(rawValue: 4096)
  /// A broker keeps the logs of partitions that were taken from it while it was away.
  package static let keepsStrays = ClusterFlaws(rawValue: 8192)
}

/// How often things happened that a batch of runs must have seen at least sometimes.
package struct ClusterCounters: SimulationCounters {
  package var steps = 0
  package var quorumLeaders = 0
  package var activations = 0
  package var metadataSnapshots = 0
  package var snapshotsLoaded = 0
  package var partitionLeaders = 0
  package var truncations = 0
  package var isrProposals = 0
  package var refusedProposals = 0
  package var registrations = 0
  package var kills = 0
  package var powerLosses = 0
  package var stops = 0
  package var partitions = 0
  package var slowLinks = 0
  package var pauses = 0
  package var diskFailures = 0
  package var accidentsInARow = 0
  package var reassignments = 0
  package var reassignmentsCancelled = 0
  package var reassignmentsEnded = 0
  package var replicasDropped = 0
  package var straysRemoved = 0
  package var acknowledged = 0
  package var refusedProduces = 0
  package var duplicatesRecognised = 0
  package var consumed = 0
  package var commits = 0
  package var coordinatorLoads = 0
  package var offsetFetches = 0

  package init() {}

  package static var paths: [WritableKeyPath<ClusterCounters, Int>] {
    [
      \.steps, \.quorumLeaders, \.activations, \.metadataSnapshots, \.snapshotsLoaded, \.partitionLeaders,
      \.truncations, \.isrProposals, \.refusedProposals, \.registrations, \.kills, \.powerLosses, \.stops,
      \.partitions, \.slowLinks, \.pauses, \.diskFailures, \.accidentsInARow, \.reassignments,
      \.reassignmentsCancelled, \.reassignmentsEnded, \.replicasDropped, \.straysRemoved, \.acknowledged,
      \.refusedProduces,
      \.duplicatesRecognised, \.consumed, \.commits, \.coordinatorLoads, \.offsetFetches,
    ]
  }
}
