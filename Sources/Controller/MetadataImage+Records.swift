import Primitives
import Wire

extension MetadataImage {
  /// All records that rebuild the image, in an order that depends on its content alone: what a snapshot holds.
  public func records() -> [MetadataRecord] {
    var records: [MetadataRecord] = []
    for (name, level) in features.sorted(by: { $0.key < $1.key }) {
      var record = FeatureLevelRecord()
      record.name = name
      record.featureLevel = level
      records.append(.featureLevel(record))
    }
    for controller in sortedControllers { records.append(.registerController(Self.record(controller))) }
    for broker in sortedBrokers { records.append(.registerBroker(Self.record(broker))) }
    for topic in sortedTopics {
      var record = TopicRecord()
      record.name = topic.name
      record.topicId = topic.id
      records.append(.topic(record))
      for (index, partition) in topic.partitions.enumerated() {
        records.append(.partition(partition.record(topic: topic.id, partition: index)))
      }
    }
    for (resource, values) in configs.sorted(by: { $0.key < $1.key }) {
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        records.append(Self.config(resource, name, value))
      }
    }
    if nextProducerID.rawValue > 0 {
      var record = ProducerIdsRecord()
      record.brokerId = producerIDsOwner.0.rawValue
      record.brokerEpoch = producerIDsOwner.1.rawValue
      record.nextProducerId = nextProducerID.rawValue
      records.append(.producerIds(record))
    }
    return records
  }

  static func config(_ resource: ConfigResource, _ name: String, _ value: String?) -> MetadataRecord {
    var record = ConfigRecord()
    record.resourceType = resource.type
    record.resourceName = resource.name
    record.name = name
    record.value = value
    return .config(record)
  }

  static func record(_ broker: BrokerRegistration) -> RegisterBrokerRecord {
    var record = RegisterBrokerRecord()
    record.brokerId = broker.id.rawValue
    record.brokerEpoch = broker.epoch.rawValue
    record.incarnationId = broker.incarnation
    record.rack = broker.rack
    record.fenced = broker.fenced
    record.inControlledShutdown = broker.inControlledShutdown
    record.logDirs = broker.logDirs
    record.cordonedLogDirs = broker.cordonedLogDirs
    record.endPoints = broker.listeners.map { listener in
      var point = RegisterBrokerRecord.BrokerEndpoint()
      point.name = listener.name
      point.host = listener.host
      point.port = listener.port
      point.securityProtocol = listener.securityProtocol
      return point
    }
    record.features = broker.features.map { feature in
      var range = RegisterBrokerRecord.BrokerFeature()
      range.name = feature.name
      range.minSupportedVersion = feature.minLevel
      range.maxSupportedVersion = feature.maxLevel
      return range
    }
    return record
  }

  static func record(_ controller: ControllerNode) -> RegisterControllerRecord {
    var record = RegisterControllerRecord()
    record.controllerId = controller.id.rawValue
    record.incarnationId = controller.incarnation
    record.endPoints = controller.listeners.map { listener in
      var point = RegisterControllerRecord.ControllerEndpoint()
      point.name = listener.name
      point.host = listener.host
      point.port = listener.port
      point.securityProtocol = listener.securityProtocol
      return point
    }
    record.features = controller.features.map { feature in
      var range = RegisterControllerRecord.ControllerFeature()
      range.name = feature.name
      range.minSupportedVersion = feature.minLevel
      range.maxSupportedVersion = feature.maxLevel
      return range
    }
    return record
  }
}
