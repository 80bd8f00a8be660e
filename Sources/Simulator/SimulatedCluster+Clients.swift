import BrokerCore
import Controller
import Groups
import Primitives
import Records
import Replication
import Wire

/// A consumer of the group `readers`: reads what its group has not committed, and commits where it is.
struct SimulatedConsumer {
  static let group = "readers"
  /// By partition of `events`; nil until the committed offsets are known.
  var positions: [Int64]?
  var seen: Set<Int> = []
  /// The commit or fetch under way; a later one has another number.
  var request = 0
  var isBusy = false
}

/// What clients do: they know the cluster only by its answers.
extension SimulatedCluster {
  static let topic = "events"
  static let partitionCount = 2

  // MARK: topics

  /// An administrator asks every controller in turn until the topics are there.
  func createTopics() {
    guard !areTopicsThere else { return }
    let node = nodes[Int.random(in: 0..<Self.nodeCount, using: &chance)]
    send(from: Self.clients, to: node) { process in
      guard process.controller.isActive, process.image.liveBrokers.count == Self.nodeCount else { return }
      var request = CreateTopicsRequest()
      request.topics = [(Self.topic, Self.partitionCount), (Self.offsetsTopic, 1)].map { name, count in
        var topic = CreateTopicsRequest.CreatableTopic()
        topic.name = name
        topic.numPartitions = Int32(count)
        topic.replicationFactor = 3
        return topic
      }
      self.handle(.createTopics(request), node, process) { _ in }
    }
    after(.milliseconds(100)) { self.createTopics() }
  }

  var areTopicsThere: Bool { invariants.image.topics.count == 2 }

  func topicPartition(_ index: Int) -> TopicIDPartition? {
    invariants.image.topicID(Self.topic).map { TopicIDPartition($0, PartitionID(Int32(index))) }
  }

  private var offsetsPartition: TopicIDPartition? {
    invariants.image.topicID(Self.offsetsTopic).map { TopicIDPartition($0, PartitionID(0)) }
  }

  /// A node that believes to lead the partition, or any when none does.
  private func leader(of id: TopicIDPartition?) -> SimulatedNode {
    let leaders = nodes.filter { node in id.flatMap { node.process?.partitions[$0]?.replica.isLeader } ?? false }
    return (leaders.isEmpty ? nodes : leaders).randomElement(using: &chance) ?? nodes[0]
  }

  // MARK: producers

  /// Each producer has one partition.
  func produceSomething() {
    let index = Int.random(in: 0..<producers.count, using: &chance)
    guard lastEvent < ClusterInvariants.capacity, let batch = producers[index].next(value: UInt64(lastEvent), count: 1)
    else { return }
    invariants.sent(lastEvent, key: index, partition: index % Self.partitionCount)
    lastEvent += 1
    offer(batch)
  }

  private func offer(_ batch: ReplicationProduce) {
    let partition = topicPartition(batch.producer % Self.partitionCount)
    let node = leader(of: partition)
    let bytes = ReplicationSimulatedLog.build(
      batch.value, count: 1, producer: batch.id, epoch: batch.epoch, sequence: batch.sequence, now: now)
    let copies = chance.chance(world.duplication) ? 2 : 1
    for copy in 0..<copies {
      after(copy == 0 ? .zero : chance.span(in: .milliseconds(1)...(.milliseconds(900)))) {
        self.send(from: Self.clients, to: node) { process in
          guard let partition, let hosted = process.partitions[partition] else { return }
          self.produce(bytes, to: hosted, isClient: true, node, process) { code, offset in
            self.answerClient(from: node.index) { self.answered(batch, code, offset) }
          }
        }
      }
    }
    after(.milliseconds(1200)) { self.again(batch, after: .zero) }
  }

  private func again(_ batch: ReplicationProduce, after span: TimeSpan) {
    guard let next = producers[batch.producer].again(batch) else { return }
    after(span) { self.offer(next) }
  }

  private func answered(_ batch: ReplicationProduce, _ code: ErrorCode, _ offset: Offset) {
    switch code {
    case .none:
      counters.acknowledged += 1
      invariants.acknowledged(Int(batch.value), at: offset)
      producers[batch.producer].acknowledged(batch)
    case .outOfOrderSequenceNumber
    where batch.epoch == producers[batch.producer].epoch && producers[batch.producer].isOldest(batch):
      // Of unknown fate from now on.
      producers[batch.producer].beginEpoch()
    case .invalidProducerEpoch: break
    default:
      counters.refusedProduces += 1
      again(batch, after: .milliseconds(20))
    }
  }

  // MARK: the group

  func consumeSomething() {
    guard !consumer.isBusy else { return }
    consumer.request += 1
    let request = consumer.request
    consumer.isBusy = true
    // Longer than any message travels: a commit that is given up does not overtake a later one.
    after(.seconds(2)) { if self.consumer.request == request { self.consumer.isBusy = false } }
    guard let positions = consumer.positions else { return fetchOffsets(request) }
    if chance.chance(0.02) {
      consumer.positions = nil
      consumer.isBusy = false
    } else if chance.chance(0.3) {
      commit(positions, request)
    } else {
      poll(Int.random(in: 0..<Self.partitionCount, using: &chance), positions, request)
    }
  }

  private func finish(_ request: Int, _ work: () -> Void = {}) {
    guard consumer.request == request, consumer.isBusy else { return }
    consumer.isBusy = false
    work()
  }

  private func poll(_ index: Int, _ positions: [Int64], _ request: Int) {
    let id = topicPartition(index)
    let node = leader(of: id)
    send(from: Self.clients, to: node) { process in
      guard let id, let partition = process.partitions[id] else { return }
      let decision = partition.replica.consumerFetch(
        currentLeaderEpoch: .none, offset: Offset(positions[index]), log: ReplicaLogAdapter(partition.log))
      var records: [(offset: Offset, event: Int)] = []
      if case .read(let from, let upTo, _, _) = decision {
        for (batch, values, _) in ReplicationSimulatedLog.parse(self.read(partition, from: from, upTo: upTo)) {
          for (place, value) in values.enumerated() { records.append((batch.base + Int64(place), Int(value / 4))) }
        }
        self.invariants.shown(records, of: id, by: node)
      }
      self.answerClient(from: node.index) {
        self.finish(request) {
          self.counters.consumed += records.count
          for (offset, event) in records where offset.rawValue >= positions[index] {
            self.consumer.seen.insert(event)
            self.consumer.positions?[index] = offset.rawValue + 1
          }
        }
      }
    }
  }

  private func commit(_ positions: [Int64], _ request: Int) {
    var commit = OffsetCommitRequest()
    commit.groupId = SimulatedConsumer.group
    var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
    topic.name = Self.topic
    topic.topicId = invariants.image.topicID(Self.topic) ?? .zero
    topic.partitions = positions.enumerated().map { index, offset in
      var row = OffsetCommitRequest.OffsetCommitRequestPartition()
      row.partitionIndex = Int32(index)
      row.committedOffset = offset
      return row
    }
    commit.topics = [topic]
    let node = leader(of: offsetsPartition)
    send(from: Self.clients, to: node) { process in
      // One that was long under way may come after a later one, and is then the last.
      let number = self.invariants.groupCommits(positions)
      self.ask(.offsetCommit(commit), version: 9, node, process) { response in
        guard case .offsetCommit(let response) = response else {
          return self.answerClient(from: node.index) { self.finish(request) }
        }
        let isDone = response.topics.allSatisfy { $0.partitions.allSatisfy { $0.errorCode == 0 } }
        if isDone {
          self.counters.commits += 1
          self.invariants.committedByGroup(number)
        }
        self.answerClient(from: node.index) { self.finish(request) }
      }
    }
  }

  private func offsetFetch() -> GroupRequest {
    var fetch = OffsetFetchRequest()
    var group = OffsetFetchRequest.OffsetFetchRequestGroup()
    group.groupId = SimulatedConsumer.group
    var topic = OffsetFetchRequest.OffsetFetchRequestTopics()
    topic.name = Self.topic
    topic.topicId = invariants.image.topicID(Self.topic) ?? .zero
    topic.partitionIndexes = (0..<Int32(Self.partitionCount)).map { $0 }
    group.topics = [topic]
    fetch.groups = [group]
    return .offsetFetch(fetch)
  }

  private func offsets(_ response: GroupResponse?) -> [Int64]? {
    guard case .offsetFetch(let response) = response, let group = response.groups.first, group.errorCode == 0,
      let rows = group.topics.first?.partitions, rows.count == Self.partitionCount
    else { return nil }
    return rows.sorted { $0.partitionIndex < $1.partitionIndex }.map { max(0, $0.committedOffset) }
  }

  private func fetchOffsets(_ request: Int) {
    let node = leader(of: offsetsPartition)
    send(from: Self.clients, to: node) { process in
      self.ask(self.offsetFetch(), version: 9, node, process) { response in
        let found = self.offsets(response)
        self.answerClient(from: node.index) {
          self.finish(request) {
            if found != nil { self.counters.offsetFetches += 1 }
            self.consumer.positions = found
          }
        }
      }
    }
  }

  /// What this node's coordinator has in memory.
  func committedOffsets(_ node: SimulatedNode, _ process: NodeProcess) -> [Int64]? {
    var found: [Int64]?
    ask(offsetFetch(), version: 9, node, process) { found = self.offsets($0) }
    return found
  }
}
