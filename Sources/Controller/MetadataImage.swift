import Primitives
import Wire

/// A record that does not fit the metadata before it: the log is damaged or a controller broke its own rules.
public enum MetadataError: Error, Hashable, Sendable {
  case unknownTopic(TopicID)
  case unknownTopicName(String)
  case unknownPartition(TopicIDPartition)
  case unknownBroker(BrokerID, BrokerEpoch)
  case duplicateTopic(String)
  /// Partition indexes must come without gaps.
  case partitionOutOfOrder(TopicIDPartition)
  case unsupportedRecord(String)
}

/// The cluster's metadata at one offset of `__cluster_metadata`: every broker's cache, and the controller's state.
///
/// A pure function of the records below `offset`, so equal on all nodes at equal offsets. A value: a copy is a snapshot
/// and costs nothing until one of the two changes. The work for one record does not depend on topics it does not name.
public struct MetadataImage: Equatable, Sendable {
  /// The offset of the last record applied; `.none` before the first.
  public internal(set) var offset: Offset = .none
  /// Finalized feature levels, by name.
  public internal(set) var features: [String: Int16] = [:]
  public internal(set) var brokers: [BrokerID: BrokerRegistration] = [:]
  public internal(set) var controllers: [BrokerID: ControllerNode] = [:]
  public internal(set) var topics: [TopicID: TopicRegistration] = [:]
  public internal(set) var topicIDs: [String: TopicID] = [:]
  public internal(set) var configs: [ConfigResource: [String: String]] = [:]
  /// The first producer id that no block was handed out for.
  public internal(set) var nextProducerID = ProducerID(0)
  /// The block's owner, as the last record named it.
  var producerIDsOwner: (BrokerID, BrokerEpoch) = (.none, .none)
  /// Which partitions have a replica on a broker.
  var partitionsByBroker: [BrokerID: Set<TopicIDPartition>] = [:]

  public init() {}

  public static func == (a: MetadataImage, b: MetadataImage) -> Bool {
    a.offset == b.offset && a.features == b.features && a.brokers == b.brokers && a.controllers == b.controllers
      && a.topics == b.topics && a.topicIDs == b.topicIDs && a.configs == b.configs
      && a.nextProducerID == b.nextProducerID && a.producerIDsOwner == b.producerIDsOwner
      && a.partitionsByBroker == b.partitionsByBroker
  }

  // MARK: look-ups

  public func topicID(_ name: String) -> TopicID? { topicIDs[name] }
  public func topic(_ id: TopicID) -> TopicRegistration? { topics[id] }
  public func topic(named name: String) -> TopicRegistration? { topicIDs[name].flatMap { topics[$0] } }

  public func partition(_ partition: TopicIDPartition) -> PartitionRegistration? {
    guard let topic = topics[partition.topic], let index = Int(exactly: partition.partition.rawValue),
      topic.partitions.indices.contains(index)
    else { return nil }
    return topic.partitions[index]
  }

  public func broker(_ id: BrokerID) -> BrokerRegistration? { brokers[id] }

  /// Brokers that are not fenced, by id: those that clients may see.
  public var liveBrokers: [BrokerRegistration] { sortedBrokers.filter { !$0.fenced } }
  public var sortedBrokers: [BrokerRegistration] { brokers.values.sorted { $0.id < $1.id } }
  public var sortedControllers: [ControllerNode] { controllers.values.sorted { $0.id < $1.id } }
  /// Topics by name. Work grows with the number of topics: for listings.
  public var sortedTopics: [TopicRegistration] { topics.values.sorted { $0.name < $1.name } }

  /// Whether a broker may lead and be in an ISR.
  public func isActive(_ id: BrokerID) -> Bool { brokers[id]?.isActive ?? false }

  /// Partitions with a replica on the broker, ascending.
  public func partitions(on broker: BrokerID) -> [TopicIDPartition] {
    (partitionsByBroker[broker] ?? []).sorted()
  }

  /// A topic's setting as the metadata has it: the topic's own, else the broker's, else all brokers' default; nil when
  /// none is set and the broker's file or Kafka's default decides.
  public func effectiveConfig(topic: String, key: String, broker: BrokerID? = nil) -> String? {
    if let value = configs[.topic(topic)]?[key] { return value }
    guard let brokerKey = TopicConfigRules.brokerSynonym(of: key) else { return nil }
    if let broker, let value = configs[.broker(broker)]?[brokerKey] { return value }
    return configs[.clusterDefault]?[brokerKey]
  }

  // MARK: whole

  /// A hash of all content: nodes at the same offset must agree (FNV-1a over the records of a snapshot).
  public func contentHash() -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for record in records() {
      for byte in record.encoded() { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    }
    return hash
  }
}
