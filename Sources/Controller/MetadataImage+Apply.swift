import Primitives
import Wire

extension MetadataImage {
  /// Applies one record. On an error the image is unchanged and must not be used further: it no longer follows the log.
  public mutating func apply(
    _ record: MetadataRecord, at offset: Offset, into delta: inout MetadataDelta
  ) throws(MetadataError) {
    switch record {
    case .registerBroker(let r): applyRegisterBroker(r, &delta)
    case .unregisterBroker(let r):
      _ = try registration(BrokerID(r.brokerId), BrokerEpoch(r.brokerEpoch))
      brokers[BrokerID(r.brokerId)] = nil
      delta.brokerChanged(BrokerID(r.brokerId))
    case .topic(let r):
      guard topicIDs[r.name] == nil, topics[r.topicId] == nil else { throw .duplicateTopic(r.name) }
      topicIDs[r.name] = r.topicId
      topics[r.topicId] = TopicRegistration(id: r.topicId, name: r.name, partitions: [])
    case .partition(let r): try applyPartition(r, &delta)
    case .partitionChange(let r): try applyPartitionChange(r, &delta)
    case .removeTopic(let r): try applyRemoveTopic(r, &delta)
    case .config(let r):
      let resource = ConfigResource(type: r.resourceType, name: r.resourceName)
      configs[resource, default: [:]][r.name] = r.value
      if configs[resource]?.isEmpty == true { configs[resource] = nil }
      delta.configChanged(resource)
    case .featureLevel(let r):
      features[r.name] = r.featureLevel == 0 ? nil : r.featureLevel
      delta.featuresChanged = true
    case .producerIds(let r):
      nextProducerID = ProducerID(r.nextProducerId)
      producerIDsOwner = (BrokerID(r.brokerId), BrokerEpoch(r.brokerEpoch))
    case .fenceBroker(let r):
      try changeBroker(BrokerID(r.id), BrokerEpoch(r.epoch), &delta) { $0.fenced = true }
    case .unfenceBroker(let r):
      try changeBroker(BrokerID(r.id), BrokerEpoch(r.epoch), &delta) { $0.fenced = false }
    case .brokerRegistrationChange(let r):
      try changeBroker(BrokerID(r.brokerId), BrokerEpoch(r.brokerEpoch), &delta) { broker in
        // 1 sets, −1 clears, 0 leaves as it is.
        if r.fenced != 0 { broker.fenced = r.fenced > 0 }
        if r.inControlledShutdown != 0 { broker.inControlledShutdown = r.inControlledShutdown > 0 }
        if !r.logDirs.isEmpty { broker.logDirs = r.logDirs }
        if let cordoned = r.cordonedLogDirs { broker.cordonedLogDirs = cordoned }
      }
    case .registerController(let r):
      controllers[BrokerID(r.controllerId)] = ControllerNode(
        id: BrokerID(r.controllerId), incarnation: r.incarnationId,
        listeners: r.endPoints.map {
          NodeListener(name: $0.name, host: $0.host, port: $0.port, securityProtocol: $0.securityProtocol)
        },
        features: r.features.map {
          SupportedFeature(name: $0.name, minLevel: $0.minSupportedVersion, maxLevel: $0.maxSupportedVersion)
        })
    case .clearElr(let r): try applyClearElr(r, &delta)
    case .noOp: break
    case .beginTransaction, .endTransaction, .abortTransaction:
      throw .unsupportedRecord("metadata transactions are not written and not understood")
    }
    self.offset = offset
  }

  public mutating func apply(_ record: MetadataRecord, at offset: Offset) throws(MetadataError) {
    var delta = MetadataDelta()
    try apply(record, at: offset, into: &delta)
  }

  private mutating func applyRegisterBroker(_ r: RegisterBrokerRecord, _ delta: inout MetadataDelta) {
    let id = BrokerID(r.brokerId)
    brokers[id] = BrokerRegistration(
      id: id, epoch: BrokerEpoch(r.brokerEpoch), incarnation: r.incarnationId,
      listeners: r.endPoints.map {
        NodeListener(name: $0.name, host: $0.host, port: $0.port, securityProtocol: $0.securityProtocol)
      },
      features: r.features.map {
        SupportedFeature(name: $0.name, minLevel: $0.minSupportedVersion, maxLevel: $0.maxSupportedVersion)
      },
      rack: r.rack, fenced: r.fenced, inControlledShutdown: r.inControlledShutdown, logDirs: r.logDirs,
      cordonedLogDirs: r.cordonedLogDirs)
    delta.brokerChanged(id)
  }

  private func registration(_ id: BrokerID, _ epoch: BrokerEpoch) throws(MetadataError) -> BrokerRegistration {
    guard let broker = brokers[id], broker.epoch == epoch else { throw .unknownBroker(id, epoch) }
    return broker
  }

  private mutating func changeBroker(
    _ id: BrokerID, _ epoch: BrokerEpoch, _ delta: inout MetadataDelta, _ change: (inout BrokerRegistration) -> Void
  ) throws(MetadataError) {
    var broker = try registration(id, epoch)
    change(&broker)
    brokers[id] = broker
    delta.brokerChanged(id)
  }

  private mutating func applyPartition(_ r: PartitionRecord, _ delta: inout MetadataDelta) throws(MetadataError) {
    let partition = TopicIDPartition(r.topicId, PartitionID(r.partitionId))
    guard let count = topics[r.topicId]?.partitions.count else { throw .unknownTopic(r.topicId) }
    guard Int(r.partitionId) == count else { throw .partitionOutOfOrder(partition) }
    let registration = PartitionRegistration(r)
    topics[r.topicId]?.partitions.append(registration)
    for broker in registration.replicas { partitionsByBroker[broker, default: []].insert(partition) }
    delta.partitionCreated(partition)
  }

  private mutating func applyPartitionChange(
    _ r: PartitionChangeRecord, _ delta: inout MetadataDelta
  ) throws(MetadataError) {
    let partition = TopicIDPartition(r.topicId, PartitionID(r.partitionId))
    guard let before = self.partition(partition) else { throw .unknownPartition(partition) }
    topics[r.topicId]?.partitions[Int(r.partitionId)].merge(r)
    if let replicas = r.replicas?.map({ BrokerID($0) }), replicas != before.replicas {
      for broker in before.replicas where !replicas.contains(broker) { forget(partition, on: broker) }
      for broker in replicas { partitionsByBroker[broker, default: []].insert(partition) }
    }
    delta.partitionChanged(partition)
  }

  private mutating func applyRemoveTopic(_ r: RemoveTopicRecord, _ delta: inout MetadataDelta) throws(MetadataError) {
    guard let topic = topics[r.topicId] else { throw .unknownTopic(r.topicId) }
    for (index, registration) in topic.partitions.enumerated() {
      let partition = TopicIDPartition(r.topicId, PartitionID(Int32(truncatingIfNeeded: index)))
      for broker in registration.replicas { forget(partition, on: broker) }
      delta.partitionDeleted(partition)
    }
    topics[r.topicId] = nil
    topicIDs[topic.name] = nil
    // A topic's settings go with it, without records of their own.
    if configs.removeValue(forKey: .topic(topic.name)) != nil { delta.configChanged(.topic(topic.name)) }
    delta.topicDeleted(r.topicId, name: topic.name)
  }

  private mutating func applyClearElr(_ r: ClearElrRecord, _ delta: inout MetadataDelta) throws(MetadataError) {
    let ids: [TopicID]
    if r.topicName.isEmpty {
      ids = Array(topics.keys)
    } else {
      guard let id = topicIDs[r.topicName] else { throw .unknownTopicName(r.topicName) }
      ids = [id]
    }
    for id in ids {
      for index in (topics[id]?.partitions ?? []).indices {
        guard let partition = topics[id]?.partitions[index],
          !partition.elr.isEmpty || !partition.lastKnownElr.isEmpty
        else { continue }
        topics[id]?.partitions[index].elr = []
        topics[id]?.partitions[index].lastKnownElr = []
        topics[id]?.partitions[index].partitionEpoch = partition.partitionEpoch.next
        delta.partitionChanged(TopicIDPartition(id, PartitionID(Int32(truncatingIfNeeded: index))))
      }
    }
  }

  private mutating func forget(_ partition: TopicIDPartition, on broker: BrokerID) {
    partitionsByBroker[broker]?.remove(partition)
    if partitionsByBroker[broker]?.isEmpty == true { partitionsByBroker[broker] = nil }
  }
}
