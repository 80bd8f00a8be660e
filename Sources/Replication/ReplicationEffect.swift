import Primitives

/// A wish to change the ISR, for the controller (AlterPartition, KIP-497, KIP-903).
public struct AlterPartitionProposal: Hashable, Sendable {
  public struct Member: Hashable, Sendable {
    public var id: BrokerID
    /// As of its last Fetch; `.none` when it has not fetched from this leader, and then the controller does not check.
    public var brokerEpoch: BrokerEpoch
  }

  public var leaderEpoch: LeaderEpoch
  public var partitionEpoch: PartitionEpoch
  public var isr: [Member]
  public var leaderRecoveryState: LeaderRecoveryState
}

/// What the owner of a ``PartitionReplica`` has to do, in order.
public enum ReplicationEffect: Hashable, Sendable {
  /// Answer the produce request that waits under `token`.
  case acknowledge(token: UInt64, ErrorCode)
  /// Records below this offset are committed: wake consumers' fetches.
  case highWatermarkAdvanced(Offset)
  /// Send to the controller; answer with `alterPartitionResult`.
  case alterPartition(AlterPartitionProposal)
  /// Parked fetches of consumers and followers are to be answered again: this replica no longer leads.
  case leadershipLost
  /// Fetch from this broker, beginning with `nextFetch`.
  case startFetching(from: BrokerID, leaderEpoch: LeaderEpoch)
  case stopFetching
  /// The log was cut. Below the high watermark only an unclean election may do that.
  case truncated(to: Offset, belowHighWatermark: Bool)
  /// The log failed and the replica is offline.
  case logFailed(ReplicaLogFailure)
}
