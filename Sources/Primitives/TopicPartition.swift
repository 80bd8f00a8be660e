/// A partition by its topic's name.
public struct TopicPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var topic: String
  public var partition: PartitionID

  public init(_ topic: String, _ partition: PartitionID) {
    self.topic = topic
    self.partition = partition
  }

  public static func < (a: TopicPartition, b: TopicPartition) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  /// The name of its folder in a log directory: `topic-partition`.
  public var description: String { "\(topic)-\(partition)" }
}

/// A partition by its topic's id: what the data path and the metadata use.
public struct TopicIDPartition: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var topic: TopicID
  public var partition: PartitionID

  public init(_ topic: TopicID, _ partition: PartitionID) {
    self.topic = topic
    self.partition = partition
  }

  public static func < (a: TopicIDPartition, b: TopicIDPartition) -> Bool {
    (a.topic, a.partition) < (b.topic, b.partition)
  }

  public var description: String { "\(topic):\(partition)" }
}
