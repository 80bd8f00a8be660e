import Primitives
import Wire

/// A topic as an operator sees it.
public struct TopicDescription: Sendable, Equatable {
  public struct Partition: Sendable, Equatable {
    public var id: Int32
    /// −1 when there is none.
    public var leader: Int32
    public var leaderEpoch: Int32
    public var replicas: [Int32]
    public var inSync: [Int32]
  }
  public var name: String
  public var id: TopicID
  public var isInternal: Bool
  public var partitions: [Partition]

  public init(name: String, id: TopicID = .zero, isInternal: Bool = false, partitions: [Partition] = []) {
    self.name = name
    self.id = id
    self.isInternal = isInternal
    self.partitions = partitions
  }
}

/// One setting of a topic, and whether it is the topic's own.
public struct TopicSetting: Sendable, Equatable {
  public var name: String
  public var value: String
  /// Where the value comes from.
  public var source: Source
  public var isOwn: Bool { source == .topic }

  /// Kafka's ConfigSource, as far as topics have it.
  public enum Source: Int8, Sendable {
    case unknown = 0
    case topic = 1
    case brokerAtRunTime = 2
    case brokersAtRunTime = 3
    case brokerProperties = 4
    case defaultValue = 5

    /// In a word or two, for people.
    public var name: String {
      switch self {
      case .unknown: "unknown"
      case .topic: "topic"
      case .brokerAtRunTime: "broker, set at run time"
      case .brokersAtRunTime: "all brokers, set at run time"
      case .brokerProperties: "server.properties"
      case .defaultValue: "default"
      }
    }
  }
}

extension AdminConnection {
  /// Throws `refused` unless the code is NONE.
  static func check(_ code: Int16, _ message: String?) throws(AdminError) {
    if code == 0 { return }
    throw .refused(code: ErrorCode(rawValue: code) ?? .unknownServerError, message: message ?? "")
  }

  /// Creates a topic. `partitions` or `replicationFactor` −1: the broker's default.
  public func createTopic(
    _ name: String, partitions: Int32, replicationFactor: Int16, assignments: [[Int32]] = [],
    settings: [(name: String, value: String)] = [], validateOnly: Bool = false, timeout: Duration = .seconds(30)
  ) async throws(AdminError) {
    var topic = CreateTopicsRequest.CreatableTopic()
    topic.name = name
    topic.numPartitions = assignments.isEmpty ? partitions : -1
    topic.replicationFactor = assignments.isEmpty ? replicationFactor : -1
    topic.assignments = assignments.enumerated().map { index, brokers in
      var assignment = CreateTopicsRequest.CreatableReplicaAssignment()
      assignment.partitionIndex = Int32(index)
      assignment.brokerIds = brokers
      return assignment
    }
    topic.configs = settings.map { setting in
      var config = CreateTopicsRequest.CreatableTopicConfig()
      config.name = setting.name
      config.value = setting.value
      return config
    }
    var request = CreateTopicsRequest()
    request.topics = [topic]
    request.validateOnly = validateOnly
    request.timeoutMs = timeout.wholeMilliseconds
    let response = try await send(request, timeout: timeout + .seconds(1))
    for result in response.topics { try Self.check(result.errorCode, result.errorMessage) }
  }

  public func deleteTopic(_ name: String, timeout: Duration = .seconds(30)) async throws(AdminError) {
    var state = DeleteTopicsRequest.DeleteTopicState()
    state.name = name
    var request = DeleteTopicsRequest()
    request.topics = [state]
    request.topicNames = [name]
    request.timeoutMs = timeout.wholeMilliseconds
    let response = try await send(request, timeout: timeout + .seconds(1))
    for result in response.responses { try Self.check(result.errorCode, result.errorMessage) }
  }

  /// Gives a topic more partitions; their number only grows.
  public func growTopic(_ name: String, to partitions: Int32, timeout: Duration = .seconds(30)) async throws(AdminError)
  {
    var topic = CreatePartitionsRequest.CreatePartitionsTopic()
    topic.name = name
    topic.count = partitions
    topic.assignments = nil
    var request = CreatePartitionsRequest()
    request.topics = [topic]
    request.timeoutMs = timeout.wholeMilliseconds
    let response = try await send(request, timeout: timeout + .seconds(1))
    for result in response.results { try Self.check(result.errorCode, result.errorMessage) }
  }

  /// Sets some of a topic's settings; a value of nil goes back to the default.
  public func alterTopic(
    _ name: String, settings: [(name: String, value: String?)], timeout: Duration = .seconds(30)
  ) async throws(AdminError) {
    var resource = IncrementalAlterConfigsRequest.AlterConfigsResource()
    resource.resourceType = 2
    resource.resourceName = name
    resource.configs = settings.map { setting in
      var config = IncrementalAlterConfigsRequest.AlterableConfig()
      config.name = setting.name
      config.configOperation = setting.value == nil ? 1 : 0
      config.value = setting.value
      return config
    }
    var request = IncrementalAlterConfigsRequest()
    request.resources = [resource]
    let response = try await send(request, timeout: timeout)
    for result in response.responses { try Self.check(result.errorCode, result.errorMessage) }
  }

  /// All topics, or those named; throws `refused` when one does not exist.
  public func topics(named names: [String]? = nil, timeout: Duration = .seconds(30)) async throws(AdminError)
    -> [TopicDescription]
  {
    var request = MetadataRequest()
    request.allowAutoTopicCreation = false
    request.topics = names.map { names in
      names.map { name in
        var topic = MetadataRequest.MetadataRequestTopic()
        topic.name = name
        return topic
      }
    }
    let response = try await send(request, timeout: timeout)
    var result: [TopicDescription] = []
    for topic in response.topics {
      if names != nil { try Self.check(topic.errorCode, topic.name) }
      result.append(TopicDescription(topic))
    }
    return result.sorted { $0.name < $1.name }
  }

  /// A topic's settings with their values, its own first.
  public func settings(ofTopic name: String, timeout: Duration = .seconds(30)) async throws(AdminError)
    -> [TopicSetting]
  {
    var resource = DescribeConfigsRequest.DescribeConfigsResource()
    resource.resourceType = 2
    resource.resourceName = name
    resource.configurationKeys = nil
    var request = DescribeConfigsRequest()
    request.resources = [resource]
    let response = try await send(request, timeout: timeout)
    var result: [TopicSetting] = []
    for described in response.results {
      try Self.check(described.errorCode, described.errorMessage)
      result += described.configs.map {
        TopicSetting(
          name: $0.name, value: $0.value ?? "", source: TopicSetting.Source(rawValue: $0.configSource) ?? .unknown)
      }
    }
    return result.sorted { $0.isOwn == $1.isOwn ? $0.name < $1.name : $0.isOwn }
  }
}

extension TopicDescription {
  init(_ topic: MetadataResponse.MetadataResponseTopic) {
    name = topic.name ?? topic.topicId.description
    id = topic.topicId
    isInternal = topic.isInternal
    partitions = topic.partitions.sorted { $0.partitionIndex < $1.partitionIndex }.map {
      Partition(
        id: $0.partitionIndex, leader: $0.leaderId, leaderEpoch: $0.leaderEpoch, replicas: $0.replicaNodes,
        inSync: $0.isrNodes)
    }
  }
}

extension Duration {
  /// For Kafka's millisecond fields; what does not fit is the largest.
  var wholeMilliseconds: Int32 {
    let (seconds, attoseconds) = components
    let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
    return overflow ? .max : Int32(clamping: scaled + attoseconds / 1_000_000_000_000_000)
  }
}
