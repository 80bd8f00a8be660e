import Primitives

/// What a config belongs to.
public struct ConfigResource: Hashable, Comparable, Sendable {
  /// Kafka's number of the type: 2 topic, 4 broker, 16 client metrics, 32 group.
  public var type: Int8
  /// The topic's name or the broker's id; "" for all brokers' default.
  public var name: String

  public init(type: Int8, name: String) {
    self.type = type
    self.name = name
  }

  public static func topic(_ name: String) -> ConfigResource { ConfigResource(type: 2, name: name) }
  public static func broker(_ id: BrokerID) -> ConfigResource { ConfigResource(type: 4, name: "\(id)") }
  public static let clusterDefault = ConfigResource(type: 4, name: "")

  public static func < (a: ConfigResource, b: ConfigResource) -> Bool { (a.type, a.name) < (b.type, b.name) }
}

/// What a run of records changed, so that a broker need look at nothing else. Lists are in ascending order.
public struct MetadataDelta: Sendable {
  private var brokers: Set<BrokerID> = []
  private var created: Set<TopicIDPartition> = []
  private var changed: Set<TopicIDPartition> = []
  private var deleted: Set<TopicIDPartition> = []
  private var configs: Set<ConfigResource> = []
  private var removedTopics: [TopicID: String] = [:]
  /// A feature level was written.
  public internal(set) var featuresChanged = false

  public init() {}

  /// Brokers that were registered, changed or unregistered.
  public var changedBrokers: [BrokerID] { brokers.sorted() }
  /// Partitions that did not exist before.
  public var createdPartitions: [TopicIDPartition] { created.sorted() }
  /// Partitions that existed before and still do.
  public var changedPartitions: [TopicIDPartition] { changed.sorted() }
  /// Partitions that existed before and no longer do.
  public var deletedPartitions: [TopicIDPartition] { deleted.sorted() }
  public var changedConfigs: [ConfigResource] { configs.sorted() }
  /// Topics that were removed, with the name they had.
  public var deletedTopics: [(id: TopicID, name: String)] {
    removedTopics.sorted { $0.key < $1.key }.map { (id: $0.key, name: $0.value) }
  }
  public var isEmpty: Bool {
    brokers.isEmpty && created.isEmpty && changed.isEmpty && deleted.isEmpty && configs.isEmpty
      && removedTopics.isEmpty && !featuresChanged
  }

  mutating func brokerChanged(_ id: BrokerID) { brokers.insert(id) }
  mutating func configChanged(_ resource: ConfigResource) { configs.insert(resource) }
  mutating func partitionCreated(_ partition: TopicIDPartition) { created.insert(partition) }

  mutating func partitionChanged(_ partition: TopicIDPartition) {
    if !created.contains(partition) { changed.insert(partition) }
  }

  mutating func partitionDeleted(_ partition: TopicIDPartition) {
    changed.remove(partition)
    if created.remove(partition) == nil { deleted.insert(partition) }
  }

  mutating func topicDeleted(_ id: TopicID, name: String) { removedTopics[id] = name }
}
