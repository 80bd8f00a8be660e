import Primitives

/// One history of three whole nodes with their clients, drawn from a seed: the nodes find together; then anything may go
/// wrong and no promise may be broken; then all is healed, and the cluster must become whole and answer everybody.
package struct ClusterSimulation: SeededSimulation {
  package let seed: UInt64
  package var world: ClusterWorld
  package var narrates = false
  /// How long trouble lasts.
  package var safetyPhase = TimeSpan.seconds(4)

  package init(seed: UInt64) {
    self.seed = seed
    world = Self.world(seed: seed)
  }

  /// Swarm testing: each seed has its own mix of troubles, and of each its own measure.
  static func world(seed: UInt64) -> ClusterWorld {
    var draw = RandomSource(seed: seed).stream("world")
    var world = ClusterWorld()
    world.delay = .microseconds(200)...(.milliseconds(Int64.random(in: 1...10, using: &draw)))
    world.loss = draw.chance(0.6) ? 0 : Double.random(in: 0...0.05, using: &draw)
    world.duplication = draw.chance(0.5) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.detour = draw.chance(0.5) ? 0 : Double.random(in: 0...0.05, using: &draw)
    world.clockRates = (0..<3).map { _ in Int64.random(in: 900...1100, using: &draw) }
    world.wallClockSkews = (0..<3).map { _ in Int64.random(in: -100_000...100_000, using: &draw) }
    world.segmentBytes = Int.random(in: 500...8000, using: &draw)
    world.snapshotBytes = Int.random(in: 2000...20_000, using: &draw)
    world.disturbances = [
      (.produce, .milliseconds(Int64.random(in: 5...40, using: &draw))), (.consume, .milliseconds(15)),
      (.writeBack, .milliseconds(Int64.random(in: 50...500, using: &draw))),
    ]
    let troubles: [(ClusterDisturbance, ClosedRange<Int64>)] = [
      (.kill, 300...2000), (.powerLoss, 300...2000), (.stop, 300...2000), (.partition, 300...2000),
      (.slowLink, 200...1000), (.pause, 300...2000), (.diskFull, 500...3000), (.syncFailure, 500...3000),
      (.accidentsInARow, 300...2000), (.reassign, 50...1000),
    ]
    for (kind, range) in troubles where draw.chance(0.5) {
      world.disturbances.append((kind, .milliseconds(Int64.random(in: range, using: &draw))))
    }
    return world
  }

  package func run() -> SimulationOutcome<ClusterCounters> {
    let cluster = SimulatedCluster(world: world, seed: seed)
    cluster.narrates = narrates
    begin(cluster)
    if cluster.invariants.violation == nil {
      for disturbance in world.disturbances { cluster.schedule(disturbance.kind, mean: disturbance.mean) }
      cluster.run(until: cluster.now + safetyPhase)
    }
    if cluster.invariants.violation == nil { recover(cluster) }
    var counters = cluster.counters
    counters.reassignmentsEnded = cluster.invariants.reassignmentsEnded
    cluster.end()
    return SimulationOutcome(
      seed: seed, traceHash: cluster.traceHash, violation: cluster.invariants.violation, counters: counters,
      story: cluster.story)
  }

  /// P15, P16: from empty directories to three running brokers and the topics.
  private func begin(_ cluster: SimulatedCluster) {
    for node in cluster.nodes { cluster.start(node) }
    cluster.createTopics()
    let isReady = cluster.run(until: cluster.now + .seconds(20)) {
      cluster.areTopicsThere && cluster.nodes.allSatisfy { $0.process?.isRunning == true } && isWhole(cluster)
    }
    if !isReady { cluster.invariants.broken("P15: no cluster came about: \(state(cluster))") }
  }

  /// Everybody in sync, everything replicated, everybody of one mind.
  private func isWhole(_ cluster: SimulatedCluster) -> Bool {
    let image = cluster.invariants.image
    for topic in image.topics.values {
      for (index, partition) in topic.partitions.enumerated() {
        guard partition.isr.count == partition.replicas.count, partition.hasLeader else { return false }
        let id = TopicIDPartition(topic.id, PartitionID(Int32(index)))
        let replicas = cluster.nodes.compactMap { $0.process?.partitions[id] }
        guard replicas.count == partition.replicas.count, replicas.contains(where: \.replica.isLeader),
          let first = replicas.first,
          replicas.allSatisfy({
            $0.log.logEndOffset == first.log.logEndOffset && $0.replica.highWatermark == first.log.logEndOffset
          })
        else { return false }
      }
    }
    return cluster.unfinishedReassignment == nil && cluster.nodes.allSatisfy { $0.process?.isRunning == true }
  }

  /// P15–P20: with all troubles gone the cluster gets whole, every producer is answered, the group reads to the end
  /// and what it committed is there.
  private func recover(_ cluster: SimulatedCluster) {
    cluster.heal()
    let isWhole = cluster.run(until: cluster.now + .seconds(20)) {
      self.isWhole(cluster) && cluster.producers.allSatisfy(\.inFlight.isEmpty)
    }
    guard cluster.invariants.violation == nil else { return }
    if let unfinished = cluster.unfinishedReassignment {
      return cluster.invariants.broken("P19: \(unfinished): \(state(cluster))")
    }
    guard isWhole else {
      let waiting = cluster.producers.map(\.inFlight.count)
      return cluster.invariants.broken("P20: not whole after healing: \(state(cluster)), unanswered \(waiting)")
    }
    cluster.produceSomething()
    let acknowledged = cluster.invariants.acknowledgedEvents
    let isWritable = cluster.run(until: cluster.now + .seconds(5)) {
      cluster.invariants.acknowledgedEvents > acknowledged
    }
    guard cluster.invariants.violation == nil else { return }
    guard isWritable else { return cluster.invariants.broken("P17: nothing is acknowledged after healing") }
    if world.disturbances.contains(where: { $0.kind == .reassign }) { reassign(cluster) }
    guard cluster.invariants.violation == nil else { return }
    let hasRead = cluster.run(until: cluster.now + .seconds(20)) {
      guard self.isWhole(cluster), let positions = cluster.consumer.positions else { return false }
      return positions.indices.allSatisfy { index in
        cluster.topicPartition(index).map {
          positions[index] >= cluster.invariants.committed[$0]?.last?.end.rawValue ?? 0
        }
          ?? false
      }
    }
    guard cluster.invariants.violation == nil else { return }
    guard hasRead else { return cluster.invariants.broken("G1: the group does not get to the end: \(state(cluster))") }
    cluster.invariants.judge(cluster)
  }

  /// P19: what is asked for with all troubles gone is done: replicas where they should be, in sync, and nowhere else.
  private func reassign(_ cluster: SimulatedCluster) {
    let before = cluster.counters.reassignments
    var asked = 0
    while cluster.counters.reassignments == before, cluster.invariants.violation == nil, asked < 50 {
      asked += 1
      cluster.reassignSomething()
      cluster.run(until: cluster.now + .milliseconds(100)) { cluster.counters.reassignments > before }
    }
    guard cluster.invariants.violation == nil else { return }
    guard cluster.counters.reassignments > before else {
      return cluster.invariants.broken("P19: no reassignment is accepted: \(state(cluster))")
    }
    // Its records may not be applied yet.
    cluster.run(until: cluster.now + .milliseconds(100))
    let isDone = cluster.run(until: cluster.now + .seconds(20)) { isWhole(cluster) }
    guard cluster.invariants.violation == nil, !isDone else { return }
    cluster.invariants.broken("P19: \(cluster.unfinishedReassignment ?? "not in sync"): \(state(cluster))")
  }

  private func state(_ cluster: SimulatedCluster) -> String {
    let image = cluster.invariants.image
    let partitions = image.sortedTopics.flatMap { topic in
      topic.partitions.enumerated().map {
        "\(topic.name)-\($0): leader \($1.leader) of \($1.replicas), ISR \($1.isr), ELR \($1.elr)"
      }
    }
    let nodes = cluster.nodes.map { node in
      guard let process = node.process else { return "\(node.id) down" }
      let logs = process.sortedPartitions.map { "\($0.name) \($0.replica.highWatermark)/\($0.log.logEndOffset)" }
      return "\(node.id) \(process.raft.role) epoch \(process.raft.epoch) applied \(process.appliedOffset) "
        + "\(process.isRunning ? "running" : "fenced") \(logs)"
    }
    return "\(partitions); \(nodes)"
  }
}
