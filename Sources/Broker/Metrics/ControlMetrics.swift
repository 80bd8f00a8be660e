import Controller
import Metrics
import Primitives
import Wire

/// Counters of the control loop.
struct ControlCounters: Sendable {
  var connections = 0
  var connectionsCreated = 0
  var recordsAppended = 0
  var snapshotsLoaded = 0
  /// Leaders of the quorum seen, this node or another.
  var newActiveControllers = 0
  /// Leaders that were elected from outside the ISR and the eligible ones: what they lack is lost.
  var uncleanElections = 0
  /// Leaders that were elected from the eligible replicas outside the ISR (KIP-966).
  var eligibleElections = 0
  /// From a batch's append to its commitment, while this node leads; microseconds.
  var commitLatency = WindowedHistogram()
  /// From the loss of the quorum's leader to the next; microseconds.
  var electionLatency = WindowedHistogram()
}

/// What the control loop counts, and owns.
final class ControlMetrics {
  var counts = ControlCounters()
  /// Batches that wait for their commitment: the offset after each, and when it was appended.
  var uncommitted: [(end: Offset, since: Instant)] = []
  /// Since when the quorum has no leader that this node knows.
  var leaderless: Instant?

  /// A committed change of a partition; `image` is the metadata before it.
  func countElection(_ change: PartitionChangeRecord, before image: MetadataImage) {
    let leader = BrokerID(change.leader)
    guard change.leader >= 0,
      let partition = image.partition(TopicIDPartition(change.topicId, PartitionID(change.partitionId))),
      partition.leader != leader, !partition.isr.contains(leader)
    else { return }
    if partition.elr.contains(leader) { counts.eligibleElections += 1 } else { counts.uncleanElections += 1 }
  }

  func appended(upTo end: Offset, at now: Instant) {
    // A leader that cannot commit must not remember for ever.
    if uncommitted.count < 1024 { uncommitted.append((end, now)) }
  }

  func committed(upTo end: Offset, at now: Instant) {
    while let first = uncommitted.first, first.end <= end {
      counts.commitLatency.record(UInt64(max(0, (now - first.since).nanoseconds)) / 1000, at: now)
      uncommitted.removeFirst()
    }
  }

  func leaderChanged(to leader: BrokerID?, at now: Instant) {
    guard leader != nil else {
      leaderless = leaderless ?? now
      return
    }
    counts.newActiveControllers += 1
    if let since = leaderless {
      counts.electionLatency.record(UInt64(max(0, (now - since).nanoseconds)) / 1000, at: now)
    }
    leaderless = nil
  }
}
