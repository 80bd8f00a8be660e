import Monitor

/// Observations of a made-up cluster: three brokers, topics with three replicas, min ISR 2. A test breaks it bit by bit.
struct Observations {
  var at: Int64 = 1_700_000_000_000
  var alive: Set<Int32> = [1, 2, 3]
  /// Brokers that answer nothing though something listens.
  var silent: Set<Int32> = []
  var members: Set<Int32> = [1, 2, 3]
  var controller: Int32? = 1
  var topics: [PartitionMap.Topic]
  var ends: [Int64] = [0, 0, 0]

  init() {
    topics = [
      PartitionMap.Topic(
        name: "user-actions", isInternal: false, minISR: 2,
        partitions: (0..<3).map { id in
          let replicas = (0..<3).map { Int32((id + $0) % 3 + 1) }
          return .init(
            id: Int32(id), leader: replicas[0], leaderEpoch: 0, replicas: replicas, isr: replicas, offline: [])
        })
    ]
  }

  /// What the controller does when it learns of a death.
  mutating func fence(_ broker: Int32) {
    members.remove(broker)
    for topic in topics.indices {
      for index in topics[topic].partitions.indices {
        var partition = topics[topic].partitions[index]
        if partition.isr.count > 1 { partition.isr.removeAll { $0 == broker } }
        if partition.leader == broker {
          partition.leader = partition.isr.first { members.contains($0) } ?? -1
          partition.leaderEpoch += 1
        }
        topics[topic].partitions[index] = partition
      }
    }
  }

  mutating func heal() {
    alive = [1, 2, 3]
    members = [1, 2, 3]
    topics = Observations().topics
  }

  /// The next second.
  mutating func next(_ change: (inout ClusterObservation) -> Void = { _ in }) -> ClusterObservation {
    at += 1000
    var observation = ClusterObservation(at: at)
    let answering = alive.subtracting(silent)
    if !answering.isEmpty {
      observation.metadata = .init(
        clusterID: "c", controller: controller,
        brokers: members.sorted().map { .init(id: $0, host: "127.0.0.1", port: 9091 + $0) }, topics: topics)
      var quorum = ControllerView()
      quorum.id = controller
      quorum.leaderEpoch = 1
      quorum.voters = ([1, 2, 3] as [Int32]).map { id in
        var member = ControllerView.Member(id: id)
        member.lastFetchAt = alive.contains(id) ? at : at - 60_000
        return member
      }
      observation.quorum = quorum
      observation.extents = topics.prefix(1).flatMap { topic in
        topic.partitions.enumerated().filter { $0.element.leader > 0 }.map {
          .init(topic: topic.name, partition: $0.element.id, start: 0, end: ends[$0.offset])
        }
      }
    } else {
      observation.failures = ["no broker answers"]
    }
    observation.answers = ([1, 2, 3] as [Int32]).map { id in
      if !alive.contains(id) {
        return .init(broker: id, answered: false, reason: "connection refused", wasRefused: true)
      }
      return silent.contains(id)
        ? .init(broker: id, answered: false, reason: "no answer in time") : .init(broker: id, answered: true)
    }
    change(&observation)
    return observation
  }
}
