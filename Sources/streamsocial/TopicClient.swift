import KafkaClient
import Primitives
import Wire

/// Produce and Fetch for hands and scripts: one topic, straight to its partitions' leaders, no retries, no groups.
struct TopicClient {
  let topic: TopicDescription
  private let leaders: [Int32: AdminConnection]

  /// Finds the topic and connects to everybody who leads a part of it.
  init(_ name: String, at connection: AdminConnection) async throws {
    guard let topic = try await connection.topics(named: [name]).first else {
      throw AdminError.refused(code: .unknownTopicOrPartition, message: name)
    }
    self.topic = topic
    var leaders: [Int32: AdminConnection] = [:]
    for (id, address) in try await connection.brokers() where topic.partitions.contains(where: { $0.leader == id }) {
      leaders[id] = try await AdminConnection.connect(to: address)
    }
    self.leaders = leaders
  }

  private func leader(of partition: Int32) throws(AdminError) -> AdminConnection {
    guard let found = topic.partitions.first(where: { $0.id == partition }) else {
      throw .refused(code: .unknownTopicOrPartition, message: "\(topic.name) has no partition \(partition)")
    }
    guard let connection = leaders[found.leader] else {
      throw .refused(code: .leaderNotAvailable, message: "\(topic.name)-\(partition) has no leader")
    }
    return connection
  }

  /// Appends a batch with acks=all; returns the offset of its first record.
  func produce(_ batch: [UInt8], to partition: Int32, timeout: Duration) async throws(AdminError) -> Int64 {
    var data = ProduceRequest.PartitionProduceData()
    data.index = partition
    data.records = .owned(batch)
    var entry = ProduceRequest.TopicProduceData()
    entry.name = topic.name
    entry.partitionData = [data]
    var request = ProduceRequest()
    request.acks = -1
    request.timeoutMs = Int32(clamping: timeout.components.seconds * 1000)
    request.topicData = [entry]
    // From version 13 on topics go by id.
    let response = try await leader(of: partition).send(request, upTo: 12, timeout: timeout)
    guard let answer = response.responses.first?.partitionResponses.first else {
      throw .malformed(address: topic.name, reason: "no answer for partition \(partition)")
    }
    try Self.check(answer.errorCode, answer.errorMessage)
    return answer.baseOffset
  }

  /// Record batches from `offset` on, and the high watermark; waits a moment when there are none yet.
  func fetch(_ partition: Int32, from offset: Int64, wait: Int32) async throws(AdminError) -> (
    batches: [UInt8], highWatermark: Int64
  ) {
    var part = FetchRequest.FetchPartition()
    part.partition = partition
    part.fetchOffset = offset
    part.partitionMaxBytes = 4 << 20
    var entry = FetchRequest.FetchTopic()
    entry.topic = topic.name
    entry.partitions = [part]
    var request = FetchRequest()
    request.maxWaitMs = wait
    request.minBytes = 1
    request.maxBytes = 16 << 20
    request.isolationLevel = 1
    request.topics = [entry]
    let response = try await leader(of: partition).send(request, upTo: 12)
    try Self.check(response.errorCode, nil)
    guard let answer = response.responses.first?.partitions.first else {
      throw .malformed(address: topic.name, reason: "no answer for partition \(partition)")
    }
    try Self.check(answer.errorCode, "\(topic.name)-\(partition) at offset \(offset)")
    if case .owned(let bytes) = answer.records { return (bytes, answer.highWatermark) }
    return ([], answer.highWatermark)
  }

  /// The first offset (−2), the next one (−1), or the first at or after a time in milliseconds.
  func offset(of partition: Int32, at time: Int64) async throws(AdminError) -> Int64 {
    var part = ListOffsetsRequest.ListOffsetsPartition()
    part.partitionIndex = partition
    part.timestamp = time
    var entry = ListOffsetsRequest.ListOffsetsTopic()
    entry.name = topic.name
    entry.partitions = [part]
    var request = ListOffsetsRequest()
    request.replicaId = -1
    request.topics = [entry]
    let response = try await leader(of: partition).send(request)
    guard let answer = response.topics.first?.partitions.first else {
      throw .malformed(address: topic.name, reason: "no answer for partition \(partition)")
    }
    try Self.check(answer.errorCode, nil)
    return answer.offset
  }

  private static func check(_ code: Int16, _ message: String?) throws(AdminError) {
    if code == 0 { return }
    throw .refused(code: ErrorCode(rawValue: code) ?? .unknownServerError, message: message ?? "")
  }
}
