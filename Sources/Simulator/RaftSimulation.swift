import Consensus
import Primitives

/// One history of a quorum, drawn from a seed: first anything may go wrong and nothing may be lost; then all is healed,
/// and the quorum must come back to work.
package struct RaftSimulation: SeededSimulation {
  package let seed: UInt64
  package var world: RaftWorld
  package var narrates = false
  /// How long trouble lasts.
  package var safetyPhase = TimeSpan.seconds(4)

  package init(seed: UInt64) {
    self.seed = seed
    world = Self.world(seed: seed)
  }

  /// Swarm testing: each seed has its own mix of troubles, and of each its own measure.
  static func world(seed: UInt64) -> RaftWorld {
    var draw = RandomSource(seed: seed).stream("world")
    var world = RaftWorld()
    world.voters = draw.chance(0.25) ? 5 : draw.chance(0.05) ? 1 : 3
    world.observers = draw.chance(0.3) ? 1 : 0
    world.configuration.electionTimeout = .milliseconds(Int64.random(in: 100...250, using: &draw))
    world.configuration.fetchTimeout = .milliseconds(Int64.random(in: 200...400, using: &draw))
    world.configuration.electionBackoffMax = .milliseconds(200)
    world.configuration.requestTimeout = .milliseconds(Int64.random(in: 100...300, using: &draw))
    world.configuration.retryBackoff = .milliseconds(10)
    world.configuration.fetchMaxWait = .milliseconds(100)
    world.configuration.fetchMaxBytes = Int.random(in: 20...200, using: &draw)
    let slowest = Int64.random(in: 1...20, using: &draw)
    world.delay = .microseconds(200)...(.milliseconds(slowest))
    world.loss = draw.chance(0.6) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.duplication = draw.chance(0.6) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.detour = draw.chance(0.6) ? 0 : Double.random(in: 0...0.1, using: &draw)
    world.flush = draw.chance(0.5) ? .zero...(.zero) : .microseconds(100)...(.milliseconds(15))
    world.deathNotice = draw.chance(0.5) ? 1 : Double.random(in: 0...1, using: &draw)
    world.disturbances = [(.propose, .milliseconds(Int64.random(in: 15...100, using: &draw)))]
    let troubles: [(RaftDisturbanceKind, ClosedRange<Int64>)] = [
      (.crash, 200...1500), (.partition, 200...1500), (.pause, 200...2000), (.snapshot, 100...1000),
      (.resign, 500...3000),
    ]
    for (kind, range) in troubles where draw.chance(0.6) {
      world.disturbances.append((kind, .milliseconds(Int64.random(in: range, using: &draw))))
    }
    world.disturbances.append((.writeBack, .milliseconds(500)))
    return world
  }

  package func run() -> SimulationOutcome<RaftCounters> {
    let cluster = RaftCluster(world: world, seed: seed)
    cluster.narrates = narrates
    cluster.run(until: .zero + safetyPhase)
    if cluster.invariants.violation == nil { recover(cluster) }
    if cluster.invariants.violation == nil, world.voters > 1 { isolateFollower(cluster) }
    if cluster.invariants.violation == nil, world.voters > 1 { isolateLeader(cluster) }
    return SimulationOutcome(
      seed: seed, traceHash: cluster.traceHash, violation: cluster.invariants.violation, counters: cluster.counters,
      story: cluster.story)
  }

  private var patience: TimeSpan {
    (world.configuration.electionTimeout + world.configuration.fetchTimeout) * 12 + .seconds(1)
  }

  /// R12, R13: with all troubles gone a leader appears, new records commit everywhere, nothing stays undecided.
  private func recover(_ cluster: RaftCluster) {
    cluster.narrate("all is healed")
    cluster.world.disturbances = []
    cluster.world.loss = 0
    cluster.world.duplication = 0
    cluster.world.detour = 0
    cluster.heal()
    for node in cluster.nodes {
      node.crashesInNextStep = false
      cluster.start(node.index)
      cluster.wake(node.index)
    }
    awaitAgreement(cluster, "after healing")
  }

  /// R12, R13: all nodes follow one leader and have all that is committed, a fresh proposal included.
  private func awaitAgreement(_ cluster: RaftCluster, _ occasion: String) {
    // Whoever waits for an answer that was lost notices only when its time is up.
    let configuration = world.configuration
    cluster.run(until: cluster.now + configuration.requestTimeout + configuration.fetchMaxWait + .milliseconds(100))
    let hasLeader = cluster.run(until: cluster.now + patience) { agreedLeader(cluster) != nil }
    cluster.invariants.require(hasLeader, "R12: no agreed leader \(occasion)")
    guard hasLeader, let leader = agreedLeader(cluster) else { return }
    cluster.propose(to: leader.index)
    let converged = cluster.run(until: cluster.now + patience) {
      guard let leader = agreedLeader(cluster) else { return false }
      return cluster.nodes.allSatisfy {
        $0.raft?.highWatermark == leader.log.endOffset && $0.pending.isEmpty && $0.log.endOffset == leader.log.endOffset
      }
    }
    cluster.invariants.require(converged, "R13: nodes did not converge \(occasion)")
  }

  private func agreedLeader(_ cluster: RaftCluster) -> RaftSimulatedNode? {
    guard let leader = cluster.leader, let raft = leader.raft else { return nil }
    let agrees = cluster.nodes.allSatisfy { $0.raft?.leaderID == leader.id && $0.raft?.epoch == raft.epoch }
    return agrees ? leader : nil
  }

  /// R14: one voter cut off for ten election timeouts neither raises its epoch nor unseats the leader when it returns.
  private func isolateFollower(_ cluster: RaftCluster) {
    guard let leader = cluster.leader, let epoch = leader.raft?.epoch else { return }
    let lonely = cluster.nodes[(leader.index + 1) % world.voters]
    cluster.narrate("\(lonely.id) is cut off")
    cluster.counters.isolatedFollowers += 1
    cluster.isolate(lonely.index)
    cluster.run(until: cluster.now + world.configuration.electionTimeout * 10)
    cluster.invariants.require(
      lonely.raft?.epoch == epoch,
      "R14: \(lonely.id), cut off, raised epoch \(epoch) to \(lonely.raft?.epoch ?? .none)")
    cluster.heal()
    awaitAgreement(cluster, "after a follower's return")
    cluster.invariants.require(
      leader.raft?.role == .leader && leader.raft?.epoch == epoch,
      "R14: leader \(leader.id) of epoch \(epoch) was unseated by a returning voter")
  }

  /// R15: a leader cut off gives up within one and a half fetch timeouts, and the others elect another.
  private func isolateLeader(_ cluster: RaftCluster) {
    guard let leader = cluster.leader, let epoch = leader.raft?.epoch else { return }
    cluster.narrate("leader \(leader.id) is cut off")
    cluster.isolate(leader.index)
    let limit = world.configuration.fetchTimeout * 3 / 2 + .milliseconds(50)
    let resigned = cluster.run(until: cluster.now + limit) { leader.raft?.role != .leader }
    cluster.invariants.require(resigned, "R15: leader \(leader.id), cut off, still leads epoch \(epoch)")
    if resigned { cluster.counters.isolatedLeaderResignations += 1 }
    let replaced = cluster.run(until: cluster.now + patience) {
      cluster.leaders.contains { ($0.raft?.epoch ?? epoch) > epoch }
    }
    cluster.invariants.require(replaced, "R12: nobody replaced leader \(leader.id), cut off")
    cluster.heal()
    awaitAgreement(cluster, "after a leader's return")
  }
}
