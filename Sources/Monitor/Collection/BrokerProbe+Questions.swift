import KafkaClient
import Wire

extension BrokerProbe {
  /// What one broker is asked for in a round.
  struct Question: Sendable {
    /// Partitions that it leads: their ends (and, now and then, starts) are asked for.
    var led: [(topic: String, partitions: [Int32])] = []
    var wantsStarts = false
    var wantsGroups = false
    /// The quorum is asked through a few brokers, which pass it on to the controller.
    var wantsQuorum = false
    /// Who is registered and fenced, when somebody is missing.
    var wantsFenced = false
    var logDirectories = LogDirectories.none

    enum LogDirectories: Sendable { case none, state, stateAndSizes }
  }

  struct Reply: Sendable {
    var answer: ClusterObservation.Answer
    var extents: [ClusterObservation.Extent]?
    var groups: [ClusterObservation.Group]?
    var logDirectories: ClusterObservation.LogDirectories?
    /// It was asked for its log directories and did not answer.
    var keepsLogDirectories = false
    var quorum: ControllerView?
    var quorumIsUnsupported = false
    /// Why the quorum was not heard through this broker.
    var quorumFailure: String?
    var fenced: [ClusterObservation.Broker]?
    var failures: [String] = []

    static func silent(_ broker: Int32) -> Reply {
      Reply(answer: .init(broker: broker, answered: false, reason: "no answer in time"))
    }

    /// It answered something in this round, and not all in time.
    static func unfinished(_ broker: Int32) -> Reply {
      var reply = Reply(answer: .init(broker: broker, answered: true))
      reply.failures = ["broker \(broker) did not answer all in time"]
      return reply
    }
  }

  /// Asks for all that this broker alone knows. The first request shows whether it answers; each later one that fails
  /// is a blind spot and nothing more.
  func ask(_ question: Question, by deadline: ContinuousClock.Instant) async -> Reply {
    let began = ContinuousClock.now
    var reply = Reply(answer: .init(broker: id, answered: false))
    do throws(AdminError) {
      reply.extents = try await extents(question, by: deadline)
      let took = ContinuousClock.now - began
      reply.answer = .init(broker: id, answered: true, milliseconds: took / .milliseconds(1))
    } catch {
      reply.answer = .init(
        broker: id, answered: false, reason: error.brief, wasRefused: error.meansNobodyThere)
    }
    reply.answer.wasCutOff = tellCutOff()
    guard reply.answer.answered else { return reply }
    if question.wantsGroups {
      do throws(AdminError) {
        let (followed, leftOut) = try await groups(by: deadline)
        reply.groups = followed
        if leftOut > 0 {
          reply.failures.append(
            "\(leftOut) of broker \(id)'s groups are not followed (\(Self.groupsMax) are, the first by name)")
        }
      } catch {
        reply.failures.append("groups of broker \(id): \(error.brief)")
      }
    }
    if question.logDirectories != .none { await askLogDirectories(question, &reply, by: deadline) }
    if question.wantsFenced { reply.fenced = try? await fenced(by: deadline) }
    // Last: without a controller the broker lets its answer wait.
    if question.wantsQuorum { await askQuorum(&reply, by: deadline) }
    return reply
  }

  /// Ends of what it leads; a broker that leads nothing is asked which versions it serves, to see that it answers.
  private func extents(
    _ question: Question, by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> [ClusterObservation.Extent] {
    guard !question.led.isEmpty else {
      _ = try await send(ApiVersionsRequest(), upTo: 0, timeout: Self.left(until: deadline))
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
    let response = try await send(request, timeout: Self.left(until: deadline))
    var found: [ClusterHealth.TopicPartition: Int64] = [:]
    for topic in response.topics {
      for partition in topic.partitions where partition.errorCode == 0 {
        found[.init(topic: topic.name, partition: partition.partitionIndex)] = partition.offset
      }
    }
    return found
  }

  /// KIP-1073 (version 2); earlier versions tell of none.
  private func fenced(by deadline: ContinuousClock.Instant) async throws(AdminError) -> [ClusterObservation.Broker] {
    var request = DescribeClusterRequest()
    request.includeFencedBrokers = true
    let response = try await send(request, timeout: Self.left(until: deadline))
    return response.brokers.filter(\.isFenced).map { .init(id: $0.brokerId, host: $0.host, port: $0.port, rack: $0.rack) }
  }

  private func askQuorum(_ reply: inout Reply, by deadline: ContinuousClock.Instant) async {
    var partition = DescribeQuorumRequest.PartitionData()
    partition.partitionIndex = 0
    var topic = DescribeQuorumRequest.TopicData()
    topic.topicName = "__cluster_metadata"
    topic.partitions = [partition]
    var request = DescribeQuorumRequest()
    request.topics = [topic]
    do throws(AdminError) {
      let response = try await send(request, timeout: Self.left(until: deadline))
      guard response.errorCode == 0, let answer = response.topics.first?.partitions.first, answer.errorCode == 0 else {
        let code = response.topics.first?.partitions.first?.errorCode ?? response.errorCode
        reply.quorumFailure = "the quorum did not answer (error \(code))"
        return
      }
      var view = ControllerView()
      view.id = answer.leaderId >= 0 ? answer.leaderId : nil
      view.leaderEpoch = answer.leaderEpoch
      view.highWatermark = answer.highWatermark
      let end = answer.currentVoters.first { $0.replicaId == answer.leaderId }?.logEndOffset
      view.voters = answer.currentVoters.map { Self.member($0, leaderEnd: end) }
      view.observers = answer.observers.map { Self.member($0, leaderEnd: end) }
      reply.quorum = view
    } catch {
      if case .unsupported = error {
        reply.quorumIsUnsupported = true
      } else {
        reply.quorumFailure = "the quorum did not answer (\(error.brief))"
      }
    }
  }

  private static func member(
    _ state: DescribeQuorumResponse.ReplicaState, leaderEnd: Int64?
  ) -> ControllerView.Member {
    var member = ControllerView.Member(id: state.replicaId)
    if state.logEndOffset >= 0 {
      member.logEndOffset = state.logEndOffset
      member.lag = leaderEnd.map { max(0, $0 - state.logEndOffset) }
    }
    member.lastFetchAt = state.lastFetchTimestamp > 0 ? state.lastFetchTimestamp : nil
    member.lastCaughtUpAt = state.lastCaughtUpTimestamp > 0 ? state.lastCaughtUpTimestamp : nil
    return member
  }
}
