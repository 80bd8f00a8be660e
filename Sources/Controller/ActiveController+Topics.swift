import Primitives
import Wire

extension ActiveController {
  // MARK: deletion

  mutating func deleteTopics(
    _ request: DeleteTopicsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> DeleteTopicsResponse {
    var response = DeleteTopicsResponse()
    var records: [MetadataRecord] = []
    var removed: Set<TopicID> = []
    let named = request.topicNames.map { (name: Optional($0), id: UUID128.zero) }
    for (name, id) in request.topics.map({ (name: $0.name, id: $0.topicId) }) + named {
      var result = DeleteTopicsResponse.DeletableTopicResult()
      result.name = name
      result.topicId = id
      let topic = name.flatMap { image.topic(named: $0) } ?? (name == nil ? image.topic(id) : nil)
      var error = ErrorCode.none
      if !configuration.allowsTopicDeletion {
        error = .topicDeletionDisabled
      } else if name != nil, !id.isZero {
        error = .invalidRequest
      } else if let topic {
        result.name = topic.name
        result.topicId = topic.id
        if removed.insert(topic.id).inserted {
          var record = RemoveTopicRecord()
          record.topicId = topic.id
          records.append(.removeTopic(record))
        } else {
          error = .invalidRequest
        }
      } else {
        error = name == nil ? .unknownTopicId : .unknownTopicOrPartition
      }
      result.errorCode = error.rawValue
      result.errorMessage = error == .none ? nil : error.name
      response.responses.append(result)
    }
    append(records, at: now, into: &effects)
    return response
  }

  // MARK: growth

  mutating func createPartitions(
    _ request: CreatePartitionsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> CreatePartitionsResponse {
    var response = CreatePartitionsResponse()
    var counts: [String: Int] = [:]
    for topic in request.topics { counts[topic.name, default: 0] += 1 }
    var answered: Set<String> = []
    for topic in request.topics where answered.insert(topic.name).inserted {
      var result = CreatePartitionsResponse.CreatePartitionsTopicResult()
      result.name = topic.name
      let outcome =
        counts[topic.name, default: 0] > 1
        ? .failure(TopicRefusal(code: .invalidRequest, message: "Duplicate topic name.")) : growthRecords(topic)
      switch outcome {
      case .failure(let refusal):
        result.errorCode = refusal.code.rawValue
        result.errorMessage = refusal.message
      case .success(let records): if !request.validateOnly { append(records, at: now, into: &effects) }
      }
      response.results.append(result)
    }
    return response
  }

  private mutating func growthRecords(
    _ request: CreatePartitionsRequest.CreatePartitionsTopic
  ) -> Result<[MetadataRecord], TopicRefusal> {
    guard let topic = image.topic(named: request.name) else {
      return .failure(TopicRefusal(code: .unknownTopicOrPartition, message: "The topic does not exist."))
    }
    let current = topic.partitions.count
    let added = Int(request.count) - current
    guard added > 0 else {
      return .failure(
        TopicRefusal(
          code: .invalidPartitions,
          message: added == 0
            ? "Topic already has \(current) partition(s)."
            : "The topic \(request.name) currently has \(current) partition(s); "
              + "\(request.count) would not be an increase."
        ))
    }
    guard added <= configuration.maxRecordsPerBatch else { return .failure(Self.tooLarge) }
    let factor = topic.partitions.first?.replicas.count ?? 1
    guard let manual = request.assignments, !manual.isEmpty else {
      switch place(added, from: current, factor: factor) {
      case .failure(let refusal): return .failure(refusal)
      case .success(let lists): return partitionRecords(topic: topic.id, from: current, lists)
      }
    }
    guard manual.count == added else {
      return .failure(
        TopicRefusal(
          code: .invalidReplicaAssignment,
          message: "Attempted to add \(added) additional partition(s), but only \(manual.count) assignment(s) given."))
    }
    let lists = manual.map { $0.brokerIds.map { BrokerID($0) } }
    for list in lists {
      if let refusal = assignmentProblem(list, factor: factor) { return .failure(refusal) }
    }
    return partitionRecords(topic: topic.id, from: current, lists)
  }
}
