import Primitives
import Wire

/// Topics: created, grown, deleted.
extension ActiveController {
  mutating func createTopics(
    _ request: CreateTopicsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> CreateTopicsResponse {
    var response = CreateTopicsResponse()
    let names = request.topics.map(\.name)
    let repeated = Set(names.filter { name in names.count { $0 == name } > 1 })
    for wanted in request.topics {
      var result = CreateTopicsResponse.CreatableTopicResult()
      result.name = wanted.name
      if repeated.contains(wanted.name) {
        result.errorCode = ErrorCode.invalidRequest.rawValue
        result.errorMessage = "Duplicate topic name."
        if response.topics.contains(where: { $0.name == wanted.name }) { continue }
        response.topics.append(result)
        continue
      }
      switch plan(wanted) {
      case .failure(let problem):
        result.errorCode = problem.code.rawValue
        result.errorMessage = problem.message
      case .success(let placement):
        let id = UUID128.random(using: &random)
        result.topicId = request.validateOnly ? .zero : id
        result.numPartitions = Int32(truncatingIfNeeded: placement.count)
        result.replicationFactor = Int16(truncatingIfNeeded: placement.first?.count ?? 0)
        result.configs = wanted.configs.sorted { $0.name < $1.name }.map { config in
          var row = CreateTopicsResponse.CreatableTopicConfigs()
          row.name = config.name
          row.value = config.value
          row.configSource = 1
          return row
        }
        if !request.validateOnly { create(wanted, id, placement, at: now, into: &effects) }
      }
      response.topics.append(result)
    }
    return response
  }

  private struct Problem: Error {
    var code: ErrorCode
    var message: String
  }

  /// Where the topic's replicas go, or why it cannot be.
  private mutating func plan(_ wanted: CreateTopicsRequest.CreatableTopic) -> Result<[[BrokerID]], Problem> {
    func problem(_ code: ErrorCode, _ message: String) -> Result<[[BrokerID]], Problem> {
      .failure(Problem(code: code, message: message))
    }
    if let reason = TopicName.problem(wanted.name) { return problem(.invalidTopicException, reason) }
    if image.topicID(wanted.name) != nil {
      return problem(.topicAlreadyExists, "Topic '\(wanted.name)' already exists.")
    }
    if let other = TopicName.collision(of: wanted.name, with: image.topicIDs) {
      return problem(.invalidTopicException, "Topic '\(wanted.name)' collides with existing topic: \(other)")
    }
    for config in wanted.configs {
      guard let value = config.value else {
        return problem(.invalidConfig, "Null value not supported for topic configs: \(config.name)")
      }
      if let reason = TopicConfigRules.problem(config.name, value) { return problem(.invalidConfig, reason) }
    }
    if !wanted.assignments.isEmpty { return manual(wanted) }
    guard wanted.numPartitions == -1 || wanted.numPartitions > 0 else {
      return problem(.invalidPartitions, "Number of partitions was set to an invalid non-positive value.")
    }
    guard wanted.replicationFactor == -1 || wanted.replicationFactor > 0 else {
      return problem(.invalidReplicationFactor, "Replication factor was set to an invalid non-positive value.")
    }
    let count = Int(wanted.numPartitions == -1 ? configuration.defaultPartitions : wanted.numPartitions)
    let factor = Int(wanted.replicationFactor == -1 ? configuration.defaultReplicationFactor : wanted.replicationFactor)
    guard count <= configuration.maxRecordsPerBatch - 100 else {
      return problem(.invalidPartitions, "At most \(configuration.maxRecordsPerBatch - 100) partitions can be made at once")
    }
    return place(partitions: count, startingAt: 0, factor: factor)
  }

  private mutating func place(partitions: Int, startingAt first: Int, factor: Int) -> Result<[[BrokerID]], Problem> {
    ReplicaPlacer(brokers: image.sortedBrokers).place(
      partitions: partitions, startingAt: first, replicationFactor: factor, random: &random
    ).mapError { failure in
      Problem(
        code: .invalidReplicationFactor,
        message: "Unable to replicate the partition \(factor) time(s): \(failure.message)")
    }
  }

  private func manual(_ wanted: CreateTopicsRequest.CreatableTopic) -> Result<[[BrokerID]], Problem> {
    guard wanted.numPartitions == -1, wanted.replicationFactor == -1 else {
      return .failure(
        Problem(
          code: .invalidRequest,
          message: "A manual partition assignment was specified, but numPartitions or replicationFactor was not set to -1."))
    }
    let rows = wanted.assignments.sorted { $0.partitionIndex < $1.partitionIndex }
    var placement: [[BrokerID]] = []
    for (index, row) in rows.enumerated() {
      guard Int(row.partitionIndex) == index else {
        return .failure(
          Problem(
            code: .invalidReplicaAssignment,
            message: "partitions should be a consecutive 0-based integer sequence"))
      }
      let replicas = row.brokerIds.map { BrokerID($0) }
      if let reason = problem(with: replicas, factor: placement.first?.count) {
        return .failure(Problem(code: .invalidReplicaAssignment, message: reason))
      }
      placement.append(replicas)
    }
    return .success(placement)
  }

  private func problem(with replicas: [BrokerID], factor: Int?) -> String? {
    if replicas.isEmpty { return "The manual partition assignment includes an empty replica list." }
    if Set(replicas).count != replicas.count {
      return "The manual partition assignment includes a broker more than once."
    }
    if let factor, replicas.count != factor {
      return "The manual partition assignment has partitions of \(factor) and of \(replicas.count) replicas."
    }
    if let unknown = replicas.first(where: { image.broker($0) == nil }) {
      return "The manual partition assignment includes broker \(unknown), but no such broker is registered."
    }
    if !replicas.contains(where: image.isActive) {
      return "All brokers specified in the manual partition assignment are fenced or in controlled shutdown."
    }
    return nil
  }

  private mutating func create(
    _ wanted: CreateTopicsRequest.CreatableTopic, _ id: TopicID, _ placement: [[BrokerID]], at now: Instant,
    into effects: inout [ControllerEffect]
  ) {
    var record = TopicRecord()
    record.name = wanted.name
    record.topicId = id
    var records: [MetadataRecord] = [.topic(record)]
    for config in wanted.configs.sorted(by: { $0.name < $1.name }) {
      var row = ConfigRecord()
      row.resourceType = 2
      row.resourceName = wanted.name
      row.name = config.name
      row.value = config.value
      records.append(.config(row))
    }
    for (index, replicas) in placement.enumerated() { records.append(newPartition(id, index, replicas)) }
    append(records, at: now, into: &effects)
  }

  /// A partition whose first live replica leads and whose live replicas are in sync from the start.
  private func newPartition(_ topic: TopicID, _ index: Int, _ replicas: [BrokerID]) -> MetadataRecord {
    let isr = replicas.filter(image.isActive)
    var record = PartitionRecord()
    record.partitionId = Int32(truncatingIfNeeded: index)
    record.topicId = topic
    record.replicas = replicas.map(\.rawValue)
    record.isr = isr.map(\.rawValue)
    record.leader = isr.first?.rawValue ?? -1
    record.leaderEpoch = 0
    record.partitionEpoch = 0
    record.directories = replicas.map { image.broker($0)?.logDirs.first ?? .zero }
    return .partition(record)
  }

  mutating func createPartitions(
    _ request: CreatePartitionsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> CreatePartitionsResponse {
    var response = CreatePartitionsResponse()
    var seen: Set<String> = []
    for wanted in request.topics {
      var result = CreatePartitionsResponse.CreatePartitionsTopicResult()
      result.name = wanted.name
      do throws(Problem) {
        guard seen.insert(wanted.name).inserted else {
          throw Problem(code: .invalidRequest, message: "Duplicate topic name.")
        }
        let (id, first, placement) = try growth(wanted)
        if !request.validateOnly {
          let records = placement.enumerated().map { newPartition(id, first + $0.offset, $0.element) }
          append(records, at: now, into: &effects)
        }
      } catch {
        result.errorCode = error.code.rawValue
        result.errorMessage = error.message
      }
      response.results.append(result)
    }
    return response
  }

  private mutating func growth(
    _ wanted: CreatePartitionsRequest.CreatePartitionsTopic
  ) throws(Problem) -> (TopicID, Int, [[BrokerID]]) {
    guard let topic = image.topic(named: wanted.name) else {
      throw Problem(code: .unknownTopicOrPartition, message: ErrorCode.unknownTopicOrPartition.name)
    }
    let have = topic.partitions.count
    let want = Int(wanted.count)
    if want == have { throw Problem(code: .invalidPartitions, message: "Topic already has \(have) partition(s).") }
    guard want > have else {
      throw Problem(
        code: .invalidPartitions,
        message: "The topic \(wanted.name) currently has \(have) partition(s); \(want) would not be an increase.")
    }
    guard want - have <= configuration.maxRecordsPerBatch - 100 else {
      throw Problem(code: .invalidPartitions, message: "Too many partitions at once")
    }
    let factor = topic.partitions.first?.replicas.count ?? 1
    if let assignments = wanted.assignments {
      guard assignments.count == want - have else {
        throw Problem(
          code: .invalidReplicaAssignment,
          message: "Attempted to add \(want - have) additional partition(s), but only \(assignments.count) assignment(s) "
            + "were specified.")
      }
      let placement = assignments.map { $0.brokerIds.map { BrokerID($0) } }
      for replicas in placement {
        if let reason = problem(with: replicas, factor: factor) {
          throw Problem(code: .invalidReplicaAssignment, message: reason)
        }
      }
      return (topic.id, have, placement)
    }
    return (topic.id, have, try place(partitions: want - have, startingAt: have, factor: factor).get())
  }

  mutating func deleteTopics(
    _ request: DeleteTopicsRequest, at now: Instant, into effects: inout [ControllerEffect]
  ) -> DeleteTopicsResponse {
    var response = DeleteTopicsResponse()
    let wanted =
      request.topics.isEmpty
      ? request.topicNames.map { (name: Optional($0), id: TopicID.zero) }
      : request.topics.map { (name: $0.name, id: $0.topicId) }
    for (name, id) in wanted {
      var result = DeleteTopicsResponse.DeletableTopicResult()
      result.name = name
      result.topicId = id
      if let topic = name.flatMap({ image.topic(named: $0) }) ?? (name == nil ? image.topic(id) : nil) {
        result.name = topic.name
        result.topicId = topic.id
        var record = RemoveTopicRecord()
        record.topicId = topic.id
        append([.removeTopic(record)], at: now, into: &effects)
      } else {
        let code = name == nil ? ErrorCode.unknownTopicId : .unknownTopicOrPartition
        result.errorCode = code.rawValue
        result.errorMessage = code.name
      }
      response.responses.append(result)
    }
    return response
  }
}

/// What a topic may be called.
public enum TopicName {
  public static func isValid(_ name: String) -> Bool { problem(name) == nil }

  /// Why a name is not allowed; nil when it is.
  public static func problem(_ name: String) -> String? {
    if name.isEmpty { return "Topic name is invalid: the empty string is not allowed" }
    if name == "." || name == ".." { return "Topic name is invalid: '.' or '..' is not allowed" }
    if name.utf8.count > 249 { return "Topic name is invalid: the length of '\(name)' is longer than 249" }
    let allowed = name.utf8.allSatisfy { c in
      (48...57).contains(c) || (65...90).contains(c) || (97...122).contains(c) || c == 45 || c == 46 || c == 95
    }
    return allowed
      ? nil
      : "Topic name is invalid: '\(name)' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'"
  }

  /// Names that differ only in `.` and `_` would share a metric's name.
  static func collision(of name: String, with topics: [String: TopicID]) -> String? {
    guard name.utf8.contains(46) || name.utf8.contains(95) else { return nil }
    func folded(_ text: String) -> [UInt8] { text.utf8.map { $0 == 46 ? 95 : $0 } }
    let wanted = folded(name)
    return topics.keys.filter { $0 != name && $0.utf8.count == wanted.count && folded($0) == wanted }.sorted().first
  }
}
