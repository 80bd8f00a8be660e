import Primitives
import Wire

/// Whether a leader's log may miss records that were acknowledged once (KIP-704).
public enum LeaderRecoveryState: Int8, Sendable {
  case recovered = 0
  /// Elected uncleanly; the leader clears this in its next AlterPartition.
  case recovering = 1
}

/// A partition as the metadata knows it.
public struct PartitionRegistration: Equatable, Sendable {
  /// In the order of preference for leadership.
  public var replicas: [BrokerID]
  public var directories: [UUID128]
  public var isr: [BrokerID]
  /// Eligible leader replicas: not in the ISR, but known to have all that was committed (KIP-966).
  public var elr: [BrokerID]
  /// The leader at the moment when the ISR became empty; the last resort of an election (KIP-966).
  public var lastKnownElr: [BrokerID]
  public var addingReplicas: [BrokerID]
  public var removingReplicas: [BrokerID]
  /// `.none` while there is none.
  public var leader: BrokerID
  public var leaderRecoveryState: LeaderRecoveryState
  /// Grows with every record that names a leader, even the same one.
  public var leaderEpoch: LeaderEpoch
  /// Grows with every change of the partition.
  public var partitionEpoch: PartitionEpoch

  public var hasLeader: Bool { leader != .none }
  public var isReassigning: Bool { !addingReplicas.isEmpty || !removingReplicas.isEmpty }
  public var preferredLeader: BrokerID { replicas.first ?? .none }

  init(_ record: PartitionRecord) {
    replicas = record.replicas.map { BrokerID($0) }
    directories = record.directories
    isr = record.isr.map { BrokerID($0) }
    elr = (record.eligibleLeaderReplicas ?? []).map { BrokerID($0) }
    lastKnownElr = (record.lastKnownElr ?? []).map { BrokerID($0) }
    addingReplicas = record.addingReplicas.map { BrokerID($0) }
    removingReplicas = record.removingReplicas.map { BrokerID($0) }
    leader = BrokerID(record.leader)
    leaderRecoveryState = LeaderRecoveryState(rawValue: record.leaderRecoveryState) ?? .recovered
    leaderEpoch = LeaderEpoch(record.leaderEpoch)
    partitionEpoch = PartitionEpoch(record.partitionEpoch)
  }

  /// Applies a change: fields that the record leaves out stay.
  mutating func merge(_ record: PartitionChangeRecord) {
    if let isr = record.isr { self.isr = isr.map { BrokerID($0) } }
    if let replicas = record.replicas { self.replicas = replicas.map { BrokerID($0) } }
    if let removing = record.removingReplicas { removingReplicas = removing.map { BrokerID($0) } }
    if let adding = record.addingReplicas { addingReplicas = adding.map { BrokerID($0) } }
    if let directories = record.directories { self.directories = directories }
    if let elr = record.eligibleLeaderReplicas { self.elr = elr.map { BrokerID($0) } }
    if let last = record.lastKnownElr { lastKnownElr = last.map { BrokerID($0) } }
    if let state = LeaderRecoveryState(rawValue: record.leaderRecoveryState) { leaderRecoveryState = state }
    // "leaderEpoch increments exactly when the record carries a Leader field": −2 is the wire's "no change".
    if record.leader != -2 {
      leader = BrokerID(record.leader)
      leaderEpoch = leaderEpoch.next
    }
    partitionEpoch = partitionEpoch.next
  }

  /// The record that creates this very state.
  func record(topic: TopicID, partition: Int) -> PartitionRecord {
    var record = PartitionRecord()
    record.partitionId = Int32(truncatingIfNeeded: partition)
    record.topicId = topic
    record.replicas = replicas.map(\.rawValue)
    record.directories = directories
    record.isr = isr.map(\.rawValue)
    record.eligibleLeaderReplicas = elr.isEmpty ? nil : elr.map(\.rawValue)
    record.lastKnownElr = lastKnownElr.isEmpty ? nil : lastKnownElr.map(\.rawValue)
    record.addingReplicas = addingReplicas.map(\.rawValue)
    record.removingReplicas = removingReplicas.map(\.rawValue)
    record.leader = leader.rawValue
    record.leaderRecoveryState = leaderRecoveryState.rawValue
    record.leaderEpoch = leaderEpoch.rawValue
    record.partitionEpoch = partitionEpoch.rawValue
    return record
  }
}

/// A topic and its partitions, by index.
public struct TopicRegistration: Equatable, Sendable {
  public var id: TopicID
  public var name: String
  public var partitions: [PartitionRegistration]
}
