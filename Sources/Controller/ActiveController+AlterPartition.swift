import Primitives
import Wire

extension ActiveController {
  /// AlterPartition: a leader asks for another ISR; compare-and-set on the partition epoch (KIP-497, KIP-903).
  mutating func alterPartition(
    _ request: AlterPartitionRequest, _ version: Int16, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AlterPartitionResponse {
    var response = AlterPartitionResponse()
    if let error = lifeProblem(BrokerID(request.brokerId), BrokerEpoch(request.brokerEpoch)) {
      response.errorCode = (error == .brokerIdNotRegistered ? ErrorCode.staleBrokerEpoch : error).rawValue
      return response
    }
    var records: [MetadataRecord] = []
    var accepted: [(topic: Int, partition: Int, id: TopicIDPartition)] = []
    var seen: Set<TopicIDPartition> = []
    for topic in request.topics {
      var result = AlterPartitionResponse.TopicData()
      result.topicId = topic.topicId
      for data in topic.partitions {
        var outcome = AlterPartitionResponse.PartitionData()
        outcome.partitionIndex = data.partitionIndex
        let id = TopicIDPartition(topic.topicId, PartitionID(data.partitionIndex))
        let error =
          seen.insert(id).inserted
          ? check(data, id, from: BrokerID(request.brokerId), version, &records) : ErrorCode.invalidRequest
        outcome.errorCode = error.rawValue
        if error == .none { accepted.append((response.topics.count, result.partitions.count, id)) }
        result.partitions.append(outcome)
      }
      response.topics.append(result)
    }
    append(records, at: now, into: &effects)
    for (topic, partition, id) in accepted {
      guard let state = image.partition(id) else { continue }
      if state.leader.rawValue != request.brokerId {
        // The change was made, and completed a reassignment that moved the leadership away.
        response.topics[topic].partitions[partition].errorCode = ErrorCode.newLeaderElected.rawValue
        continue
      }
      response.topics[topic].partitions[partition].leaderId = state.leader.rawValue
      response.topics[topic].partitions[partition].leaderEpoch = state.leaderEpoch.rawValue
      response.topics[topic].partitions[partition].isr = state.isr.map(\.rawValue)
      response.topics[topic].partitions[partition].leaderRecoveryState = state.leaderRecoveryState.rawValue
      response.topics[topic].partitions[partition].partitionEpoch = state.partitionEpoch.rawValue
    }
    return response
  }

  private func check(
    _ data: AlterPartitionRequest.PartitionData, _ id: TopicIDPartition, from sender: BrokerID, _ version: Int16,
    _ records: inout [MetadataRecord]
  ) -> ErrorCode {
    guard image.topic(id.topic) != nil else { return .unknownTopicId }
    guard var builder = builder(id) else { return .unknownTopicOrPartition }
    let before = builder.before
    // A caller that is ahead has heard of a newer controller: this one is about to learn that it was replaced.
    if data.leaderEpoch > before.leaderEpoch.rawValue || data.partitionEpoch > before.partitionEpoch.rawValue {
      return .notController
    }
    if data.leaderEpoch < before.leaderEpoch.rawValue { return .fencedLeaderEpoch }
    if before.leader != sender { return .invalidRequest }
    if data.partitionEpoch < before.partitionEpoch.rawValue { return .invalidUpdateVersion }
    let states: [(id: BrokerID, epoch: BrokerEpoch)] =
      version >= 3
      ? data.newIsrWithEpochs.map { (BrokerID($0.brokerId), BrokerEpoch($0.brokerEpoch)) }
      : data.newIsr.map { (BrokerID($0), .none) }
    let isr = states.map(\.id)
    guard Set(isr).count == isr.count, isr.allSatisfy(before.replicas.contains), isr.contains(sender),
      let recovery = LeaderRecoveryState(rawValue: data.leaderRecoveryState)
    else { return .invalidRequest }
    if recovery == .recovering, isr.count > 1 { return .invalidRequest }
    if recovery == .recovering, before.leaderRecoveryState == .recovered { return .invalidRequest }
    for state in states {
      guard let broker = image.broker(state.id), broker.isActive || (state.id == sender && !broker.fenced) else {
        return .ineligibleReplica
      }
      if state.epoch != .none, state.epoch != broker.epoch { return .ineligibleReplica }
    }
    builder.isr = isr
    builder.recoveryState = recovery
    builder.election = .any
    // The sender stays the leader even while it is shutting down: another step moves it.
    if let record = builder.build(mayLead: { image.isActive($0) || $0 == sender }) { records.append(record) }
    return .none
  }
}
