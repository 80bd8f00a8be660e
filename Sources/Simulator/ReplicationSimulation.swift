import Primitives
import Replication

/// One history of a partition on three brokers, drawn from a seed: first anything may go wrong and nothing acknowledged
/// may be lost; then all is healed, and the partition must become whole and writable.
package struct ReplicationSimulation: SeededSimulation {
  package let seed: UInt64
  package var world: ReplicationWorld
  package var narrates = false
  /// How long trouble lasts.
  package var safetyPhase = TimeSpan.seconds(4)

  package init(seed: UInt64) {
    self.seed = seed
    world = Self.world(seed: seed)
  }

  /// Swarm testing: each seed has its own mix of troubles, and of each its own measure.
  static func world(seed: UInt64) -> ReplicationWorld {
    var draw = RandomSource(seed: seed).stream("world")
    var world = ReplicationWorld()
    world.delay = .microseconds(200)...(.milliseconds(Int64.random(in: 1...15, using: &draw)))
    world.loss = draw.chance(0.5) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.duplication = draw.chance(0.5) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.detour = draw.chance(0.5) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.metadataDelay = .milliseconds(1)...(.milliseconds(Int64.random(in: 5...400, using: &draw)))
    world.session = .milliseconds(Int64.random(in: 150...500, using: &draw))
    world.configuration.replicaLagTimeMax = .milliseconds(Int64.random(in: 100...400, using: &draw))
    world.fetchSize = Int.random(in: 1...20, using: &draw)
    world.segmentBytes = Int.random(in: 500...8000, using: &draw)
    world.snapshotDamage = draw.chance(0.5) ? 0 : 0.3
    world.disturbances = [
      (.produce, .milliseconds(Int64.random(in: 5...40, using: &draw))), (.consume, .milliseconds(20)),
      (.writeBack, .milliseconds(Int64.random(in: 50...500, using: &draw))),
    ]
    let troubles: [(ReplicationDisturbance, ClosedRange<Int64>)] = [
      (.kill, 200...1500), (.crash, 200...1500), (.stop, 200...1500), (.crashOfJoiner, 200...1000),
      (.partition, 200...1500), (.pause, 200...1500),
    ]
    for (kind, range) in troubles where draw.chance(0.6) {
      world.disturbances.append((kind, .milliseconds(Int64.random(in: range, using: &draw))))
    }
    return world
  }

  package func run() -> SimulationOutcome<ReplicationCounters> {
    let cluster = ReplicationCluster(world: world, seed: seed)
    cluster.narrates = narrates
    cluster.run(until: .zero + safetyPhase)
    if cluster.invariants.violation == nil { recover(cluster) }
    var counters = cluster.counters
    counters.leaderChanges = cluster.controller.leaderChanges
    counters.lastKnownLeaderElections = cluster.controller.lastKnownElections
    return SimulationOutcome(
      seed: seed, traceHash: cluster.traceHash, violation: cluster.invariants.violation, counters: counters,
      story: cluster.story)
  }

  /// P15–P18, P20: with all troubles gone the partition gets whole, answers every producer, and takes new records.
  private func recover(_ cluster: ReplicationCluster) {
    cluster.narrate("all is healed")
    cluster.world.disturbances = []
    cluster.world.loss = 0
    cluster.world.duplication = 0
    cluster.world.detour = 0
    // Who is far behind shall not need longer than this phase lasts.
    cluster.world.fetchSize = 1000
    cluster.awaitsJoiner = false
    cluster.blocked = Array(repeating: Array(repeating: false, count: 4), count: 4)
    for broker in cluster.brokers {
      broker.busyUntil = .zero
      if broker.replica == nil { cluster.start(broker) }
    }
    cluster.run(until: cluster.now + world.requestTimeout * 6)
    awaitWholeness(cluster, "after healing")
    guard cluster.invariants.violation == nil else { return }
    for broker in cluster.brokers {
      cluster.invariants.require(broker.waiting.isEmpty, "P17: \(broker.id) left a producer without an answer")
    }
    for producer in cluster.producers {
      cluster.invariants.require(
        producer.inFlight.isEmpty,
        "P17: producer \(producer.index + 1) still waits for \(producer.inFlight.count) answers")
    }
    cluster.lastValue += 1
    let value = cluster.lastValue
    guard let batch = cluster.producers[0].next(value: value, count: 1) else { return }
    cluster.offer(batch)
    let isWritten = cluster.run(until: cluster.now + .seconds(3)) {
      cluster.invariants.acknowledgedValues.contains(value)
    }
    cluster.invariants.require(isWritten, "P17: a new record was not acknowledged after healing")
    awaitWholeness(cluster, "after a new record")
  }

  private func awaitWholeness(_ cluster: ReplicationCluster, _ occasion: String) {
    let isWhole = cluster.run(until: cluster.now + .seconds(6)) {
      cluster.controller.isr.count == 3 && cluster.leader?.id == cluster.controller.leader
        && cluster.brokers.allSatisfy {
          $0.log.logEndOffset == cluster.invariants.committedEnd && $0.highWatermark == $0.log.logEndOffset
            && $0.metadataVersion == cluster.controller.version
        }
    }
    guard !isWhole, cluster.invariants.violation == nil else { return }
    let states = cluster.brokers.map { "\($0.id): log \($0.log.logEndOffset), high watermark \($0.highWatermark)" }
    let rule = cluster.controller.isr.count < 3 ? "P20" : "P18"
    cluster.invariants.broken(
      "\(rule): not whole \(occasion): leader \(cluster.controller.leader), ISR \(cluster.controller.isr); \(states)")
  }
}
