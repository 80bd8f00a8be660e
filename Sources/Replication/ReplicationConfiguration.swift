import Primitives

/// Settings of a partition's replication, by Kafka's names.
public struct ReplicationConfiguration: Hashable, Sendable {
  /// `replica.lag.time.max.ms`: how long a follower may lag before it leaves the ISR.
  public var replicaLagTimeMax: TimeSpan
  /// `min.insync.replicas`; the number of replicas caps it.
  public var minInSyncReplicas: Int
  /// How long to wait for an answer to AlterPartition, or before asking again after a passing error.
  public var alterPartitionRetry: TimeSpan

  public init(
    replicaLagTimeMax: TimeSpan = .seconds(30), minInSyncReplicas: Int = 1,
    alterPartitionRetry: TimeSpan = .seconds(1)
  ) {
    self.replicaLagTimeMax = replicaLagTimeMax
    self.minInSyncReplicas = minInSyncReplicas
    self.alterPartitionRetry = alterPartitionRetry
  }
}
