import Controller
import Primitives
import Replication

extension PartitionMetadata {
  /// What the replication core is told of a partition, from the metadata as this broker has applied it.
  package init(_ registration: PartitionRegistration, in image: MetadataImage) {
    self.init(
      replicas: registration.replicas.map { id in
        let broker = image.broker(id)
        return ReplicaBroker(id: id, brokerEpoch: broker?.epoch ?? .none, isEligible: broker?.isActive ?? false)
      },
      isr: registration.isr, elr: registration.elr, leader: registration.leader, leaderEpoch: registration.leaderEpoch,
      partitionEpoch: registration.partitionEpoch,
      leaderRecoveryState: registration.leaderRecoveryState == .recovering ? .recovering : .recovered)
  }
}
