import KafkaClient
import Primitives
import Records
import Wire

/// The canary's requests on a kept-open connection, in Kafka's protocol: nothing is retried or batched behind its
/// back, and what the broker says comes with its code. (librdkafka would retry, reorder its patience, and hide both.)
struct CanaryRequests: Sendable {
  let connection: AdminConnection
  let topic: String

  /// Writes one record with acks=all; returns its offset.
  func write(_ token: Int64, to partition: Int32, wall: Int64, timeout: Duration) async throws(CanaryError) -> Int64 {
    var batch = RecordBatchBuilder()
    batch.append(key: nil, value: Self.value(token), timestamp: wall)
    var data = ProduceRequest.PartitionProduceData()
    data.index = partition
    do throws(RecordError) { data.records = .owned(try batch.build()) } catch {
      throw CanaryError(description: "\(error)")
    }
    var entry = ProduceRequest.TopicProduceData()
    entry.name = topic
    entry.partitionData = [data]
    var request = ProduceRequest()
    request.acks = -1
    request.timeoutMs = Int32(clamping: timeout.components.seconds * 1_000)
    request.topicData = [entry]
    // From version 13 on topics go by id.
    let response = try await send(request, upTo: 12, timeout: timeout)
    guard let answer = response.responses.first?.partitionResponses.first else { throw .noAnswer }
    try Self.check(answer.errorCode)
    return answer.baseOffset
  }

  /// Reads the record at an offset and compares it.
  func read(_ token: Int64, from partition: Int32, offset: Int64, timeout: Duration) async throws(CanaryError) {
    var part = FetchRequest.FetchPartition()
    part.partition = partition
    part.fetchOffset = offset
    part.partitionMaxBytes = 4_096
    var entry = FetchRequest.FetchTopic()
    entry.topic = topic
    entry.partitions = [part]
    var request = FetchRequest()
    request.maxWaitMs = 500
    request.minBytes = 1
    request.maxBytes = 4_096
    request.topics = [entry]
    let response = try await send(request, upTo: 12, timeout: timeout)
    try Self.check(response.errorCode)
    guard let answer = response.responses.first?.partitions.first else { throw .noAnswer }
    try Self.check(answer.errorCode)
    guard case .owned(let bytes) = answer.records, !bytes.isEmpty else { throw .noAnswer }
    guard Self.holds(bytes, token, at: offset) else { throw .mismatch }
  }

  func create(_ assignments: [[Int32]]) async throws(AdminError) {
    try await connection.createTopic(
      topic, partitions: -1, replicationFactor: -1, assignments: assignments,
      settings: [("retention.ms", "600000"), ("segment.ms", "600000"), ("cleanup.policy", "delete")],
      timeout: .seconds(5))
  }

  func grow(to count: Int, _ assignments: [[Int32]]) async throws(AdminError) {
    var growth = CreatePartitionsRequest.CreatePartitionsTopic()
    growth.name = topic
    growth.count = Int32(clamping: count)
    growth.assignments = assignments.map { brokers in
      var assignment = CreatePartitionsRequest.CreatePartitionsAssignment()
      assignment.brokerIds = brokers
      return assignment
    }
    var request = CreatePartitionsRequest()
    request.topics = [growth]
    request.timeoutMs = 5_000
    _ = try await connection.send(request, timeout: .seconds(6))
  }

  func electPreferred(_ partitions: [Int32]) async throws(AdminError) {
    var entry = ElectLeadersRequest.TopicPartitions()
    entry.topic = topic
    entry.partitions = partitions
    var request = ElectLeadersRequest()
    request.electionType = 0
    request.topicPartitions = [entry]
    request.timeoutMs = 5_000
    _ = try await connection.send(request, timeout: .seconds(6))
  }

  static func value(_ token: Int64) -> [UInt8] { Array("{\"canary\":\(token)}".utf8) }

  /// Whether the batches have a record of this value at this offset.
  static func holds(_ batches: [UInt8], _ token: Int64, at offset: Int64) -> Bool {
    batches.withUnsafeBytes { bytes in
      var position = 0
      do throws(RecordError) {
        while position < bytes.count {
          let rest = UnsafeRawBufferPointer(rebasing: bytes[position...])
          var records = try RecordIterator(batch: rest, maxDecompressedBytes: 1 << 20)
          while let record = try records.next() {
            if record.offset.rawValue == offset { return record.value.map { $0.elementsEqual(value(token)) } ?? false }
          }
          position += records.header.totalSize
        }
        return false
      } catch {
        return false
      }
    }
  }

  private func send<Request: RequestMessage>(
    _ request: Request, upTo newest: Int16, timeout: Duration
  ) async throws(CanaryError) -> Request.Response {
    do throws(AdminError) {
      return try await connection.send(request, upTo: newest, timeout: timeout)
    } catch {
      throw CanaryError(error)
    }
  }

  private static func check(_ code: Int16) throws(CanaryError) {
    if code == 0 { return }
    if code == ErrorCode.notLeaderOrFollower.rawValue { throw .notLeader }
    throw CanaryError(description: ErrorCode(rawValue: code)?.name ?? "error code \(code)")
  }
}

extension CanaryError {
  init(_ error: AdminError) {
    switch error {
    case .refused(let code, _): self.init(description: code.name)
    case .unreachable, .disconnected, .timedOut: self.init(description: error.brief, meansElsewhere: true)
    case .malformed, .unsupported: self.init(description: error.brief)
    }
  }
}
