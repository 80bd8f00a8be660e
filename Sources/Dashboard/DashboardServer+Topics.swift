import HTTPServer
import KafkaClient
import Primitives
import Records
import Wire

extension DashboardServer {
  func addTopicRoutes(_ server: HTTPServer) {
    let servers = options.bootstrapServers
    server.route(.get, "/api/v1/topics/{name}") { [weak self] request, responder in
      let name = request.parameters["name"] ?? ""
      self?.read(responder) { .encoding(try await Self.topic(name, servers)) }
    }
    server.route(.get, "/api/v1/topics/{name}/messages") { [weak self] request, responder in
      let name = request.parameters["name"] ?? ""
      self?.read(responder) {
        let search = try MessageSearch(request)
        return .encoding(try await search.run(try await TopicReader(name, bootstrapServers: servers)))
      }
    }
    server.route(.post, "/api/v1/topics/{name}/messages") { [weak self] request, responder in
      guard let self else { return }
      let name = request.parameters["name"] ?? ""
      guardedAction(responder) {
        let message = try APIJSON.decode(NewMessage.self, from: request.body)
        return .encoding(try await Self.produce(message, to: name, servers))
      }
    }
  }

  private static func topic(_ name: String, _ servers: String) async throws -> TopicAnswer {
    let reader = try await TopicReader(name, bootstrapServers: servers)
    var answer = TopicAnswer(name: name, settings: try await reader.settings(), partitions: [])
    var starts: [Int32: Int64] = [:]
    var ends: [Int32: Int64] = [:]
    for (_, led) in Dictionary(grouping: reader.partitions, by: \.leader).sorted(by: { $0.key < $1.key }) {
      // Without its leader nobody knows; the others are told all the same.
      guard let leader = try? await reader.leader(of: led[0]) else { continue }
      let ids = led.map(\.id)
      let found = (
        try? await reader.offsets(of: ids, timestamp: -2, at: leader),
        try? await reader.offsets(of: ids, timestamp: -1, at: leader)
      )
      starts.merge(found.0 ?? [:]) { a, _ in a }
      ends.merge(found.1 ?? [:]) { a, _ in a }
    }
    answer.partitions = reader.partitions.map { partition in
      TopicAnswer.Partition(
        id: partition.id, leader: partition.leader, leaderEpoch: partition.leaderEpoch, replicas: partition.replicas,
        isr: partition.inSync, start: starts[partition.id], end: ends[partition.id])
    }
    return answer
  }

  struct NewMessage: Decodable {
    var key: String?
    var value: String
    var partition: Int32?
  }

  struct Produced: Encodable {
    var partition: Int32
    var offset: Int64
  }

  /// One test event, with acks=all; the partition by the key as Kafka's clients choose it, else the first.
  private static func produce(_ message: NewMessage, to topic: String, _ servers: String) async throws -> Produced {
    guard message.value.utf8.count <= 64 << 10, message.key?.utf8.count ?? 0 <= 4 << 10 else {
      throw APIError(413, "too_large", "a test event has at most 64 KiB, its key 4 KiB")
    }
    let reader = try await TopicReader(topic, bootstrapServers: servers)
    let key = message.key.map { Array($0.utf8) }
    let chosen = try message.partition ?? partition(of: key, count: reader.partitions.count)
    let partition = try reader.partition(chosen)
    var batch = RecordBatchBuilder()
    batch.append(key: key, value: Array(message.value.utf8), timestamp: WallClock.milliseconds)
    var data = ProduceRequest.PartitionProduceData()
    data.index = partition.id
    data.records = .owned(try batch.build())
    var entry = ProduceRequest.TopicProduceData()
    entry.name = topic
    entry.partitionData = [data]
    var request = ProduceRequest()
    request.acks = -1
    request.timeoutMs = 5_000
    request.topicData = [entry]
    // Version 13 names topics by id.
    let response = try await reader.leader(of: partition).send(request, upTo: 12, timeout: TopicReader.patience)
    guard let answer = response.responses.first?.partitionResponses.first else {
      throw APIError(502, "cluster", "the broker did not say what became of the event")
    }
    guard answer.errorCode == 0 else {
      let code = APIError.name(answer.errorCode)
      throw APIError(502, "refused", "the event was refused: \(code) \(answer.errorMessage ?? "")")
    }
    return Produced(partition: partition.id, offset: answer.baseOffset)
  }

  private static func partition(of key: [UInt8]?, count: Int) throws -> Int32 {
    guard count > 0 else { throw APIError(404, "no_topic", "there is no such topic") }
    guard let key else { return 0 }
    return Int32((Int(Murmur2.hash(key)) & 0x7fff_ffff) % count)
  }
}

extension MessageSearch {
  /// Reads the query; every number is bounded.
  init(_ request: HTTPRequest) throws(APIError) {
    func number(_ name: String, _ range: ClosedRange<Int64>) throws(APIError) -> Int64? {
      guard let text = request.query(name), !text.isEmpty else { return nil }
      guard let value = Int64(text), range.contains(value) else {
        throw APIError(
          400, "bad_query", "\(name) is a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    if let id = try number("partition", 0...Int64(Int32.max)) { partition = Int32(clamping: id) }
    if let number = try number("limit", 1...Int64(Self.limitMax)) { limit = Int(number) }
    switch request.query("from") ?? "newest" {
    case "newest": from = .newest
    case "offset":
      guard let offset = try number("offset", 0...Int64.max) else {
        throw APIError(400, "bad_query", "from=offset needs offset=NUMBER")
      }
      from = .offset(offset)
    case "time":
      guard let time = try number("time", 0...Int64.max) else {
        throw APIError(400, "bad_query", "from=time needs time=MILLISECONDS since 1970")
      }
      from = .time(time)
    default: throw APIError(400, "bad_query", "from is newest, offset or time")
    }
    before = try Self.places(request.query("before") ?? "")
    guard before.isEmpty || isNewest && partition == nil else {
      throw APIError(400, "bad_query", "before goes with from=newest, and names the partitions itself")
    }
    key = Array((request.query("key") ?? "").utf8)
    value = Array((request.query("value") ?? "").utf8)
    guard key.count <= 1024, value.count <= 1024 else {
      throw APIError(400, "bad_query", "what is searched for has at most 1,024 bytes")
    }
  }

  /// `0:4711,2:12`: offsets by partition.
  private static func places(_ text: String) throws(APIError) -> [Int32: Int64] {
    guard !text.isEmpty else { return [:] }
    var found: [Int32: Int64] = [:]
    for place in text.split(separator: ",", omittingEmptySubsequences: false) {
      let numbers = place.split(separator: ":", omittingEmptySubsequences: false)
      guard numbers.count == 2, let partition = Int32(numbers[0]), let offset = Int64(numbers[1]), partition >= 0,
        offset >= 0, found.updateValue(offset, forKey: partition) == nil
      else { throw APIError(400, "bad_query", "before is PARTITION:OFFSET,PARTITION:OFFSET,…") }
    }
    return found
  }
}
