import Primitives
import Wire

extension ActiveController {
  /// `min.insync.replicas` as it holds for the topic.
  func minInSyncReplicas(_ topic: String) -> Int {
    let value = image.effectiveConfig(topic: topic, key: "min.insync.replicas").flatMap {
      Int(TopicConfigRules.trim($0))
    }
    return max(1, value ?? configuration.minInSyncReplicas)
  }

  func uncleanElectionAllowed(_ topic: String) -> Bool {
    let value = image.effectiveConfig(topic: topic, key: "unclean.leader.election.enable")
    return value.map { TopicConfigRules.trim($0).lowercased() == "true" } ?? configuration.uncleanLeaderElection
  }

  /// A builder for one partition with its topic's settings; nil when there is no such partition.
  func builder(_ id: TopicIDPartition) -> PartitionChangeBuilder? {
    guard let before = image.partition(id), let topic = image.topic(id.topic) else { return nil }
    var builder = PartitionChangeBuilder(
      id, before, minInSyncReplicas: minInSyncReplicas(topic.name), elrEnabled: elrEnabled)
    if uncleanElectionAllowed(topic.name) { builder.election = .unclean }
    builder.mayMoveBelowMinISR = configuration.flaws.contains(.movesBelowMinISR)
    return builder
  }

  // MARK: a broker goes

  /// Fences a broker: one batch that marks it, takes it out of ISRs and gives its leaderships away.
  mutating func fence(_ id: BrokerID, at now: Instant, into effects: inout [ControllerEffect]) {
    guard let broker = image.broker(id), !broker.fenced else { return }
    var record = BrokerRegistrationChangeRecord()
    record.brokerId = id.rawValue
    record.brokerEpoch = broker.epoch.rawValue
    record.fenced = 1
    append(
      [.brokerRegistrationChange(record)] + removalRecords(of: id), at: now, into: &effects)
  }

  mutating func brokerUnreachable(
    _ id: BrokerID, epoch: BrokerEpoch?, at now: Instant, into effects: inout [ControllerEffect]
  ) {
    guard let broker = image.broker(id), epoch == nil || epoch == broker.epoch else { return }
    sessions[id] = nil
    fence(id, at: now, into: &effects)
  }

  /// What takes a broker out of every ISR and leadership it can leave. An unclean end drops it from the ELRs too.
  func removalRecords(of id: BrokerID, unclean: Bool = false) -> [MetadataRecord] {
    image.partitions(on: id).compactMap { partition in
      guard let before = image.partition(partition),
        before.leader == id || before.isr.contains(id) || (unclean && before.elr.contains(id)),
        var builder = builder(partition)
      else { return nil }
      builder.isr = before.isr.filter { $0 != id }
      if unclean { builder.uncleanlyShutDown = [id] }
      return builder.build { $0 != id && image.isActive($0) }
    }
  }

  // MARK: a broker comes

  /// Gives leaders to partitions that had none and for which the broker, about to be active, may stand.
  func arrivalRecords(of id: BrokerID) -> [MetadataRecord] {
    image.partitions(on: id).compactMap { partition in
      guard let before = image.partition(partition), !before.hasLeader, var builder = builder(partition) else {
        return nil
      }
      return builder.build { $0 == id || image.isActive($0) }
    }
  }

  /// What must change with `min.insync.replicas`: an ISR that is now large enough acknowledges without the ELR, whose
  /// members are then no longer eligible.
  func elrRecords(of topics: [TopicRegistration]) -> [MetadataRecord] {
    topics.flatMap { topic in
      topic.partitions.indices.compactMap { index -> MetadataRecord? in
        let id = TopicIDPartition(topic.id, PartitionID(Int32(truncatingIfNeeded: index)))
        guard !topic.partitions[index].elr.isEmpty, var builder = builder(id) else { return nil }
        return builder.build(mayLead: image.isActive)
      }
    }
  }

  // MARK: preference

  /// Remembers a partition whose preferred replica could lead and does not.
  mutating func noteBalance(_ id: TopicIDPartition, _ partition: PartitionRegistration, at now: Instant) {
    let preferred = partition.preferredLeader
    if partition.leader != preferred, partition.isr.contains(preferred) {
      imbalanced.insert(id)
      if rebalanceAt == nil { rebalanceAt = now + configuration.imbalanceCheckInterval }
    } else if imbalanced.remove(id) != nil, imbalanced.isEmpty {
      rebalanceAt = nil
    }
  }

  /// Moves leaderships to preferred replicas that are in the ISR and active, at most a batch at a time.
  mutating func rebalance(at now: Instant, into effects: inout [ControllerEffect]) {
    var records: [MetadataRecord] = []
    for id in imbalanced.sorted() {
      guard records.count < configuration.maxRecordsPerBatch else { break }
      guard var builder = builder(id) else {
        imbalanced.remove(id)
        continue
      }
      builder.election = .preferred
      guard image.isActive(builder.before.preferredLeader) else { continue }
      if let record = builder.build(mayLead: image.isActive) { records.append(record) }
    }
    rebalanceAt = nil
    append(records, at: now, into: &effects)
    rebalanceAt = imbalanced.isEmpty ? nil : now + configuration.imbalanceCheckInterval
  }

  /// ElectLeaders: type 0 the preferred replica, 1 an unclean election where nobody else may lead (KIP-460).
  mutating func electLeaders(
    _ request: ElectLeadersRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> ElectLeadersResponse {
    var response = ElectLeadersResponse()
    guard request.electionType == 0 || request.electionType == 1 else {
      response.errorCode = ErrorCode.invalidRequest.rawValue
      return response
    }
    let named =
      request.topicPartitions.map { $0.map { ($0.topic, $0.partitions) } }
      ?? image.sortedTopics.map { ($0.name, $0.partitions.indices.map { Int32(truncatingIfNeeded: $0) }) }
    var records: [MetadataRecord] = []
    var seen: Set<TopicIDPartition> = []
    for (name, partitions) in named {
      var result = ElectLeadersResponse.ReplicaElectionResult()
      result.topic = name
      for partition in partitions {
        var outcome = ElectLeadersResponse.PartitionResult()
        outcome.partitionId = partition
        let error = elect(name, partition, unclean: request.electionType == 1, &seen, &records)
        outcome.errorCode = error.rawValue
        outcome.errorMessage = error == .none ? nil : error.name
        // Over all partitions, those that need nothing are left out.
        if request.topicPartitions == nil, error == .electionNotNeeded { continue }
        result.partitionResult.append(outcome)
      }
      if !result.partitionResult.isEmpty { response.replicaElectionResults.append(result) }
    }
    append(records, at: now, into: &effects)
    return response
  }

  private func elect(
    _ name: String, _ partition: Int32, unclean: Bool, _ seen: inout Set<TopicIDPartition>,
    _ records: inout [MetadataRecord]
  ) -> ErrorCode {
    guard let topic = image.topicID(name),
      var builder = builder(TopicIDPartition(topic, PartitionID(partition)))
    else { return .unknownTopicOrPartition }
    let before = builder.before
    if unclean ? before.hasLeader : before.leader == before.preferredLeader { return .electionNotNeeded }
    guard seen.insert(TopicIDPartition(topic, PartitionID(partition))).inserted else { return .electionNotNeeded }
    builder.election = unclean ? .unclean : .preferred
    guard let record = builder.build(mayLead: image.isActive), case .partitionChange(let change) = record,
      change.leader >= 0
    else { return unclean ? .eligibleLeadersNotAvailable : .preferredLeaderNotAvailable }
    records.append(record)
    if !unclean, change.leader != before.preferredLeader.rawValue { return .preferredLeaderNotAvailable }
    return .none
  }
}
