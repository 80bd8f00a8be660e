import Primitives

/// One broker's replica of one partition: leader or follower, ISR, high watermark, truncation by leader epoch.
///
/// A pure core, owned by one event loop. Records do not pass through it: the shell asks, appends to the log, and tells
/// it how far the log goes now. Duplicates of idempotent producers are the log's business.
///
/// | from | on metadata of a newer epoch that names | to |
/// |-|-|-|
/// | any | this broker as leader | leader; the epoch begins at the log's end |
/// | any | another leader, and this broker as replica | follower |
/// | any | no leader, or not this broker | offline |
/// | any | (the log fails) | offline for good |
///
/// Sources: KIP-101, KIP-279, KIP-320, KIP-392, KIP-497, KIP-903, KIP-966.
public struct PartitionReplica: Sendable {
  public let partition: TopicIDPartition
  public let localID: BrokerID
  /// This process's registration; set again when the broker registers anew.
  public var brokerEpoch: BrokerEpoch
  /// May change at any time (topic configuration); the next event obeys it.
  public var configuration: ReplicationConfiguration
  /// The newest metadata that was applied.
  public internal(set) var metadata: PartitionMetadata?
  /// Records below it are committed, as far as this replica knows.
  public internal(set) var highWatermark: Offset
  /// Why the replica is offline for good; nil as long as its log works.
  public internal(set) var failure: ReplicaLogFailure?
  var role: ReplicaRole = .offline

  /// `highWatermark` is the checkpointed one: it only spares consumers a wait, truncation never goes by it.
  public init(
    partition: TopicIDPartition, localID: BrokerID, brokerEpoch: BrokerEpoch,
    configuration: ReplicationConfiguration, highWatermark: Offset = .zero
  ) {
    self.partition = partition
    self.localID = localID
    self.brokerEpoch = brokerEpoch
    self.configuration = configuration
    self.highWatermark = highWatermark
  }

  public var isLeader: Bool { if case .leader = role { true } else { false } }
  public var isFollower: Bool { if case .follower = role { true } else { false } }
  /// A proposal to change the ISR has not been settled.
  public var awaitsController: Bool { if case .leader(let leader) = role { leader.pending != nil } else { false } }
  public var leaderEpoch: LeaderEpoch { metadata?.leaderEpoch ?? .none }
  /// The ISR as the controller last confirmed it.
  public var isr: [BrokerID] { if case .leader(let leader) = role { leader.isr } else { metadata?.isr ?? [] } }
  /// `min.insync.replicas`, capped by the number of replicas.
  public var effectiveMinInSyncReplicas: Int {
    max(1, min(configuration.minInSyncReplicas, metadata?.replicas.count ?? 1))
  }

  /// Takes over newer metadata; older or equal partition epochs only refresh the brokers' states.
  public mutating func apply(
    _ new: PartitionMetadata, at now: Instant, log: inout some ReplicaLog, into effects: inout [ReplicationEffect]
  ) {
    guard failure == nil else { return }
    if let old = metadata, new.partitionEpoch <= old.partitionEpoch || new.leaderEpoch < old.leaderEpoch {
      if new.partitionEpoch == old.partitionEpoch, new.leaderEpoch == old.leaderEpoch {
        metadata?.replicas = new.replicas
        if isLeader { advanceHighWatermark(at: now, logEnd: log.logEndOffset, into: &effects) }
      }
      return
    }
    let isNewEpoch = metadata.map { new.leaderEpoch > $0.leaderEpoch } ?? true
    metadata = new
    if new.leader == localID, new.broker(localID) != nil {
      lead(new, isNewEpoch: isNewEpoch, at: now, log: &log, into: &effects)
    } else {
      resign(into: &effects)
      guard new.leader != .none, new.broker(localID) != nil else {
        if isFollower { effects.append(.stopFetching) }
        role = .offline
        return
      }
      if isFollower, !isNewEpoch { return }
      role = .follower(FollowerState(leader: new.leader, leaderEpoch: new.leaderEpoch))
      effects.append(.startFetching(from: new.leader, leaderEpoch: new.leaderEpoch))
    }
  }

  /// Ends a leadership, if there is one: whoever waits learns that it has to look elsewhere.
  mutating func resign(_ code: ErrorCode = .notLeaderOrFollower, into effects: inout [ReplicationEffect]) {
    guard case .leader(var leader) = role else { return }
    role = .offline
    leader.waiting.completeAll(code, into: &effects)
    effects.append(.leadershipLost)
  }

  mutating func fail(_ reason: ReplicaLogFailure, into effects: inout [ReplicationEffect]) {
    if isFollower { effects.append(.stopFetching) }
    resign(.kafkaStorageError, into: &effects)
    role = .offline
    failure = reason
    effects.append(.logFailed(reason))
  }

  /// Carries `body` out on the leader's state in place; nil when this replica does not lead.
  mutating func withLeader<Result>(_ body: (inout LeaderState) -> Result) -> Result? {
    guard case .leader(var leader) = role else { return nil }
    role = .offline
    let result = body(&leader)
    role = .leader(leader)
    return result
  }

  /// Compares the epoch that a client or follower believes in with ours (KIP-320); −1 asks for no check.
  func checkEpoch(_ epoch: LeaderEpoch) -> ErrorCode? {
    if epoch == .none || epoch == leaderEpoch { return nil }
    return epoch < leaderEpoch ? .fencedLeaderEpoch : .unknownLeaderEpoch
  }
}
