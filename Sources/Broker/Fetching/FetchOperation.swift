import CommitLog
import EventLoop
import Primitives
import Wire

/// One Fetch request: evaluated when it arrives, whenever one of its partitions moves, and when its time is up.
///
/// Only what may have something to tell is looked at: a partition at its end costs nothing until it moves.
final class FetchOperation {
  enum Kind {
    /// Every partition is named and answered, and that is all.
    case sessionless
    /// The same; a session begins with it if there is room.
    case full
    /// Names what changed, and gets only partitions with something new.
    case incremental
  }

  /// What a partition has to give.
  private struct Answer {
    var row = FetchResponse.PartitionData()
    var slice: LogSlice?
    /// There is more than was given, or an error that will be there the next time.
    var isUnfinished = false
    /// The client must hear of it at once.
    var isUrgent = false
  }

  private let context: RequestContext
  private let plane: DataPlane
  private let kind: Kind
  private let session: FetchSession
  private let minBytes: Int
  private let maxBytes: Int
  let maxWait: TimeSpan
  private let replica: BrokerID
  private let replicaEpoch: BrokerEpoch
  private let isReadCommitted: Bool
  private let rack: String
  private var isDone = false
  /// Whether it counts as waiting.
  private var isParked = false

  init(
    _ context: RequestContext, _ request: FetchRequest, kind: Kind, session: FetchSession, replica: BrokerID,
    plane: DataPlane
  ) {
    self.context = context
    self.plane = plane
    self.kind = kind
    self.session = session
    self.replica = replica
    minBytes = Int(max(0, request.minBytes))
    maxBytes = min(Int(max(0, request.maxBytes)), plane.fetchMaxBytes)
    maxWait = .milliseconds(Int64(max(0, request.maxWaitMs)))
    replicaEpoch = BrokerEpoch(context.version >= 15 ? request.replicaState.replicaEpoch : -1)
    isReadCommitted = request.isolationLevel == 1
    rack = request.rackId
  }

  // MARK: waiting

  /// Looks, when it is time, at partitions that nothing happened to.
  func refresh() {
    guard kind == .incremental, session.isRefreshDue(at: plane.now, lagMax: plane.replicaLagTimeMax) else { return }
    for part in session.partitions.values where !part.isPending && probe(part) != .nothing { session.markPending(part) }
  }

  /// A long poll: waits in the session for its partitions to move.
  func park(until deadline: Instant) {
    session.operation = self
    isParked = true
    plane.metrics.counts.waitingFetches += 1
    for part in session.pending { part.watch(on: plane) }
    plane.deadlines.add(deadline) { [weak self] in self?.expire() }
  }

  /// Its time is up.
  private func expire() {
    guard !isDone else { return }
    if session.isFollower {
      plane.metrics.counts.expiredFollowerFetches += 1
    } else {
      plane.metrics.counts.expiredConsumerFetches += 1
    }
    _ = tryToComplete(isLast: true)
  }

  /// One of the partitions has moved.
  func partitionChanged(_ part: FetchedPartition) {
    guard !isDone else { return }
    if probe(part) == .something, tryToComplete(isLast: false) { return }
    part.watch(on: plane)
  }

  /// Answers if there is enough to give, or if nothing more will come (`isLast`). Returns whether it is done with.
  func tryToComplete(isLast: Bool) -> Bool {
    if isDone { return true }
    if context.session.isEnded {
      end()
      return true
    }
    let parts = kind == .incremental ? session.takePending() : session.takeNamed()
    var answers: [Answer] = []
    answers.reserveCapacity(parts.count)
    var bytes = 0
    var isUrgent = session.partitions.isEmpty
    for part in parts {
      let answer = answer(part, budget: maxBytes - bytes, isFirst: bytes == 0)
      bytes += answer.slice?.length ?? 0
      if answer.isUrgent { isUrgent = true }
      answers.append(answer)
    }
    guard isLast || isUrgent || bytes >= minBytes else {
      settle(parts, answers, areTold: false)
      return false
    }
    reply(parts, answers)
    settle(parts, answers, areTold: true)
    end()
    return true
  }

  private func end() {
    isDone = true
    if isParked { plane.metrics.counts.waitingFetches -= 1 }
    isParked = false
    if session.operation === self { session.operation = nil }
    if session.id == 0 { session.close() }
  }

  /// Puts back what may have more to tell; the rest watches its partition. What was answered with records comes last.
  private func settle(_ parts: [FetchedPartition], _ answers: [Answer], areTold: Bool) {
    var served: [FetchedPartition] = []
    for (part, answer) in zip(parts, answers) {
      if areTold, answer.slice != nil {
        served.append(part)
      } else if answer.isUnfinished || (!areTold && isNews(answer.row, to: part)) || answer.slice != nil {
        session.markPending(part)
      } else {
        part.watch(on: plane)
      }
    }
    for part in served { session.markPending(part) }
  }

  // MARK: one partition

  private enum Finding {
    case nothing
    /// The high watermark or the log's start has moved: worth telling, not worth waking anybody.
    case news
    /// Records, or what the client must act on.
    case something
  }

  private func decide(_ part: FetchedPartition, _ partition: HostedPartition) -> HostedPartition.FetchDecision {
    session.isFollower
      ? partition.followerFetch(part.wanted, from: replica, brokerEpoch: replicaEpoch, at: plane.now)
      : partition.consumerFetch(part.wanted, rack: rack, isReadCommitted: isReadCommitted, at: plane.now)
  }

  /// Whether there is anything to tell, without looking for the bytes. For a follower it counts as a fetch.
  private func probe(_ part: FetchedPartition) -> Finding {
    guard let partition = part.partition(on: plane) else { return .something }
    guard case .read(let from, let upTo) = decide(part, partition), from >= upTo else { return .something }
    let isKnown =
      partition.highWatermark.rawValue == part.toldHighWatermark
      && partition.logStartOffset.rawValue == part.toldLogStart
    return isKnown ? .nothing : .news
  }

  private func isNews(_ row: FetchResponse.PartitionData, to part: FetchedPartition) -> Bool {
    row.errorCode != 0 || row.divergingEpoch.epoch >= 0 || row.preferredReadReplica >= 0
      || row.highWatermark != part.toldHighWatermark || row.logStartOffset != part.toldLogStart
  }

  private func answer(_ part: FetchedPartition, budget: Int, isFirst: Bool) -> Answer {
    var answer = Answer()
    answer.row.partitionIndex = part.key.partition
    answer.row.highWatermark = -1
    answer.row.records = .owned([])
    guard let partition = part.partition(on: plane) else {
      fail(&answer, missing(part.key))
      return answer
    }
    switch decide(part, partition) {
    case .error(let code):
      fail(&answer, code)
      if let leader = partition.knownLeader, code == .notLeaderOrFollower || code == .fencedLeaderEpoch {
        answer.row.currentLeader.leaderId = leader.id.rawValue
        answer.row.currentLeader.leaderEpoch = leader.epoch.rawValue
      }
      return answer
    case .diverging(let epoch, let offset):
      answer.row.divergingEpoch.epoch = epoch.rawValue
      answer.row.divergingEpoch.endOffset = offset.rawValue
      partition.fill(&answer.row)
      answer.isUrgent = true
      answer.isUnfinished = true
    case .preferred(let other):
      answer.row.preferredReadReplica = other.rawValue
      partition.fill(&answer.row)
      answer.isUrgent = true
      answer.isUnfinished = true
    case .read(let from, let upTo):
      partition.fill(&answer.row)
      let limit = min(Int(max(0, part.wanted.partitionMaxBytes)), max(0, budget))
      do throws(LogError) {
        answer.slice = try partition.log.locate(from: from, maxBytes: limit, upTo: upTo, minOneBatch: isFirst)
        answer.isUnfinished = from < upTo
      } catch .offsetOutOfRange {
        fail(&answer, .offsetOutOfRange)
      } catch {
        plane.storageFailed(partition, error)
        fail(&answer, .kafkaStorageError)
      }
    }
    if isReadCommitted { partition.fillAborted(&answer.row, answer.slice) }
    return answer
  }

  private func fail(_ answer: inout Answer, _ code: ErrorCode) {
    answer.row.errorCode = code.rawValue
    answer.isUrgent = true
    answer.isUnfinished = true
  }

  /// Why this broker does not hold a partition.
  private func missing(_ key: FetchedPartitionKey) -> ErrorCode {
    let topic = session.usesTopicIDs ? plane.image.topic(key.topicID) : plane.image.topic(named: key.topic)
    guard let topic else { return session.usesTopicIDs ? .unknownTopicId : .unknownTopicOrPartition }
    let exists = key.partition >= 0 && Int(key.partition) < topic.partitions.count
    return exists ? .notLeaderOrFollower : .unknownTopicOrPartition
  }

  // MARK: the answer

  private func reply(_ parts: [FetchedPartition], _ answers: [Answer]) {
    var response = FetchResponse()
    if kind == .full, plane.fetchSessions.keep(session, at: plane.now) { response.sessionId = session.id }
    if kind == .incremental { response.sessionId = session.id }
    // Rows go by topics, in the order of the topics' first rows, and the payloads in the order of the rows.
    var topics: [FetchedPartitionKey: Int] = [:]
    var payloads: [[OutputBuffer]] = []
    for (part, answer) in zip(parts, answers) {
      var row = answer.row
      let payload = answer.slice.flatMap { $0.length > 0 ? read($0, part) : nil }
      if payload == nil, kind == .incremental, !isNews(row, to: part) { continue }
      plane.metrics.counts.all.fetchRequests += 1
      part.partition(on: plane)?.topicMetrics.counters.fetchRequests += 1
      // What comes with an error is told again once the error has gone.
      part.toldHighWatermark = row.errorCode == 0 ? row.highWatermark : -1
      part.toldLogStart = row.logStartOffset
      if row.currentLeader.leaderId >= 0, let leader = part.partition(on: plane)?.knownLeader {
        addNode(leader, &response)
      }
      let topic = FetchedPartitionKey(topicID: part.key.topicID, topic: part.key.topic, partition: 0)
      let index = topics[topic] ?? response.responses.count
      if index == response.responses.count {
        topics[topic] = index
        var entry = FetchResponse.FetchableTopicResponse()
        entry.topic = topic.topic
        entry.topicId = topic.topicID
        response.responses.append(entry)
        payloads.append([])
      }
      if let payload {
        row.records = .gap(payload.count)
        payloads[index].append(payload)
      }
      response.responses[index].partitions.append(row)
    }
    context.reply(response, payloads: payloads.flatMap { $0 })
  }

  private func read(_ slice: LogSlice, _ part: FetchedPartition) -> OutputBuffer? {
    let payload = OutputBuffer(capacity: slice.length, on: plane.loop)
    do throws(FileError) {
      payload.count = try slice.read(into: UnsafeMutableRawBufferPointer(rebasing: payload.bytes[..<slice.length]))
      if session.isFollower {
        plane.metrics.counts.replicationBytesOut += payload.count
      } else {
        plane.metrics.counts.all.bytesOut += payload.count
        part.partition(on: plane)?.topicMetrics.counters.bytesOut += payload.count
      }
      return payload.count > 0 ? payload : nil
    } catch {
      if let partition = part.partition(on: plane) { plane.storageFailed(partition, .file(error)) }
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
