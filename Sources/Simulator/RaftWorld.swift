import Consensus
import Primitives

/// What a simulated quorum has to suffer; `RaftSimulation` draws it from the seed, a transcript sets it by hand.
package struct RaftWorld: Sendable {
  package var voters = 3
  package var observers = 0
  package var configuration = RaftConfiguration()
  package var delay: ClosedRange<TimeSpan> = .milliseconds(1)...(.milliseconds(1))
  /// The chance that a message is lost; half of the time its sender learns of it.
  package var loss = 0.0
  package var duplication = 0.0
  /// The chance that a message takes up to ten times as long, so that later ones overtake it.
  package var detour = 0.0
  /// How long a flush takes.
  package var flush: ClosedRange<TimeSpan> = .zero...(.zero)
  /// The chance that a process's death is noticed by its peers at once.
  package var deathNotice = 1.0
  /// The mean time between disturbances of a kind; nil: none.
  package var disturbances: [(kind: RaftDisturbanceKind, mean: TimeSpan)] = []
  package var diskFaults: RaftDiskFaults = []
}

/// The kinds of trouble that come by chance.
package enum RaftDisturbanceKind: Sendable {
  case crash, partition, pause, propose, snapshot, writeBack, resign
}

/// Faults planted in the simulated disk: ways in which a careless shell would break its promises.
package struct RaftDiskFaults: OptionSet, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// `flush` does nothing (KAFKA-10533).
  package static let flushesNothing = RaftDiskFaults(rawValue: 1)
  /// A crash loses the vote.
  package static let forgetsVote = RaftDiskFaults(rawValue: 2)
}

/// How often things happened that a batch of runs must have seen at least sometimes.
package struct RaftCounters: SimulationCounters {
  package var steps = 0
  package var elections = 0
  package var lostElections = 0
  package var truncations = 0
  package var snapshotsCreated = 0
  package var snapshotInstalls = 0
  package var crashes = 0
  package var tornCrashes = 0
  package var partitions = 0
  package var oneWayPartitions = 0
  package var pauses = 0
  package var losses = 0
  package var duplicates = 0
  package var resignations = 0
  package var isolatedLeaderResignations = 0
  package var isolatedFollowers = 0
  package var proposalsAcknowledged = 0
  package var proposalsRefused = 0
  package var proposalsUnknown = 0
  package var observerCommits = 0

  package init() {}

  package static var paths: [WritableKeyPath<RaftCounters, Int>] {
    [
      \.steps, \.elections, \.lostElections, \.truncations, \.snapshotsCreated, \.snapshotInstalls, \.crashes,
      \.tornCrashes, \.partitions, \.oneWayPartitions, \.pauses, \.losses, \.duplicates, \.resignations,
      \.isolatedLeaderResignations, \.isolatedFollowers, \.proposalsAcknowledged, \.proposalsRefused,
      \.proposalsUnknown, \.observerCommits,
    ]
  }
}
