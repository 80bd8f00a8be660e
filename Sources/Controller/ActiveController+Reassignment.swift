import Primitives
import Wire

extension ActiveController {
  /// AlterPartitionReassignments (KIP-455): replicas become target ∪ old until every new one is in the ISR.
  mutating func alterReassignments(
    _ request: AlterPartitionReassignmentsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> AlterPartitionReassignmentsResponse {
    var response = AlterPartitionReassignmentsResponse()
    response.errorMessage = nil
    response.allowReplicationFactorChange = request.allowReplicationFactorChange
    var records: [MetadataRecord] = []
    var seen: Set<TopicIDPartition> = []
    for topic in request.topics {
      var result = AlterPartitionReassignmentsResponse.ReassignableTopicResponse()
      result.name = topic.name
      for partition in topic.partitions {
        var outcome = AlterPartitionReassignmentsResponse.ReassignablePartitionResponse()
        outcome.partitionIndex = partition.partitionIndex
        let refusal = reassign(
          topic.name, partition, mayChangeFactor: request.allowReplicationFactorChange, &seen, &records)
        outcome.errorCode = (refusal?.code ?? .none).rawValue
        outcome.errorMessage = refusal?.message
        result.partitions.append(outcome)
      }
      response.responses.append(result)
    }
    append(records, at: now, into: &effects)
    return response
  }

  private func reassign(
    _ name: String, _ request: AlterPartitionReassignmentsRequest.ReassignablePartition, mayChangeFactor: Bool,
    _ seen: inout Set<TopicIDPartition>, _ records: inout [MetadataRecord]
  ) -> TopicRefusal? {
    func refused(_ code: ErrorCode) -> TopicRefusal { TopicRefusal(code: code, message: code.name) }
    guard let topic = image.topicID(name) else { return refused(.unknownTopicOrPartition) }
    let id = TopicIDPartition(topic, PartitionID(request.partitionIndex))
    guard var builder = builder(id) else { return refused(.unknownTopicOrPartition) }
    guard seen.insert(id).inserted else { return refused(.invalidRequest) }
    let before = builder.before
    let original = before.replicas.filter { !before.addingReplicas.contains($0) }
    if let wanted = request.replicas {
      let target = wanted.map { BrokerID($0) }
      if let problem = assignmentProblem(target, factor: target.count) { return problem }
      if !mayChangeFactor, target.count != original.count { return refused(.invalidReplicationFactor) }
      builder.adding = target.filter { !original.contains($0) }
      builder.removing = original.filter { !target.contains($0) }
      builder.replicas = target + builder.removing
      builder.isr = before.isr.filter(builder.replicas.contains)
      if builder.isr.isEmpty, !before.isr.isEmpty { return refused(.invalidReplicaAssignment) }
    } else {
      guard before.isReassigning else { return refused(.noReassignmentInProgress) }
      builder.adding = []
      builder.removing = []
      builder.replicas = original
      builder.isr = before.isr.filter(original.contains)
      // Going back must not lose what only the new replicas have.
      if builder.isr.isEmpty { return refused(.invalidReplicaAssignment) }
    }
    guard builder.keepsEnough(of: builder.replicas) else {
      return TopicRefusal(
        code: .invalidReplicaAssignment,
        message: "Of the replicas that stay, fewer than min.insync.replicas are in sync; try again when they are.")
    }
    if let record = builder.build(mayLead: image.isActive) { records.append(record) }
    return nil
  }

  /// ListPartitionReassignments: those of the named partitions, or of all, that are under way.
  func listReassignments(_ request: ListPartitionReassignmentsRequest) -> ListPartitionReassignmentsResponse {
    var response = ListPartitionReassignmentsResponse()
    response.errorMessage = nil
    let named =
      request.topics.map { $0.map { ($0.name, $0.partitionIndexes) } }
      ?? image.sortedTopics.map { ($0.name, $0.partitions.indices.map { Int32(truncatingIfNeeded: $0) }) }
    for (name, partitions) in named {
      guard let topic = image.topicID(name) else { continue }
      var result = ListPartitionReassignmentsResponse.OngoingTopicReassignment()
      result.name = name
      for index in partitions {
        guard let partition = image.partition(TopicIDPartition(topic, PartitionID(index))), partition.isReassigning
        else { continue }
        var ongoing = ListPartitionReassignmentsResponse.OngoingPartitionReassignment()
        ongoing.partitionIndex = index
        ongoing.replicas = partition.replicas.map(\.rawValue)
        ongoing.addingReplicas = partition.addingReplicas.map(\.rawValue)
        ongoing.removingReplicas = partition.removingReplicas.map(\.rawValue)
        result.partitions.append(ongoing)
      }
      if !result.partitions.isEmpty { response.topics.append(result) }
    }
    return response
  }
}
