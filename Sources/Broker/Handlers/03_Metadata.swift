import Controller
import Primitives
import Wire

/// Metadata, versions 0–13. Authorized operations are not reported (there are no ACLs); version 13's REBOOTSTRAP_REQUIRED
/// is never answered.
extension DataPlane {
  func metadata(_ context: RequestContext, _ request: MetadataRequest, mayCreate: Bool = true) {
    // Version 0: an empty list is all; later: null is all, empty is none.
    let all = request.topics == nil || (context.version == 0 && request.topics?.isEmpty == true)
    let named = (all ? [] : request.topics ?? []).lazy.compactMap { self.topic(wanted: $0) }
    let isHeld = holdIfLeaderIsLost(named) { [weak self] in
      self?.metadata(context, request, mayCreate: mayCreate)
    }
    if isHeld { return }
    var response = MetadataResponse()
    response.clusterId = clusterID
    // Some live broker, not the quorum's leader: clients send controller requests there, and it forwards (KIP-595).
    response.controllerId = anyLiveBroker.rawValue
    response.brokers = image.liveBrokers.map { broker in
      var entry = MetadataResponse.MetadataResponseBroker()
      let endpoint = clientEndpoint(of: broker)
      entry.nodeId = broker.id.rawValue
      entry.host = endpoint.host
      entry.port = Int32(endpoint.port)
      entry.rack = broker.rack
      return entry
    }
    if all {
      response.topics = image.sortedTopics.map { self.topic($0, context.version) }
      return context.reply(response)
    }
    var missing: [String] = []
    for wanted in request.topics ?? [] {
      if let name = wanted.name {
        if let topic = image.topic(named: name) {
          response.topics.append(self.topic(topic, context.version))
        } else if !TopicName.isValid(name) {
          response.topics.append(failed(name, .invalidTopicException))
        } else {
          missing.append(name)
          response.topics.append(failed(name, .unknownTopicOrPartition))
        }
      } else if let topic = image.topic(wanted.topicId) {
        response.topics.append(self.topic(topic, context.version))
      } else {
        var entry = failed(nil, .unknownTopicId)
        entry.topicId = wanted.topicId
        response.topics.append(entry)
      }
    }
    let isWanted = context.version < 4 || request.allowAutoTopicCreation
    guard !missing.isEmpty, mayCreate, isWanted, configuration.flag("auto.create.topics.enable") else {
      return context.reply(response)
    }
    // The answer waits a moment for the topics, so that the client need not ask again.
    autoCreate(missing)
    answerWhenThere(missing, context, request, until: now + Self.autoCreateWait)
  }

  private func topic(wanted: MetadataRequest.MetadataRequestTopic) -> TopicRegistration? {
    if let name = wanted.name { image.topic(named: name) } else { image.topic(wanted.topicId) }
  }

  private static let autoCreateWait = TimeSpan.milliseconds(300)

  private func answerWhenThere(
    _ names: [String], _ context: RequestContext, _ request: MetadataRequest, until deadline: Instant
  ) {
    let isThere = names.allSatisfy { name in
      image.topic(named: name)?.partitions.allSatisfy { isLive($0.leader) } ?? false
    }
    guard !isThere, now < deadline else { return metadata(context, request, mayCreate: false) }
    deadlines.add(now + .milliseconds(2)) { [weak self] in
      self?.answerWhenThere(names, context, request, until: deadline)
    }
  }

  private func failed(_ name: String?, _ code: ErrorCode) -> MetadataResponse.MetadataResponseTopic {
    var entry = MetadataResponse.MetadataResponseTopic()
    entry.errorCode = code.rawValue
    entry.name = name
    return entry
  }

  private func topic(_ topic: TopicRegistration, _ version: Int16) -> MetadataResponse.MetadataResponseTopic {
    var entry = MetadataResponse.MetadataResponseTopic()
    entry.name = topic.name
    entry.topicId = topic.id
    entry.isInternal = InternalTopics.contains(topic.name)
    entry.partitions = topic.partitions.enumerated().map { index, partition in
      var row = MetadataResponse.MetadataResponsePartition()
      row.partitionIndex = Int32(index)
      row.leaderId = partition.leader.rawValue
      row.leaderEpoch = partition.leaderEpoch.rawValue
      row.replicaNodes = partition.replicas.map(\.rawValue)
      row.isrNodes = partition.isr.map(\.rawValue)
      row.offlineReplicas = partition.replicas.filter { !isLive($0) }.map(\.rawValue)
      if !partition.hasLeader || !isLive(partition.leader) {
        row.errorCode = ErrorCode.leaderNotAvailable.rawValue
        row.leaderId = -1
      }
      return row
    }
    return entry
  }

  /// Asks the controller for topics that a client named; the client asks again until they are there.
  func autoCreate(_ names: [String]) {
    var request = CreateTopicsRequest()
    request.timeoutMs = 5000
    for name in names where !topicsBeingCreated.contains(name) {
      topicsBeingCreated.insert(name)
      request.topics.append(CreatableTopics.automatic(name, configuration))
    }
    guard !request.topics.isEmpty else { return }
    let names = request.topics.map(\.name)
    callController(request, timeout: .seconds(5)) { [weak self] _ in
      for name in names { self?.topicsBeingCreated.remove(name) }
    }
  }
}

/// Topics that the cluster keeps for itself.
enum InternalTopics {
  static let offsets = "__consumer_offsets"
  static let transactions = "__transaction_state"

  static func contains(_ name: String) -> Bool { name == offsets || name == transactions }
}

/// What is asked of the controller for a topic that nobody created by hand.
enum CreatableTopics {
  static func automatic(_ name: String, _ configuration: BrokerConfiguration) -> CreateTopicsRequest.CreatableTopic {
    var topic = CreateTopicsRequest.CreatableTopic()
    topic.name = name
    topic.numPartitions = -1
    topic.replicationFactor = -1
    guard name == InternalTopics.offsets else { return topic }
    topic.numPartitions = Int32(configuration.integer("offsets.topic.num.partitions"))
    topic.replicationFactor = Int16(configuration.integer("offsets.topic.replication.factor"))
    for (key, value) in [
      ("cleanup.policy", "compact"), ("compression.type", "producer"),
      ("segment.bytes", configuration.string("offsets.topic.segment.bytes") ?? "104857600"),
    ] {
      var config = CreateTopicsRequest.CreatableTopicConfig()
      config.name = key
      config.value = value
      topic.configs.append(config)
    }
    return topic
  }
}
