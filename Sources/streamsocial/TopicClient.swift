import KafkaClient
import Primitives
import Wire

/// Produce and Fetch for hands and scripts: one topic, straight to its partitions' leaders. It follows leaders when
/// they change; produced batches are idempotent, so that sending one again does not double it. No groups.
struct TopicClient {
  private(set) var topic: TopicDescription
  /// Where to ask who leads: what was given, and every broker seen.
  private var servers: String
  private var addresses: [Int32: ServerAddress] = [:]
  private var connections: [Int32: AdminConnection] = [:]
  let timeout: Duration

  /// A broker that accepts connections and says nothing is given up for another after this long.
  static let patience = Duration.seconds(2)
  private static let pause = Duration.milliseconds(50)

  /// Finds the topic; throws when it does not exist.
  init(_ name: String, servers: String, timeout: Duration) async throws(AdminError) {
    self.servers = servers
    self.timeout = timeout
    topic = TopicDescription(name: name)
    // A topic that was created a moment ago may not have reached the broker that is asked.
    let deadline = ContinuousClock.now + .milliseconds(300)
    while true {
      do throws(AdminError) {
        try await refresh(patience: .seconds(5))
        return
      } catch {
        guard case .refused(code: .unknownTopicOrPartition, _) = error, ContinuousClock.now < deadline else {
          throw error
        }
        try? await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// Asks anew who leads what.
  private mutating func refresh(patience: Duration = Self.patience) async throws(AdminError) {
    let connection = try await AdminConnection.connect(
      toAnyOf: servers, clientID: "streamsocial-cli", timeout: patience)
    let found = try await connection.topics(named: [topic.name], timeout: patience)
    guard let topic = found.first else { throw .refused(code: .unknownTopicOrPartition, message: topic.name) }
    let brokers = try await connection.brokers(timeout: patience)
    self.topic = topic
    connections = [:]
    addresses = Dictionary(brokers.map { ($0.id, $0.address) }, uniquingKeysWith: { first, _ in first })
    let known = servers.split(separator: ",").map(String.init)
    servers = (known + brokers.map(\.address.description).filter { !known.contains($0) }).joined(separator: ",")
  }

  /// Does something with the leader of a partition; when it is not the leader any more, or gone, with the next one.
  private mutating func withLeader<Value>(
    of partition: Int32, _ work: (AdminConnection) async throws(AdminError) -> Value
  ) async throws(AdminError) -> Value {
    guard topic.partitions.contains(where: { $0.id == partition }) else {
      throw .refused(code: .unknownTopicOrPartition, message: "\(topic.name) has no partition \(partition)")
    }
    let deadline = ContinuousClock.now + timeout
    while true {
      do throws(AdminError) {
        return try await work(try await leader(of: partition))
      } catch {
        guard error.maySoonPass, ContinuousClock.now < deadline else { throw error }
        await settle()
      }
    }
  }

  /// After something went wrong that may soon pass: a moment, then who leads now.
  mutating func settle() async {
    try? await Task.sleep(for: Self.pause)
    do throws(AdminError) { try await refresh() } catch { connections = [:] }
  }

  private mutating func leader(of partition: Int32) async throws(AdminError) -> AdminConnection {
    guard let found = topic.partitions.first(where: { $0.id == partition }), found.leader >= 0,
      let address = addresses[found.leader]
    else { throw .refused(code: .leaderNotAvailable, message: "\(topic.name)-\(partition) has no leader") }
    if let connection = connections[found.leader] { return connection }
    let connection: AdminConnection
    do throws(AdminError) {
      connection = try await AdminConnection.connect(
        to: address, clientID: "streamsocial-cli", timeout: Self.patience)
    } catch {
      throw .unreachable(
        address: "broker \(found.leader), which leads \(topic.name)-\(partition)",
        reason: "\(error). More: streamsocial status")
    }
    connections[found.leader] = connection
    return connection
  }

  // MARK: producing

  /// An id for idempotent batches (KIP-98).
  mutating func producerID() async throws(AdminError) -> (id: ProducerID, epoch: Int16) {
    let first = topic.partitions.first?.id ?? 0
    return try await withLeader(of: first) { connection async throws(AdminError) in
      var request = InitProducerIdRequest()
      request.transactionalId = nil
      request.transactionTimeoutMs = 60_000
      let response = try await connection.send(request, timeout: Self.patience)
      try Self.check(response.errorCode, "no producer id")
      return (ProducerID(rawValue: response.producerId), response.producerEpoch)
    }
  }

  /// Appends a batch with acks=all; returns the offset of its first record.
  mutating func produce(_ batch: [UInt8], to partition: Int32) async throws(AdminError) -> Int64 {
    let name = topic.name
    let timeout = timeout
    return try await withLeader(of: partition) { connection async throws(AdminError) in
      var data = ProduceRequest.PartitionProduceData()
      data.index = partition
      data.records = .owned(batch)
      var entry = ProduceRequest.TopicProduceData()
      entry.name = name
      entry.partitionData = [data]
      var request = ProduceRequest()
      request.acks = -1
      request.timeoutMs = Int32(clamping: timeout.components.seconds * 1000)
      request.topicData = [entry]
      // From version 13 on topics go by id.
      let response = try await connection.send(request, upTo: 12, timeout: min(timeout, .seconds(10)))
      guard let answer = response.responses.first?.partitionResponses.first else {
        throw .malformed(address: name, reason: "no answer for partition \(partition)")
      }
      try Self.check(answer.errorCode, answer.errorMessage ?? "\(name)-\(partition)")
      return answer.baseOffset
    }
  }

  // MARK: consuming

  /// What one partition answered.
  struct Fetched: Sendable {
    var partition: Int32
    var error: ErrorCode?
    var batches: [UInt8] = []
    var logStartOffset: Int64 = -1
    var lastStableOffset: Int64 = -1
    var highWatermark: Int64 = -1
  }

  /// One Fetch to every leader, side by side; what each answers is handed over as it comes. A leader without anything
  /// new answers after `wait` milliseconds. Throws when a leader could not be asked, after all others were.
  mutating func fetch(_ positions: [(partition: Int32, offset: Int64)], wait: Int32, _ each: ([Fetched]) throws -> Void)
    async throws
  {
    var requests: [Int32: (connection: AdminConnection, positions: [(partition: Int32, offset: Int64)])] = [:]
    var trouble: AdminError?
    for position in positions {
      do throws(AdminError) {
        let connection = try await leader(of: position.partition)
        let id = topic.partitions.first { $0.id == position.partition }?.leader ?? -1
        requests[id, default: (connection, [])].positions.append(position)
      } catch {
        trouble = error
      }
    }
    let name = topic.name
    try await withThrowingTaskGroup(of: Result<[Fetched], AdminError>.self) { group in
      for (connection, positions) in requests.values {
        let request = Self.request(name, positions, wait)
        group.addTask {
          do throws(AdminError) {
            return .success(try await Self.ask(connection, request))
          } catch {
            return .failure(error)
          }
        }
      }
      for try await result in group {
        switch result {
        case .success(let answers): try each(answers)
        case .failure(let error): trouble = error
        }
      }
    }
    if let trouble { throw trouble }
  }

  private static func request(_ topic: String, _ positions: [(partition: Int32, offset: Int64)], _ wait: Int32)
    -> FetchRequest
  {
    var entry = FetchRequest.FetchTopic()
    entry.topic = topic
    entry.partitions = positions.map { position in
      var part = FetchRequest.FetchPartition()
      part.partition = position.partition
      part.fetchOffset = position.offset
      part.partitionMaxBytes = 1 << 20
      return part
    }
    var request = FetchRequest()
    request.maxWaitMs = wait
    request.minBytes = 1
    request.maxBytes = 16 << 20
    request.isolationLevel = 1
    request.topics = [entry]
    return request
  }

  private static func ask(_ connection: AdminConnection, _ request: FetchRequest) async throws(AdminError) -> [Fetched]
  {
    let response = try await connection.send(
      request, upTo: 12, timeout: patience + .milliseconds(Int64(request.maxWaitMs)))
    try check(response.errorCode, nil)
    return response.responses.flatMap(\.partitions).map { answer in
      var result = Fetched(partition: answer.partitionIndex)
      if answer.errorCode != 0 { result.error = ErrorCode(rawValue: answer.errorCode) ?? .unknownServerError }
      if case .owned(let bytes) = answer.records { result.batches = bytes }
      result.logStartOffset = answer.logStartOffset
      result.lastStableOffset = answer.lastStableOffset
      result.highWatermark = answer.highWatermark
      return result
    }
  }

  /// The first offset (−2), the next one (−1), or the first at or after a time in milliseconds (−1 when there is none).
  mutating func offset(of partition: Int32, at time: Int64) async throws(AdminError) -> Int64 {
    let name = topic.name
    return try await withLeader(of: partition) { connection async throws(AdminError) in
      var part = ListOffsetsRequest.ListOffsetsPartition()
      part.partitionIndex = partition
      part.timestamp = time
      var entry = ListOffsetsRequest.ListOffsetsTopic()
      entry.name = name
      entry.partitions = [part]
      var request = ListOffsetsRequest()
      request.replicaId = -1
      request.isolationLevel = 1
      request.topics = [entry]
      let response = try await connection.send(request, timeout: Self.patience)
      guard let answer = response.topics.first?.partitions.first else {
        throw .malformed(address: name, reason: "no answer for partition \(partition)")
      }
      try Self.check(answer.errorCode, "\(name)-\(partition)")
      return answer.offset
    }
  }

  static func check(_ code: Int16, _ message: String?) throws(AdminError) {
    if code == 0 { return }
    throw .refused(code: ErrorCode(rawValue: code) ?? .unknownServerError, message: message ?? "")
  }
}

extension AdminError {
  /// Whether asking again, perhaps somebody else, may help.
  var maySoonPass: Bool {
    switch self {
    case .unreachable, .disconnected, .timedOut: true
    case .refused(code: .unknownTopicOrPartition, _): false
    case .refused(let code, _): code.isRetriable
    case .malformed, .unsupported: false
    }
  }
}
