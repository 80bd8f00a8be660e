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
  /// The most records that one answer to a follower carries.
  package var fetchSize = 10
  /// The mean time between disturbances of a kind.
  package var disturbances: [(kind: ReplicationDisturbance, mean: TimeSpan)] = []
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
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
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
}

/// How often things happened that a batch of runs must have seen at least sometimes.
package struct ReplicationCounters: Hashable, Sendable {
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
  package var consumedRecords = 0
  package var consumedFromFollowers = 0

  package init() {}

  /// Every counter with its name.
  package var all: [(name: String, value: Int)] {
    Mirror(reflecting: self).children.compactMap { child in
      guard let name = child.label, let value = child.value as? Int else { return nil }
      return (name, value)
    }
  }

  package static func += (a: inout ReplicationCounters, b: ReplicationCounters) {
    for path in paths { a[keyPath: path] += b[keyPath: path] }
  }

  private static var paths: [WritableKeyPath<ReplicationCounters, Int>] {
    [
      \.steps, \.leaderChanges, \.lastKnownLeaderElections, \.truncationsByEpoch, \.shrinks, \.expansions,
      \.refusedProposals, \.kills, \.lossyCrashes, \.recordsLostInCrashes, \.cleanStops, \.partitions, \.pauses,
      \.losses, \.duplicates, \.acknowledged, \.refusedProduces, \.zombieProduces, \.consumedRecords,
      \.consumedFromFollowers,
    ]
  }
}
