import Primitives
import Replication
import Wire

extension AlterPartitionRequest {
  /// A leader's proposal as the controller wants it.
  package init(
    _ proposal: AlterPartitionProposal, for partition: TopicIDPartition, broker: BrokerID, brokerEpoch: BrokerEpoch
  ) {
    var data = PartitionData()
    data.partitionIndex = partition.partition.rawValue
    data.leaderEpoch = proposal.leaderEpoch.rawValue
    data.partitionEpoch = proposal.partitionEpoch.rawValue
    data.leaderRecoveryState = proposal.leaderRecoveryState.rawValue
    data.newIsrWithEpochs = proposal.isr.map { member in
      var state = BrokerState()
      state.brokerId = member.id.rawValue
      state.brokerEpoch = member.brokerEpoch.rawValue
      return state
    }
    var topic = TopicData()
    topic.topicId = partition.topic
    topic.partitions = [data]
    self.init()
    brokerId = broker.rawValue
    self.brokerEpoch = brokerEpoch.rawValue
    topics = [topic]
  }
}

extension AlterPartitionResponse {
  /// The controller's answer to a proposal; without one in time, REQUEST_TIMED_OUT: to be asked again.
  package static func result(
    of response: AlterPartitionResponse?
  ) -> Result<(isr: [BrokerID], partitionEpoch: PartitionEpoch, leaderEpoch: LeaderEpoch), ErrorCode> {
    let row = response?.topics.first?.partitions.first
    let code = ErrorCode(rawValue: (response?.errorCode).flatMap { $0 != 0 ? $0 : row?.errorCode } ?? 7)
    guard code == ErrorCode.none, let row else { return .failure(code ?? .unknownServerError) }
    return .success(
      (
        isr: row.isr.map { BrokerID($0) }, partitionEpoch: PartitionEpoch(row.partitionEpoch),
        leaderEpoch: LeaderEpoch(row.leaderEpoch)
      ))
  }
}
