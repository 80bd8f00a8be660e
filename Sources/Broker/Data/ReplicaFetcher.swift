import CommitLog
import EventLoop
import Primitives
import Replication
import Wire

/// Follows one other broker: fetches from it whatever partitions it leads and this broker replicates.
///
/// One request at a time; a partition that joins does not wait for the request under way (a long poll) but makes the
/// fetcher ask again at once, which ends the poll at the leader.
final class ReplicaFetcher {
  let leader: BrokerID
  private unowned let plane: DataPlane
  private let channel: PeerChannel
  private(set) var partitions: [TopicIDPartition: HostedPartition] = [:]
  /// In a fixed order that rotates, so that no partition starves behind a byte limit.
  private var order: [HostedPartition] = []
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
  }

  func hasAddress(_ host: String, _ port: UInt16) -> Bool { channel.host == host && channel.port == port }

  func add(_ partition: HostedPartition) {
    if partitions.updateValue(partition, forKey: partition.id) == nil { order.append(partition) }
    schedule()
  }

  func remove(_ partition: HostedPartition) {
    guard partitions.removeValue(forKey: partition.id) != nil else { return }
    order.removeAll { $0 === partition }
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
    guard !isClosed, !order.isEmpty, inFlight < 2 else { return }
    guard plane.now >= backoffUntil else { return }
    var request = FetchRequest()
    request.replicaState.replicaId = plane.nodeID.rawValue
    request.replicaState.replicaEpoch = plane.brokerEpoch.rawValue
    request.clusterId = plane.clusterID
    request.maxWaitMs = Int32(clamping: maxWait.milliseconds)
    request.minBytes = minBytes
    request.maxBytes = maxBytes
    if order.count > 1 { order.append(order.removeFirst()) }
    var topics: [TopicID: Int] = [:]
    var asked: [TopicIDPartition: NextFetch] = [:]
    for partition in order {
      guard let next = partition.nextFetch() else { continue }
      var wanted = FetchRequest.FetchPartition()
      wanted.partition = partition.id.partition.rawValue
      wanted.currentLeaderEpoch = next.currentLeaderEpoch.rawValue
      wanted.fetchOffset = next.fetchOffset.rawValue
      wanted.lastFetchedEpoch = next.lastFetchedEpoch.rawValue
      wanted.logStartOffset = next.logStartOffset.rawValue
      asked[partition.id] = next
      wanted.partitionMaxBytes = partitionMaxBytes
      if let index = topics[partition.id.topic] {
        request.topics[index].partitions.append(wanted)
      } else {
        topics[partition.id.topic] = request.topics.count
        var topic = FetchRequest.FetchTopic()
        topic.topicId = partition.id.topic
        topic.partitions = [wanted]
        request.topics.append(topic)
      }
    }
    guard !request.topics.isEmpty else { return }
    inFlight += 1
    let questions = asked
    channel.sendRaw(request, version: 17, timeout: .milliseconds(maxWait.milliseconds + 10_000)) { [weak self] result in
      guard let self, !self.isClosed else { return }
      self.inFlight -= 1
      switch result {
      case .failure: self.failed()
      case .success(let frame): self.received(frame, questions)
      }
    }
  }

  private func failed() {
    backoffUntil = plane.now + backoff
    plane.deadlines.add(backoffUntil) { [weak self] in self?.fetch() }
  }

  private func received(_ frame: UnsafeMutableRawBufferPointer, _ asked: [TopicIDPartition: NextFetch]) {
    let response: FetchResponse
    do throws(DecodeError) {
      response = try FetchResponse.decodeFrame(UnsafeRawBufferPointer(frame), version: 17).response
    } catch {
      plane.log.error("fetch answer cannot be read", "leader=\(leader) reason=\"\(error)\"")
      return failed()
    }
    guard response.errorCode == 0 else {
      plane.log.warn("fetch refused", "leader=\(leader) error=\(ErrorCode(rawValue: response.errorCode)?.name ?? "?")")
      return failed()
    }
    var hasErrors = false
    for topic in response.responses {
      for row in topic.partitions {
        let id = TopicIDPartition(topic.topicId, PartitionID(row.partitionIndex))
        // What is not followed any more, or was asked for twice, is left alone.
        guard let partition = partitions[id], let question = asked[id] else { continue }
        var records = UnsafeMutableRawBufferPointer(start: nil, count: 0)
        if case .slice(let range) = row.records { records = UnsafeMutableRawBufferPointer(rebasing: frame[range]) }
        if !partition.take(row, records: records, asked: question, at: plane.now) { hasErrors = true }
        plane.settle(partition)
      }
    }
    if hasErrors { return failed() }
    // A second request under way (see `add`) asks for all partitions: answer it before asking again, or the two would
    // end each other's long polls for ever.
    if inFlight == 0 { schedule() }
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
        self.schedule()
      }
    }
  }
}
