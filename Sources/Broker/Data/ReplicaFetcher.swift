import CommitLog
import EventLoop
import Primitives
import Replication
import Wire

/// Follows one other broker: fetches from it whatever partitions it leads and this broker replicates.
///
/// It asks within a fetch session, so that a request names what changed since the one before, and the answer has only
/// partitions with something new. One request at a time; a partition that joins does not wait for the request under way
/// (a long poll) but makes the fetcher ask again at once, which ends the poll at the leader.
final class ReplicaFetcher {
  let leader: BrokerID
  private let plane: DataPlane
  private let channel: PeerChannel
  private(set) var partitions: [TopicIDPartition: HostedPartition] = [:]
  private var session = FetchSessionClient<TopicIDPartition, NextFetch>()
  /// Partitions whose question may have changed since they were asked for.
  private var changed: Set<TopicIDPartition> = []
  /// Partitions that are not asked for until then, after an error.
  private var delayed: [TopicIDPartition: Instant] = [:]
  /// A partition has joined since the last request: it does not wait for the end of a long poll.
  private var hasJoined = false
  /// When all partitions were looked at last.
  private var lastLook = Instant.zero
  private var rotation = 0
  private var inFlight = 0
  private var backoffUntil = Instant.zero
  private var isScheduled = false
  private let maxWait: TimeSpan
  private let minBytes: Int32
  private let maxBytes: Int32
  private let partitionMaxBytes: Int32
  private let backoff: TimeSpan
  private var isClosed = false

  init(_ plane: DataPlane, leader: BrokerID, host: String, port: UInt16) throws(IOError) {
    self.plane = plane
    self.leader = leader
    let settings = plane.configuration
    maxWait = settings.span("replica.fetch.wait.max.ms")
    minBytes = Int32(clamping: settings.integer("replica.fetch.min.bytes"))
    maxBytes = Int32(clamping: settings.integer("replica.fetch.response.max.bytes"))
    partitionMaxBytes = Int32(clamping: settings.integer("replica.fetch.max.bytes"))
    backoff = settings.span("replica.fetch.backoff.ms")
    channel = try PeerChannel(
      plane.loop, peer: leader, host: host, port: port, clientId: "broker-\(settings.nodeID)-fetcher-0", log: plane.log)
    channel.connected = { [weak plane] in plane?.connected(to: leader) }
  }

  func hasAddress(_ host: String, _ port: UInt16) -> Bool { channel.host == host && channel.port == port }

  func add(_ partition: HostedPartition) {
    partitions[partition.id] = partition
    delayed[partition.id] = nil
    hasJoined = true
    changed.insert(partition.id)
    schedule()
  }

  func remove(_ partition: HostedPartition) {
    guard partitions.removeValue(forKey: partition.id) != nil else { return }
    changed.insert(partition.id)
  }

  func close() {
    isClosed = true
    channel.close()
  }

  /// Asks at the end of this turn of the loop, so that partitions that join together go into one request.
  private func schedule() {
    guard !isScheduled, !isClosed else { return }
    isScheduled = true
    plane.atEndOfTurn { [weak self] in
      guard let self else { return }
      self.isScheduled = false
      self.fetch()
    }
  }

  private func fetch() {
    guard !isClosed, !partitions.isEmpty, inFlight < 2 else { return }
    // Without a session's id there is no second request: the first one is answered at once.
    guard inFlight == 0 || !session.isWaitingForID || session.isRefused else { return }
    guard plane.now >= backoffUntil else { return }
    hasJoined = false
    let asked = questions()
    // Every partition sits out: the first to come back asks again.
    guard !session.isEmpty else { return session.lose() }
    var request = FetchRequest()
    request.replicaState.replicaId = plane.nodeID.rawValue
    request.replicaState.replicaEpoch = plane.brokerEpoch.rawValue
    request.clusterId = plane.clusterID
    // A session begins without waiting: partitions that join meanwhile would have to wait for its id.
    request.maxWaitMs = asked.isFull && !session.isRefused ? 0 : Int32(clamping: maxWait.milliseconds)
    request.minBytes = minBytes
    request.maxBytes = maxBytes
    request.sessionId = asked.head.id
    request.sessionEpoch = asked.head.epoch
    request.topics = topics(asked.named)
    for (topic, ids) in byTopic(asked.forgotten) {
      var forgotten = FetchRequest.ForgottenTopic()
      forgotten.topicId = topic
      forgotten.partitions = ids.map(\.partition.rawValue)
      request.forgottenTopicsData.append(forgotten)
    }
    inFlight += 1
    channel.sendRaw(request, version: 17, timeout: .milliseconds(maxWait.milliseconds + 10_000)) { [weak self] result in
      guard let self, !self.isClosed else { return }
      self.inFlight -= 1
      switch result {
      case .failure(let failure):
        if failure == .disconnected { self.plane.lostConnection(to: self.leader) }
        self.failed()
      case .success(let frame): self.received(frame, asked)
      }
    }
  }

  /// Partitions that nothing happened to are compared with what was asked only this often.
  private static let lookInterval = TimeSpan.seconds(2)

  private func questions() -> FetchSessionClient<TopicIDPartition, NextFetch>.Request {
    let isLookDue = plane.now - lastLook >= Self.lookInterval
    if isLookDue || !session.isOpen { lastLook = plane.now }
    defer { changed.removeAll(keepingCapacity: true) }
    guard session.isOpen else {
      // From another partition on each time, so that none starves behind a byte limit while there is no session.
      let ids = partitions.keys.sorted()
      rotation = (rotation + 1) % max(1, ids.count)
      return session.full(
        (ids[rotation...] + ids[..<rotation]).compactMap { id in
          question(id).map { (key: id, question: $0) }
        })
    }
    let ids = isLookDue ? changed.union(partitions.keys) : changed
    return session.next(ids.sorted().map { (key: $0, question: question($0)) })
  }

  private func question(_ id: TopicIDPartition) -> NextFetch? { delayed[id] == nil ? partitions[id]?.nextFetch() : nil }

  private func topics(_ named: [(key: TopicIDPartition, question: NextFetch)]) -> [FetchRequest.FetchTopic] {
    var topics: [FetchRequest.FetchTopic] = []
    for (id, next) in named {
      var wanted = FetchRequest.FetchPartition()
      wanted.partition = id.partition.rawValue
      wanted.currentLeaderEpoch = next.currentLeaderEpoch.rawValue
      wanted.fetchOffset = next.fetchOffset.rawValue
      wanted.lastFetchedEpoch = next.lastFetchedEpoch.rawValue
      wanted.logStartOffset = next.logStartOffset.rawValue
      wanted.partitionMaxBytes = partitionMaxBytes
      if topics.last?.topicId != id.topic {
        var topic = FetchRequest.FetchTopic()
        topic.topicId = id.topic
        topics.append(topic)
      }
      topics[topics.count - 1].partitions.append(wanted)
    }
    return topics
  }

  private func byTopic(_ ids: [TopicIDPartition]) -> [(TopicID, [TopicIDPartition])] {
    Dictionary(grouping: ids, by: \.topic).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A partition that got an error sits out for a moment; the others go on.
  private func delay(_ id: TopicIDPartition) {
    let until = plane.now + backoff
    delayed[id] = until
    changed.insert(id)
    plane.deadlines.add(until) { [weak self] in
      guard let self, self.delayed[id] == until else { return }
      self.delayed[id] = nil
      guard self.partitions[id] != nil else { return }
      self.hasJoined = true
      self.changed.insert(id)
      self.schedule()
    }
  }

  private func failed() {
    session.lose()
    backoffUntil = plane.now + backoff
    plane.deadlines.add(backoffUntil) { [weak self] in self?.fetch() }
  }

  private func received(
    _ frame: UnsafeMutableRawBufferPointer, _ asked: FetchSessionClient<TopicIDPartition, NextFetch>.Request
  ) {
    let response: FetchResponse
    do throws(DecodeError) {
      response = try FetchResponse.decodeFrame(UnsafeRawBufferPointer(frame), version: 17).response
    } catch {
      plane.log.error("fetch answer cannot be read", "leader=\(leader) reason=\"\(error)\"")
      return failed()
    }
    let code = ErrorCode(rawValue: response.errorCode) ?? .unknownServerError
    let isSessionError = [.fetchSessionIdNotFound, .invalidFetchSessionEpoch, .fetchSessionTopicIdError].contains(code)
    guard code == .none || isSessionError else {
      plane.log.warn("fetch refused", "leader=\(leader) error=\(code.name)")
      return failed()
    }
    if session.answered(asked, sessionID: response.sessionId, isSessionError: isSessionError) == .startAnew {
      plane.log.debug("fetch session lost", "leader=\(leader) error=\(code.name)")
    }
    for topic in response.responses {
      for row in topic.partitions {
        let id = TopicIDPartition(topic.topicId, PartitionID(row.partitionIndex))
        guard let partition = partitions[id] else { continue }
        // Where something else was asked meanwhile, that will be answered.
        guard let question = session.question(id, asOf: asked.number) else { continue }
        changed.insert(id)
        var records = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        if case .slice(let range) = row.records { records = UnsafeMutableRawBufferPointer(rebasing: frame[range]) }
        if !partition.take(row, records: records, asked: question, at: plane.now) { delay(id) }
        plane.settle(partition)
      }
    }
    // A second request under way (see `add`) is of the same session, and the leader answers it at once if there is
    // something to tell: answer it before asking again, or the two would end each other's long polls for ever.
    if inFlight == 0 || hasJoined || !session.isOpen { schedule() }
  }

  /// Asks the leader for its log's bounds, for a partition whose offset the leader does not have.
  func askBounds(of partition: HostedPartition) {
    guard let question = partition.nextFetch() else { return }
    var starts = ListOffsetsRequest()
    starts.replicaId = plane.nodeID.rawValue
    var row = ListOffsetsRequest.ListOffsetsPartition()
    row.partitionIndex = partition.id.partition.rawValue
    row.currentLeaderEpoch = question.currentLeaderEpoch.rawValue
    var topic = ListOffsetsRequest.ListOffsetsTopic()
    topic.name = partition.name.topic
    row.timestamp = -2
    topic.partitions = [row]
    starts.topics = [topic]
    var ends = starts
    ends.topics[0].partitions[0].timestamp = -1
    func offset(_ result: Result<ListOffsetsResponse, PeerFailure>) -> Offset? {
      guard case .success(let response) = result, let row = response.topics.first?.partitions.first, row.errorCode == 0
      else { return nil }
      return Offset(row.offset)
    }
    channel.send(starts, version: 7, timeout: .seconds(5)) { [weak self] first in
      guard let self, let start = offset(first) else { return }
      self.channel.send(ends, version: 7, timeout: .seconds(5)) { second in
        guard let end = offset(second), self.partitions[partition.id] != nil else { return }
        partition.leaderBounds(question.currentLeaderEpoch, start: start, end: end)
        self.plane.settle(partition)
        self.changed.insert(partition.id)
        self.schedule()
      }
    }
  }
}
