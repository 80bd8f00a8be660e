import Primitives
import Replication

/// What a simulated partition has to suffer; `ReplicationSimulation` draws it from the seed.
package struct ReplicationWorld: Sendable {
  package var configuration = ReplicationConfiguration(
    replicaLagTimeMax: .milliseconds(300), minInSyncReplicas: 2, alterPartitionRetry: .milliseconds(100))
  package var delay: ClosedRange<TimeSpan> = .milliseconds(1)...(.milliseconds(1))
  package var loss = 0.0
  package var duplication = 0.0
  /// The chance that a message takes up to twenty times as long, so that later ones overtake it.
  package var detour = 0.0
  /// How long new metadata takes to a broker, each for itself.
  package var metadataDelay: ClosedRange<TimeSpan> = .milliseconds(1)...(.milliseconds(1))
  /// How long after its last heartbeat a broker is fenced.
  package var session = TimeSpan.milliseconds(400)
  package var requestTimeout = TimeSpan.milliseconds(400)
  /// About how many records one answer to a follower carries.
  package var fetchSize = 10
  /// The mean time between disturbances of a kind.
  package var disturbances: [(kind: ReplicationDisturbance, mean: TimeSpan)] = []
  package var segmentBytes = 4000
  /// How often a starting broker finds a snapshot of producers missing or damaged.
  package var snapshotDamage = 0.0
  package var flaws: ReplicationFlaws = []
}

/// What comes by chance.
package enum ReplicationDisturbance: Sendable {
  case produce, consume, writeBack
  /// The process dies and the page cache stays, or dies with it, or it stops in good order.
  case kill, crash, stop
  /// A follower loses its page cache just when its leader asks the controller to take it in.
  case crashOfJoiner
  case partition, pause
}

/// Rules broken on purpose around the core: each must be noticed.
package struct ReplicationFlaws: OptionSet, Sendable {
  package let rawValue: UInt16
  package init(rawValue: UInt16) { self.rawValue = rawValue }
  /// A cut at the log's end leaves an epoch without records in the index (KAFKA-10706).
  package static let truncateKeepsEmptyEpoch = ReplicationFlaws(rawValue: 1)
  /// The controller takes in a member whatever life it fetched in (KIP-903).
  package static let noBrokerEpochCheck = ReplicationFlaws(rawValue: 2)
  /// The leader acknowledges what only it has.
  package static let acknowledgeAtAppend = ReplicationFlaws(rawValue: 4)
  /// A broker that lost its page cache stays in ISR and ELR (KIP-966).
  package static let uncleanRestartUnnoticed = ReplicationFlaws(rawValue: 8)
  /// Any live replica may be elected.
  package static let electsAnyone = ReplicationFlaws(rawValue: 16)
  /// A new leader does not note where its epoch begins.
  package static let beginsNoEpoch = ReplicationFlaws(rawValue: 32)
  /// After a cut the producers are remembered as they were before.
  package static let keepsProducersAtTruncation = ReplicationFlaws(rawValue: 64)
  /// After a loss of records the producers are taken from a snapshot that is newer than the log.
  package static let trustsNewerSnapshot = ReplicationFlaws(rawValue: 128)
  /// A batch of an earlier producer epoch is appended.
  package static let ignoresProducerEpoch = ReplicationFlaws(rawValue: 256)
  /// Of five batches that may be sent again the oldest is not known any more.
  package static let remembersFourBatches = ReplicationFlaws(rawValue: 512)
  /// A sequence need only be higher than the last.
  package static let acceptsGaps = ReplicationFlaws(rawValue: 1024)
  /// A follower takes no note of producers, and knows none when it comes to lead.
  package static let followersKeepNoProducers = ReplicationFlaws(rawValue: 2048)
  /// What is recognised as sent again is appended all the same.
  package static let appendsDuplicates = ReplicationFlaws(rawValue: 4096)
  /// The stored high watermark counts on a cut that may not be durable.
  package static let storesHighWatermarkOfTheCut = ReplicationFlaws(rawValue: 8192)
}

/// How often things happened that a batch of runs must have seen at least sometimes.
package struct ReplicationCounters: SimulationCounters {
  package var steps = 0
  package var leaderChanges = 0
  package var lastKnownLeaderElections = 0
  package var truncationsByEpoch = 0
  package var shrinks = 0
  package var expansions = 0
  package var refusedProposals = 0
  package var kills = 0
  package var lossyCrashes = 0
  package var recordsLostInCrashes = 0
  package var cleanStops = 0
  package var partitions = 0
  package var pauses = 0
  package var losses = 0
  package var duplicates = 0
  package var acknowledged = 0
  package var refusedProduces = 0
  package var zombieProduces = 0
  package var duplicatesRecognised = 0
  package var outOfOrderRefusals = 0
  package var staleEpochRefusals = 0
  package var producerEpochs = 0
  package var spoiledSnapshots = 0
  package var consumedRecords = 0
  package var consumedFromFollowers = 0

  package init() {}

  package static var paths: [WritableKeyPath<ReplicationCounters, Int>] {
    [
      \.steps, \.leaderChanges, \.lastKnownLeaderElections, \.truncationsByEpoch, \.shrinks, \.expansions,
      \.refusedProposals, \.kills, \.lossyCrashes, \.recordsLostInCrashes, \.cleanStops, \.partitions, \.pauses,
      \.losses, \.duplicates, \.acknowledged, \.refusedProduces, \.zombieProduces, \.duplicatesRecognised,
      \.outOfOrderRefusals, \.staleEpochRefusals, \.producerEpochs, \.spoiledSnapshots, \.consumedRecords,
      \.consumedFromFollowers,
    ]
  }
}
