import Primitives

/// Whether a leader was elected uncleanly and has still to say that it is whole again (KIP-704).
public enum LeaderRecoveryState: Int8, Hashable, Sendable {
  case recovered = 0
  case recovering = 1
}

/// A replica's broker as the metadata has it.
public struct ReplicaBroker: Hashable, Sendable {
  public var id: BrokerID
  /// The broker's registration; `.none` when it is not registered.
  public var brokerEpoch: BrokerEpoch
  /// Neither fenced nor shutting down: it may join the ISR.
  public var isEligible: Bool

  public init(id: BrokerID, brokerEpoch: BrokerEpoch, isEligible: Bool) {
    self.id = id
    self.brokerEpoch = brokerEpoch
    self.isEligible = isEligible
  }
}

/// What the metadata says of one partition and of the brokers that hold it.
public struct PartitionMetadata: Hashable, Sendable {
  /// In order of preference.
  public var replicas: [ReplicaBroker]
  public var isr: [BrokerID]
  /// Eligible to lead although out of the ISR (KIP-966).
  public var elr: [BrokerID]
  /// `.none` when there is none.
  public var leader: BrokerID
  public var leaderEpoch: LeaderEpoch
  public var partitionEpoch: PartitionEpoch
  public var leaderRecoveryState: LeaderRecoveryState

  public init(
    replicas: [ReplicaBroker], isr: [BrokerID], elr: [BrokerID] = [], leader: BrokerID, leaderEpoch: LeaderEpoch,
    partitionEpoch: PartitionEpoch, leaderRecoveryState: LeaderRecoveryState = .recovered
  ) {
    self.replicas = replicas
    self.isr = isr
    self.elr = elr
    self.leader = leader
    self.leaderEpoch = leaderEpoch
    self.partitionEpoch = partitionEpoch
    self.leaderRecoveryState = leaderRecoveryState
  }

  func broker(_ id: BrokerID) -> ReplicaBroker? { replicas.first { $0.id == id } }
}
