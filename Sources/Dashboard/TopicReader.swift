import KafkaClient
import Monitor
import Primitives
import Synchronization
import Wire

/// Asks the cluster about one topic: where its partitions are, what they hold. One connection to each leader, for one
/// request of the API.
struct TopicReader {
  static let patience = Duration.seconds(5)

  /// How far a partition can be read.
  enum Isolation: Int8 {
    /// To the high watermark.
    case readUncommitted = 0
    /// To the first offset of the oldest transaction that is still open.
    case readCommitted = 1
  }

  let topic: String
  let partitions: [TopicDescription.Partition]
  private let bootstrap: AdminConnection
  private let addresses: [Int32: ServerAddress]
  private let leaders = Leaders()

  /// The connections that are open, by broker.
  private final class Leaders: Sendable {
    let connections = Mutex<[Int32: AdminConnection]>([:])
  }

  /// Throws `AdminError.refused(.unknownTopicOrPartition)` when there is no such topic.
  init(_ topic: String, bootstrapServers: String) async throws {
    guard (1...249).contains(topic.utf8.count) else { throw APIError(404, "no_topic", "there is no such topic") }
    self.topic = topic
    bootstrap = try await AdminConnection.connect(
      toAnyOf: bootstrapServers, clientID: "streamsocial-dashboard", timeout: Self.patience)
    guard let described = try await bootstrap.topics(named: [topic], timeout: Self.patience).first else {
      throw APIError(404, "no_topic", "there is no such topic")
    }
    partitions = described.partitions
    addresses = Dictionary(
      try await bootstrap.brokers(timeout: Self.patience).map { ($0.id, $0.address) }, uniquingKeysWith: { a, _ in a })
  }

  /// Settings with where they come from: the topic itself, or a default.
  func settings() async throws -> [TopicAnswer.Setting] {
    try await bootstrap.settings(ofTopic: topic, timeout: Self.patience).map {
      .init(name: $0.name, value: $0.value, source: $0.isOwn ? "topic" : "default")
    }
  }

  func partition(_ id: Int32) throws -> TopicDescription.Partition {
    guard let found = partitions.first(where: { $0.id == id }) else {
      throw APIError(404, "no_partition", "\(topic) has no partition \(id)", next: "it has \(partitions.count)")
    }
    return found
  }

  /// A connection to the partition's leader.
  func leader(of partition: TopicDescription.Partition) async throws -> AdminConnection {
    guard let address = addresses[partition.leader] else {
      throw APIError(
        503, "no_leader", "partition \(partition.id) has no leader", next: "wait for its replicas to return")
    }
    if let open = leaders.connections.withLock({ $0[partition.leader] }) { return open }
    let connection = try await AdminConnection.connect(
      to: address, clientID: "streamsocial-dashboard", timeout: Self.patience)
    leaders.connections.withLock { $0[partition.leader] = connection }
    return connection
  }

  /// The offset for a timestamp in Kafka's meaning: −1 the end, −2 the start, else the first record not older; nil when
  /// there is none.
  func offset(
    of partition: Int32, timestamp: Int64, isolation: Isolation, at leader: AdminConnection
  ) async throws -> Int64? {
    let answers = try await listOffsets([partition], timestamp, isolation, at: leader)
    guard let answer = answers.first else { return nil }
    guard answer.errorCode == 0 else {
      throw APIError(502, "cluster", "partition \(partition): \(APIError.name(answer.errorCode))")
    }
    return answer.offset >= 0 ? answer.offset : nil
  }

  /// The same for many partitions of one leader; those that it cannot tell are missing.
  func offsets(of partitions: [Int32], timestamp: Int64, at leader: AdminConnection) async throws -> [Int32: Int64] {
    let answers = try await listOffsets(partitions, timestamp, .readUncommitted, at: leader)
    let told = answers.filter { $0.errorCode == 0 && $0.offset >= 0 }
    return Dictionary(told.map { ($0.partitionIndex, $0.offset) }, uniquingKeysWith: { a, _ in a })
  }

  private func listOffsets(
    _ partitions: [Int32], _ timestamp: Int64, _ isolation: Isolation, at leader: AdminConnection
  ) async throws -> [ListOffsetsResponse.ListOffsetsPartitionResponse] {
    var topic = ListOffsetsRequest.ListOffsetsTopic()
    topic.name = self.topic
    topic.partitions = partitions.map { id in
      var wanted = ListOffsetsRequest.ListOffsetsPartition()
      wanted.partitionIndex = id
      wanted.timestamp = timestamp
      return wanted
    }
    var request = ListOffsetsRequest()
    request.replicaId = -1
    request.isolationLevel = isolation.rawValue
    request.topics = [topic]
    return try await leader.send(request, timeout: Self.patience).topics.first?.partitions ?? []
  }
}

/// `/api/v1/topics/{name}`.
struct TopicAnswer: Encodable {
  struct Setting: Encodable {
    var name: String
    var value: String
    var source: String
  }
  struct Partition: Encodable {
    var id: Int32
    var leader: Int32
    var leaderEpoch: Int32
    var replicas: [Int32]
    var isr: [Int32]
    var start: Int64?
    var end: Int64?
  }
  var name: String
  var settings: [Setting]
  var partitions: [Partition]
}
