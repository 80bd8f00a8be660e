import Primitives
import Wire

/// ISR changes, producer ids and reassignments.
extension ActiveController {
  mutating func alterPartition(
    _ request: AlterPartitionRequest, _ version: Int16, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AlterPartitionResponse {
    var response = AlterPartitionResponse()
    let sender = BrokerID(request.brokerId)
    guard let broker = image.broker(sender), broker.epoch.rawValue == request.brokerEpoch else {
      response.errorCode = ErrorCode.staleBrokerEpoch.rawValue
      return response
    }
    var records: [MetadataRecord] = []
    for topic in request.topics {
      var result = AlterPartitionResponse.TopicData()
      result.topicId = topic.topicId
      for data in topic.partitions {
        var row = AlterPartitionResponse.PartitionData()
        row.partitionIndex = data.partitionIndex
        let id = TopicIDPartition(topic.topicId, PartitionID(data.partitionIndex))
        if let code = alter(id, data, sender, &records, at: now, into: &effects) {
          row.errorCode = code.rawValue
        } else if let after = image.partition(id) {
          row.leaderId = after.leader.rawValue
          row.leaderEpoch = after.leaderEpoch.rawValue
          row.isr = after.isr.map(\.rawValue)
          row.leaderRecoveryState = after.leaderRecoveryState.rawValue
          row.partitionEpoch = after.partitionEpoch.rawValue
        }
        result.partitions.append(row)
      }
      response.topics.append(result)
    }
    return response
  }

  /// Kafka's checks in Kafka's order; nil when the change was taken (or asked for nothing new).
  private mutating func alter(
    _ id: TopicIDPartition, _ data: AlterPartitionRequest.PartitionData, _ sender: BrokerID,
    _ records: inout [MetadataRecord], at now: Instant, into effects: inout [ControllerEffect]
  ) -> ErrorCode? {
    guard image.topic(id.topic) != nil else { return .unknownTopicId }
    guard let before = image.partition(id) else { return .unknownTopicOrPartition }
    // A leader that knows more than this controller talks to a controller that is none any more.
    if data.leaderEpoch > before.leaderEpoch.rawValue || data.partitionEpoch > before.partitionEpoch.rawValue {
      return .notController
    }
    if data.leaderEpoch < before.leaderEpoch.rawValue { return .fencedLeaderEpoch }
    guard before.leader == sender else { return .invalidRequest }
    if data.partitionEpoch < before.partitionEpoch.rawValue { return .invalidUpdateVersion }
    let members: [(id: BrokerID, epoch: Int64)] =
      data.newIsrWithEpochs.isEmpty
      ? data.newIsr.map { (BrokerID($0), -1) } : data.newIsrWithEpochs.map { (BrokerID($0.brokerId), $0.brokerEpoch) }
    let isr = members.map(\.id)
    guard !isr.isEmpty, Set(isr).count == isr.count, isr.allSatisfy(before.replicas.contains), isr.contains(sender),
      let recovery = LeaderRecoveryState(rawValue: data.leaderRecoveryState)
    else { return .invalidRequest }
    if recovery == .recovering, isr.count > 1 || before.leaderRecoveryState == .recovered { return .invalidRequest }
    for member in members {
      guard let broker = image.broker(member.id), broker.isActive || before.isr.contains(member.id) && !broker.fenced else {
        return .ineligibleReplica
      }
      if member.epoch >= 0, member.epoch != broker.epoch.rawValue { return .ineligibleReplica }
    }
    guard var builder = builder(id) else { return .unknownTopicOrPartition }
    builder.isr = isr
    builder.recoveryState = recovery
    builder.election = .any
    if let record = builder.build(mayLead: image.isActive) { append([record], at: now, into: &effects) }
    if let after = image.partition(id), after.leader != sender { return .newLeaderElected }
    return nil
  }

  mutating func allocate(
    _ request: AllocateProducerIdsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AllocateProducerIdsResponse {
    var response = AllocateProducerIdsResponse()
    let id = BrokerID(request.brokerId)
    guard let broker = image.broker(id), broker.epoch.rawValue == request.brokerEpoch else {
      response.errorCode = ErrorCode.staleBrokerEpoch.rawValue
      return response
    }
    let start = image.nextProducerID.rawValue
    let (next, overflow) = start.addingReportingOverflow(Int64(configuration.producerIDBlockSize))
    guard !overflow else {
      response.errorCode = ErrorCode.unknownServerError.rawValue
      return response
    }
    var record = ProducerIdsRecord()
    record.brokerId = request.brokerId
    record.brokerEpoch = request.brokerEpoch
    record.nextProducerId = next
    append([.producerIds(record)], at: now, into: &effects)
    response.producerIdStart = start
    response.producerIdLen = configuration.producerIDBlockSize
    return response
  }

  /// Starts or cancels moves of replicas (KIP-455): the target joins the replicas, and the rest leaves once it is in sync.
  mutating func alterReassignments(
    _ request: AlterPartitionReassignmentsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AlterPartitionReassignmentsResponse {
    var response = AlterPartitionReassignmentsResponse()
    response.allowReplicationFactorChange = request.allowReplicationFactorChange
    var records: [MetadataRecord] = []
    response.responses = request.topics.map { topic in
      var row = AlterPartitionReassignmentsResponse.ReassignableTopicResponse()
      row.name = topic.name
      row.partitions = topic.partitions.map { wanted in
        var outcome = AlterPartitionReassignmentsResponse.ReassignablePartitionResponse()
        outcome.partitionIndex = wanted.partitionIndex
        if let (code, message) = reassign(topic.name, wanted, request.allowReplicationFactorChange, &records) {
          outcome.errorCode = code.rawValue
          outcome.errorMessage = message
        }
        return outcome
      }
      return row
    }
    append(records, at: now, into: &effects)
    return response
  }

  private func reassign(
    _ topic: String, _ wanted: AlterPartitionReassignmentsRequest.ReassignablePartition, _ mayChangeFactor: Bool,
    _ records: inout [MetadataRecord]
  ) -> (ErrorCode, String)? {
    guard let id = image.topicID(topic), var builder = builder(TopicIDPartition(id, PartitionID(wanted.partitionIndex)))
    else { return (.unknownTopicOrPartition, "Unable to find partition \(topic)-\(wanted.partitionIndex)") }
    let before = builder.before
    guard let target = wanted.replicas?.map({ BrokerID($0) }) else {
      guard before.isReassigning else { return (.noReassignmentInProgress, ErrorCode.noReassignmentInProgress.name) }
      builder.replicas = before.replicas.filter { !before.addingReplicas.contains($0) }
      builder.isr = before.isr.filter { !before.addingReplicas.contains($0) }
      builder.adding = []
      builder.removing = []
      if let record = builder.build(mayLead: image.isActive) { records.append(record) }
      return nil
    }
    guard !target.isEmpty, Set(target).count == target.count, target.allSatisfy({ image.broker($0) != nil }) else {
      return (.invalidReplicaAssignment, "The replicas must be different, registered brokers")
    }
    let current = before.replicas.filter { !before.addingReplicas.contains($0) }
    if !mayChangeFactor, target.count != current.count {
      return (.invalidReplicationFactor, "The replication factor may not change from \(current.count) to \(target.count)")
    }
    builder.adding = target.filter { !current.contains($0) }
    builder.removing = current.filter { !target.contains($0) }
    builder.replicas = target + builder.removing
    if let record = builder.build(mayLead: image.isActive) { records.append(record) }
    return nil
  }

  func listReassignments(_ request: ListPartitionReassignmentsRequest) -> ListPartitionReassignmentsResponse {
    var response = ListPartitionReassignmentsResponse()
    let wanted = request.topics.map { Dictionary($0.map { ($0.name, Set($0.partitionIndexes)) }) { $0.union($1) } }
    for topic in image.sortedTopics where wanted == nil || wanted?[topic.name] != nil {
      var row = ListPartitionReassignmentsResponse.OngoingTopicReassignment()
      row.name = topic.name
      for (index, partition) in topic.partitions.enumerated() where partition.isReassigning {
        let number = Int32(truncatingIfNeeded: index)
        if let wanted, wanted[topic.name]?.contains(number) != true { continue }
        var ongoing = ListPartitionReassignmentsResponse.OngoingPartitionReassignment()
        ongoing.partitionIndex = number
        ongoing.replicas = partition.replicas.map(\.rawValue)
        ongoing.addingReplicas = partition.addingReplicas.map(\.rawValue)
        ongoing.removingReplicas = partition.removingReplicas.map(\.rawValue)
        row.partitions.append(ongoing)
      }
      if !row.partitions.isEmpty { response.topics.append(row) }
    }
    return response
  }
}
