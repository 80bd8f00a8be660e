import CommitLog
import EventLoop
import Primitives
import Wire

/// Fetch, versions 4–18, for consumers and followers. Fetch sessions (KIP-227) are not kept: every answer has session id 0,
/// which clients accept. Tiered storage is not served.
extension DataPlane {
  func fetch(_ context: RequestContext, _ request: FetchRequest) {
    // Whoever asks again on a connection no longer waits for the answer before.
    if let waiting = context.session.waitingFetch as? FetchOperation { _ = waiting.tryToComplete(isLast: true) }
    let operation = FetchOperation(context, request, plane: self)
    if operation.isFollower { context.isFollowersFetch() }
    if context.version >= 7, request.sessionEpoch > 0 {
      var response = FetchResponse()
      response.errorCode = ErrorCode.fetchSessionIdNotFound.rawValue
      return context.reply(response)
    }
    guard !operation.tryToComplete(isLast: operation.maxWait == .zero) else { return }
    operation.deadline = now + operation.maxWait
    context.session.waitingFetch = operation
    operation.isParked = true
    metrics.counts.waitingFetches += 1
    for partition in operation.hosted { partition.park(operation) }
    deadlines.add(operation.deadline) { [weak operation] in operation?.expire() }
  }
}

/// One Fetch request: evaluated when it arrives, whenever one of its partitions moves, and when its time is up.
final class FetchOperation {
  /// One partition of the request.
  struct Part {
    var topicIndex: Int
    var index: Int
    var partition: HostedPartition?
    var error: ErrorCode
    var request: FetchRequest.FetchPartition
  }

  /// What a partition has to give.
  struct Answer {
    var row = FetchResponse.PartitionData()
    var slice: LogSlice?
  }

  private let context: RequestContext
  private let plane: DataPlane
  private let topics: [(name: String, id: TopicID, count: Int)]
  private var parts: [Part] = []
  private let minBytes: Int
  private let maxBytes: Int
  let maxWait: TimeSpan
  private let replica: BrokerID
  private let replicaEpoch: BrokerEpoch
  private let isReadCommitted: Bool
  private let rack: String
  var deadline = Instant.distantFuture
  /// Whether it counts as waiting.
  var isParked = false
  private(set) var isDone = false {
    didSet {
      if isParked { plane.metrics.counts.waitingFetches -= 1 }
      isParked = false
    }
  }
  /// The partitions of this request that are hosted here.
  private(set) var hosted: [HostedPartition] = []

  init(_ context: RequestContext, _ request: FetchRequest, plane: DataPlane) {
    self.context = context
    self.plane = plane
    minBytes = Int(max(0, request.minBytes))
    maxBytes = min(Int(max(0, request.maxBytes)), plane.fetchMaxBytes)
    maxWait = .milliseconds(Int64(max(0, request.maxWaitMs)))
    let newForm = context.version >= 15
    replica = BrokerID(newForm ? request.replicaState.replicaId : request.replicaId)
    replicaEpoch = BrokerEpoch(newForm ? request.replicaState.replicaEpoch : -1)
    isReadCommitted = request.isolationLevel == 1
    rack = request.rackId
    topics = request.topics.map { ($0.topic, $0.topicId, $0.partitions.count) }
    for (topicIndex, topic) in request.topics.enumerated() {
      let found = context.version >= 13 ? plane.image.topic(topic.topicId) : plane.image.topic(named: topic.topic)
      for (index, wanted) in topic.partitions.enumerated() {
        var part = Part(topicIndex: topicIndex, index: index, partition: nil, error: .none, request: wanted)
        if let found {
          part.partition = plane.partitions[TopicIDPartition(found.id, PartitionID(wanted.partition))]
          if part.partition == nil {
            let exists = wanted.partition >= 0 && Int(wanted.partition) < found.partitions.count
            part.error = exists ? .notLeaderOrFollower : .unknownTopicOrPartition
          }
        } else {
          part.error = context.version >= 13 ? .unknownTopicId : .unknownTopicOrPartition
        }
        plane.metrics.counts.all.fetchRequests += 1
        if let partition = part.partition {
          partition.topicMetrics.counters.fetchRequests += 1
          hosted.append(partition)
        }
        parts.append(part)
      }
    }
  }

  var isFollower: Bool { replica.rawValue >= 0 }

  /// Its time is up.
  func expire() {
    guard !isDone else { return }
    if isFollower { plane.metrics.counts.expiredFollowerFetches += 1 } else { plane.metrics.counts.expiredConsumerFetches += 1 }
    _ = tryToComplete(isLast: true)
  }

  /// Answers if there is enough to give, or if nothing more will come (`isLast`). Returns whether it is done with.
  func tryToComplete(isLast: Bool) -> Bool {
    if isDone { return true }
    if context.session.isEnded {
      isDone = true
      return true
    }
    var answers: [Answer] = []
    answers.reserveCapacity(parts.count)
    var bytes = 0
    var isUrgent = parts.isEmpty
    for part in parts {
      let answer = answer(part, budget: maxBytes - bytes, isFirst: bytes == 0)
      bytes += answer.slice?.length ?? 0
      if answer.row.errorCode != 0 || answer.row.divergingEpoch.epoch >= 0 || answer.row.preferredReadReplica >= 0 {
        isUrgent = true
      }
      answers.append(answer)
    }
    guard isLast || isUrgent || bytes >= minBytes else { return false }
    isDone = true
    reply(answers)
    return true
  }

  private func answer(_ part: Part, budget: Int, isFirst: Bool) -> Answer {
    var answer = Answer()
    answer.row.partitionIndex = part.request.partition
    answer.row.highWatermark = -1
    answer.row.records = .owned([])
    guard let partition = part.partition else {
      answer.row.errorCode = part.error.rawValue
      return answer
    }
    let decision =
      isFollower
      ? partition.followerFetch(part.request, from: replica, brokerEpoch: replicaEpoch, at: plane.now)
      : partition.consumerFetch(part.request, rack: rack, isReadCommitted: isReadCommitted, at: plane.now)
    switch decision {
    case .error(let code):
      answer.row.errorCode = code.rawValue
      if let leader = partition.knownLeader, code == .notLeaderOrFollower || code == .fencedLeaderEpoch {
        answer.row.currentLeader.leaderId = leader.id.rawValue
        answer.row.currentLeader.leaderEpoch = leader.epoch.rawValue
      }
      return answer
    case .diverging(let epoch, let offset):
      answer.row.divergingEpoch.epoch = epoch.rawValue
      answer.row.divergingEpoch.endOffset = offset.rawValue
      partition.fill(&answer.row)
    case .preferred(let other):
      answer.row.preferredReadReplica = other.rawValue
      partition.fill(&answer.row)
    case .read(let from, let upTo):
      partition.fill(&answer.row)
      let limit = min(Int(max(0, part.request.partitionMaxBytes)), max(0, budget))
      do throws(LogError) {
        answer.slice = try partition.log.locate(from: from, maxBytes: limit, upTo: upTo, minOneBatch: isFirst)
      } catch .offsetOutOfRange {
        answer.row.errorCode = ErrorCode.offsetOutOfRange.rawValue
      } catch {
        plane.storageFailed(partition, error)
        answer.row.errorCode = ErrorCode.kafkaStorageError.rawValue
      }
    }
    if isReadCommitted { partition.fillAborted(&answer.row, answer.slice) }
    return answer
  }

  private func reply(_ answers: [Answer]) {
    var response = FetchResponse()
    var payloads: [OutputBuffer] = []
    response.responses = topics.map { topic in
      var row = FetchResponse.FetchableTopicResponse()
      row.topic = topic.name
      row.topicId = topic.id
      row.partitions.reserveCapacity(topic.count)
      return row
    }
    for (part, answer) in zip(parts, answers) {
      var row = answer.row
      if let slice = answer.slice, slice.length > 0, let payload = read(slice, part) {
        row.records = .gap(payload.count)
        payloads.append(payload)
      }
      if row.currentLeader.leaderId >= 0, let leader = part.partition?.knownLeader { addNode(leader, &response) }
      response.responses[part.topicIndex].partitions.append(row)
    }
    context.reply(response, payloads: payloads)
  }

  private func read(_ slice: LogSlice, _ part: Part) -> OutputBuffer? {
    let payload = OutputBuffer(capacity: slice.length)
    do throws(FileError) {
      payload.count = try slice.read(into: UnsafeMutableRawBufferPointer(rebasing: payload.bytes[..<slice.length]))
      if isFollower {
        plane.metrics.counts.replicationBytesOut += payload.count
      } else {
        plane.metrics.counts.all.bytesOut += payload.count
        part.partition?.topicMetrics.counters.bytesOut += payload.count
      }
      return payload.count > 0 ? payload : nil
    } catch {
      if let partition = part.partition { plane.storageFailed(partition, .file(error)) }
      return nil
    }
  }

  private func addNode(_ leader: HostedPartition.KnownLeader, _ response: inout FetchResponse) {
    guard !response.nodeEndpoints.contains(where: { $0.nodeId == leader.id.rawValue }) else { return }
    var node = FetchResponse.NodeEndpoint()
    node.nodeId = leader.id.rawValue
    node.host = leader.host
    node.port = Int32(leader.port)
    node.rack = leader.rack
    response.nodeEndpoints.append(node)
  }
}
