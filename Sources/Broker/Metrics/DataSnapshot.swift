import Groups
import Primitives
import Replication

/// The data loop's figures at one moment, for another thread to write down.
struct DataSnapshot: Sendable {
  /// A partition that this broker replicates.
  struct Partition: Sendable {
    var name: TopicPartition
    var isLeader: Bool
    /// −1 when it follows nobody.
    var follows: BrokerID
    var replicas: Int
    /// Of a leader; a follower cannot know.
    var inSync: Int
    var minInSync: Int
    var isReassigning: Bool
    var logStart: Int64
    var logEnd: Int64
    /// How far the last stable offset is behind the high watermark.
    var stableLag: Int64
    /// How far a follower is behind its leader's high watermark.
    var lag: Int64
    var bytes: Int
    var segments: Int
    var producers: Int
  }

  var counts = DataCounters()
  var topics: [(name: String, counters: TopicCounters)] = []
  var requests = RequestFigures()
  var partitions: [Partition] = []
  var groups = GroupCounts()
  /// Partitions' batches that wait for replicas.
  var waitingProduces = 0
  var fetchSessions = 0
  var fetchSessionPartitions = 0
  var fetchSessionEvictions = 0
  var appliedOffset = Offset.none
  var idle: Double?
  var at = Instant.zero
}

extension DataPlane {
  /// On the data loop. The work is a few loads for each partition; everything else is copied when it changes.
  func snapshot() -> DataSnapshot {
    var result = DataSnapshot()
    result.at = now
    result.counts = metrics.counts
    result.topics = metrics.topics.values.map { ($0.name, $0.counters) }
    result.requests = requestMetrics.snapshot
    result.partitions.reserveCapacity(partitions.count)
    for partition in partitions.values { result.partitions.append(facts(of: partition)) }
    if let groups { result.groups = groups.counts }
    result.waitingProduces = produceWaiters.count
    result.fetchSessions = fetchSessions.cache.count
    result.fetchSessionPartitions = fetchSessions.cache.partitionCount
    result.fetchSessionEvictions = fetchSessions.cache.evictions
    result.appliedOffset = image.offset
    result.idle = idleMeter.ratio(idle: loop.idleTime, at: result.at)
    return result
  }

  private func facts(of partition: HostedPartition) -> DataSnapshot.Partition {
    let replica = partition.replica
    let log = partition.log
    return DataSnapshot.Partition(
      name: partition.name, isLeader: replica.isLeader, follows: partition.follows ?? .none,
      replicas: replica.metadata?.replicas.count ?? 0, inSync: replica.isr.count,
      minInSync: replica.effectiveMinInSyncReplicas,
      isReassigning: image.partition(partition.id)?.isReassigning ?? false,
      logStart: log.logStartOffset.rawValue, logEnd: log.logEndOffset.rawValue,
      stableLag: max(
        0, partition.highWatermark.rawValue - log.lastStableOffset(highWatermark: partition.highWatermark).rawValue),
      lag: partition.lag, bytes: log.sizeInBytes, segments: log.segmentBaseOffsets.count,
      producers: log.producers.count)
  }
}
