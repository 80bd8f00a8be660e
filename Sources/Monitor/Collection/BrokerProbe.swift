import KafkaClient
import Wire

/// A connection to one broker that is kept from round to round, and made anew after any trouble.
actor BrokerProbe {
  let id: Int32
  private(set) var address: ServerAddress
  private var connection: AdminConnection?
  /// The kept connection ended since the last round; told once.
  private var wasCutOff = false

  init(id: Int32, address: ServerAddress) {
    self.id = id
    self.address = address
  }

  /// What one broker was asked for in a round.
  struct Question: Sendable {
    /// Partitions that it leads: their ends (and, now and then, starts) are asked for.
    var led: [(topic: String, partitions: [Int32])] = []
    var wantsStarts = false
    var wantsGroups = false
  }

  struct Reply: Sendable {
    var answer: ClusterObservation.Answer
    var extents: [ClusterObservation.Extent]?
    var groups: [ClusterObservation.Group]?
    var failures: [String] = []
  }

  func move(to address: ServerAddress) {
    guard address != self.address else { return }
    self.address = address
    connection = nil
  }

  /// Sends one request; a failure that leaves the connection in doubt drops it.
  func send<Request: RequestMessage>(
    _ request: Request, upTo newest: Int16 = .max, timeout: Duration
  ) async throws(AdminError) -> Request.Response {
    let open: AdminConnection
    let isKept = connection != nil
    if let connection {
      open = connection
    } else {
      open = try await AdminConnection.connect(to: address, clientID: "streamsocial-monitor", timeout: timeout)
      connection = open
    }
    do throws(AdminError) {
      return try await open.send(request, upTo: newest, timeout: timeout)
    } catch {
      switch error {
      case .unsupported, .refused: break
      case .disconnected:
        connection = nil
        if isKept { wasCutOff = true }
      case .unreachable, .timedOut, .malformed: connection = nil
      }
      throw error
    }
  }

  /// Asks for all that this broker alone knows; ends by the deadline in any case.
  func ask(_ question: Question, by deadline: ContinuousClock.Instant) async -> Reply {
    let began = ContinuousClock.now
    var reply = Reply(answer: .init(broker: id, answered: false))
    do throws(AdminError) {
      do throws(AdminError) {
        reply.extents = try await extents(question, by: deadline)
      } catch {
        // The broker may be back already: then what it says counts, and that it was gone as well.
        guard wasCutOff, case .disconnected = error else { throw error }
        reply.extents = try await extents(question, by: deadline)
      }
      let took = ContinuousClock.now - began
      reply.answer = .init(broker: id, answered: true, milliseconds: took / .milliseconds(1))
    } catch {
      reply.answer = .init(
        broker: id, answered: false, reason: error.brief, wasRefused: error.meansNobodyThere)
      return reply
    }
    if wasCutOff {
      wasCutOff = false
      reply.answer.wasCutOff = true
    }
    guard question.wantsGroups else { return reply }
    do throws(AdminError) {
      reply.groups = try await groups(by: deadline)
    } catch {
      reply.failures.append("groups of broker \(id): \(error.brief)")
    }
    return reply
  }

  private func left(until deadline: ContinuousClock.Instant) -> Duration {
    max(.milliseconds(1), deadline - ContinuousClock.now)
  }

  /// Ends of what it leads; a broker that leads nothing is asked which versions it serves, to see that it answers.
  private func extents(
    _ question: Question, by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> [ClusterObservation.Extent] {
    guard !question.led.isEmpty else {
      _ = try await send(ApiVersionsRequest(), upTo: 0, timeout: left(until: deadline))
      return []
    }
    let ends = try await offsets(question.led, timestamp: -1, by: deadline)
    let starts = question.wantsStarts ? try await offsets(question.led, timestamp: -2, by: deadline) : [:]
    return ends.sorted { ($0.key.topic, $0.key.partition) < ($1.key.topic, $1.key.partition) }.map {
      .init(topic: $0.key.topic, partition: $0.key.partition, start: starts[$0.key], end: $0.value)
    }
  }

  private func offsets(
    _ led: [(topic: String, partitions: [Int32])], timestamp: Int64, by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> [ClusterHealth.TopicPartition: Int64] {
    var request = ListOffsetsRequest()
    request.replicaId = -1
    request.topics = led.map { entry in
      var topic = ListOffsetsRequest.ListOffsetsTopic()
      topic.name = entry.topic
      topic.partitions = entry.partitions.map { id in
        var partition = ListOffsetsRequest.ListOffsetsPartition()
        partition.partitionIndex = id
        partition.timestamp = timestamp
        return partition
      }
      return topic
    }
    let response = try await send(request, timeout: left(until: deadline))
    var found: [ClusterHealth.TopicPartition: Int64] = [:]
    for topic in response.topics {
      for partition in topic.partitions where partition.errorCode == 0 {
        found[.init(topic: topic.name, partition: partition.partitionIndex)] = partition.offset
      }
    }
    return found
  }
}

extension AdminError {
  /// For a sentence: without the address, which the sentence names.
  var brief: String {
    switch self {
    case .unreachable(_, let reason): reason.lowercased()
    case .disconnected: "closed the connection"
    case .timedOut: "no answer in time"
    case .malformed(_, let reason): "not Kafka's protocol: \(reason)"
    case .unsupported, .refused: description
    }
  }

  /// Nobody serves there: refused or cut off, unlike silence. A connection that breaks counts only as silence.
  var meansNobodyThere: Bool {
    if case .unreachable(_, let reason) = self { return reason.lowercased().contains("refused") }
    return false
  }
}
