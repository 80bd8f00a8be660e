import Primitives
import Wire

extension ActiveController {
  struct TopicRefusal: Error {
    var code: ErrorCode
    var message: String
  }

  // MARK: creation

  mutating func createTopics(
    _ request: CreateTopicsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> CreateTopicsResponse {
    var response = CreateTopicsResponse()
    var counts: [String: Int] = [:]
    for topic in request.topics { counts[topic.name, default: 0] += 1 }
    var answered: Set<String> = []
    for topic in request.topics where answered.insert(topic.name).inserted {
      var result = CreateTopicsResponse.CreatableTopicResult()
      result.name = topic.name
      result.errorMessage = nil
      let outcome: Result<[MetadataRecord], TopicRefusal>
      if counts[topic.name, default: 0] > 1 {
        outcome = .failure(TopicRefusal(code: .invalidRequest, message: "Duplicate topic name."))
      } else {
        outcome = creationRecords(topic, id: UUID128.random(using: &random))
      }
      switch outcome {
      case .failure(let refusal):
        result.errorCode = refusal.code.rawValue
        result.errorMessage = refusal.message
        result.configs = nil
      case .success(let records):
        let partitions = records.compactMap { if case .partition(let p) = $0 { p } else { nil } }
        if !request.validateOnly { append(records, at: now, into: &effects) }
        result.topicId = request.validateOnly ? .zero : partitions.first?.topicId ?? .zero
        result.numPartitions = Int32(truncatingIfNeeded: partitions.count)
        result.replicationFactor = Int16(truncatingIfNeeded: partitions.first?.replicas.count ?? 0)
        result.configs = topic.configs.sorted { $0.name < $1.name }.map { config in
          var answer = CreateTopicsResponse.CreatableTopicConfigs()
          answer.name = config.name
          answer.value = config.value
          answer.configSource = 1  // set on the topic itself
          return answer
        }
      }
      response.topics.append(result)
    }
    return response
  }

  /// The records of a new topic, all in one batch; nothing is changed yet.
  private mutating func creationRecords(
    _ topic: CreateTopicsRequest.CreatableTopic, id: TopicID
  ) -> Result<[MetadataRecord], TopicRefusal> {
    if let problem = TopicName.problem(topic.name) {
      return .failure(TopicRefusal(code: .invalidTopicException, message: problem))
    }
    if image.topicID(topic.name) != nil {
      return .failure(TopicRefusal(code: .topicAlreadyExists, message: "Topic '\(topic.name)' already exists."))
    }
    if let other = TopicName.collision(of: topic.name, with: image.topicIDs) {
      return .failure(
        TopicRefusal(
          code: .invalidTopicException, message: "Topic '\(topic.name)' collides with existing topic: \(other)")
      )
    }
    if Set(topic.configs.map(\.name)).count != topic.configs.count {
      return .failure(TopicRefusal(code: .invalidConfig, message: "A config is named more than once."))
    }
    for config in topic.configs {
      guard let value = config.value else {
        return .failure(TopicRefusal(code: .invalidConfig, message: "Null value not supported for \(config.name)"))
      }
      if let problem = TopicConfigRules.problem(config.name, value) {
        return .failure(TopicRefusal(code: .invalidConfig, message: problem))
      }
    }
    let assignments: [[BrokerID]]
    switch initialAssignments(topic) {
    case .failure(let refusal): return .failure(refusal)
    case .success(let lists): assignments = lists
    }
    var record = TopicRecord()
    record.name = topic.name
    record.topicId = id
    var records = [MetadataRecord.topic(record)]
    records += topic.configs.map { MetadataImage.config(.topic(topic.name), $0.name, $0.value) }
    switch partitionRecords(topic: id, from: 0, assignments) {
    case .failure(let refusal): return .failure(refusal)
    case .success(let partitions): records += partitions
    }
    guard records.count <= configuration.maxRecordsPerBatch else { return .failure(Self.tooLarge) }
    return .success(records)
  }

  static let tooLarge = TopicRefusal(
    code: .policyViolation, message: "Unable to perform excessively large batch operation.")

  private mutating func initialAssignments(
    _ topic: CreateTopicsRequest.CreatableTopic
  ) -> Result<[[BrokerID]], TopicRefusal> {
    if !topic.assignments.isEmpty {
      if topic.numPartitions != -1 || topic.replicationFactor != -1 {
        return .failure(
          TopicRefusal(
            code: .invalidRequest,
            message: "A manual partition assignment was specified, but numPartitions or replicationFactor is not -1."))
      }
      let sorted = topic.assignments.sorted { $0.partitionIndex < $1.partitionIndex }
      guard sorted.enumerated().allSatisfy({ Int($1.partitionIndex) == $0 }) else {
        return .failure(
          TopicRefusal(
            code: .invalidReplicaAssignment, message: "Partitions should be a consecutive 0-based integer sequence."))
      }
      let lists = sorted.map { $0.brokerIds.map { BrokerID($0) } }
      let factor = lists.first?.count ?? 0
      for list in lists {
        if let refusal = assignmentProblem(list, factor: factor) { return .failure(refusal) }
      }
      return .success(lists)
    }
    let count = topic.numPartitions == -1 ? configuration.defaultPartitions : topic.numPartitions
    let factor = topic.replicationFactor == -1 ? configuration.defaultReplicationFactor : topic.replicationFactor
    guard count > 0 else {
      return .failure(
        TopicRefusal(
          code: .invalidPartitions, message: "Number of partitions was set to an invalid non-positive value."))
    }
    guard factor > 0 else {
      return .failure(
        TopicRefusal(
          code: .invalidReplicationFactor, message: "Replication factor must be larger than 0, or -1 for the default."))
    }
    guard Int(count) < configuration.maxRecordsPerBatch else { return .failure(Self.tooLarge) }
    return place(Int(count), from: 0, factor: Int(factor))
  }

  mutating func place(_ count: Int, from first: Int, factor: Int) -> Result<[[BrokerID]], TopicRefusal> {
    let placer = ReplicaPlacer(brokers: image.sortedBrokers.filter { !$0.inControlledShutdown })
    switch placer.place(partitions: count, startingAt: first, replicationFactor: factor, random: &random) {
    case .success(let lists): return .success(lists)
    case .failure(let failure):
      return .failure(
        TopicRefusal(
          code: .invalidReplicationFactor,
          message: "Unable to replicate the partition \(factor) time(s): \(failure.message)"))
    }
  }

  func assignmentProblem(_ list: [BrokerID], factor: Int) -> TopicRefusal? {
    let message: String
    if list.isEmpty {
      message = "The manual partition assignment includes an empty replica list."
    } else if Set(list).count != list.count {
      message = "The manual partition assignment includes a broker more than once."
    } else if list.count != factor {
      message =
        "The manual partition assignment includes a partition with \(list.count) replica(s), but this is not "
        + "consistent with previous partitions, which have \(factor) replica(s)."
    } else if let unknown = list.first(where: { image.broker($0) == nil }) {
      message = "The manual partition assignment includes broker \(unknown), but no such broker is registered."
    } else {
      return nil
    }
    return TopicRefusal(code: .invalidReplicaAssignment, message: message)
  }

  func partitionRecords(
    topic: TopicID, from first: Int, _ assignments: [[BrokerID]]
  ) -> Result<[MetadataRecord], TopicRefusal> {
    var records: [MetadataRecord] = []
    records.reserveCapacity(assignments.count)
    for (index, replicas) in assignments.enumerated() {
      let isr = replicas.filter(image.isActive)
      guard let leader = isr.first else {
        return .failure(
          TopicRefusal(
            code: .invalidReplicaAssignment,
            message: "All brokers specified in the manual partition assignment for partition \(first + index) are "
              + "fenced or in controlled shutdown."))
      }
      var record = PartitionRecord()
      record.partitionId = Int32(truncatingIfNeeded: first + index)
      record.topicId = topic
      record.replicas = replicas.map(\.rawValue)
      record.isr = isr.map(\.rawValue)
      record.leader = leader.rawValue
      record.leaderEpoch = 0
      record.partitionEpoch = 0
      record.directories = replicas.map { id in
        guard let dirs = image.broker(id)?.logDirs, dirs.count == 1 else { return .zero }
        return dirs[0]
      }
      records.append(.partition(record))
    }
    return .success(records)
  }
}
