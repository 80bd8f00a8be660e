import Consensus
import Primitives
import Simulator
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A number from the environment.
func setting(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

/// Seeds of the default run; `SIMULATION_SEEDS` sets another number, `RAFT_SEED` runs one seed and tells its story.
let simulationSeeds = setting("SIMULATION_SEEDS") ?? 1000

/// Tells the story of a failed history, which it runs once more.
private func complaint(_ failed: RaftSimulation.Outcome) -> Comment {
  var simulation = RaftSimulation(seed: failed.seed)
  simulation.narrates = true
  let outcome = simulation.run()
  return """
    seed \(outcome.seed): \(outcome.violation ?? "no violation")
    repeat with: RAFT_SEED=\(outcome.seed) swift test --filter ConsensusTests.quorumKeepsItsPromisesWhateverHappens
    \(outcome.story.suffix(60).joined(separator: "\n"))
    """
}

/// Goal: no history of crashes, losses, partitions, pauses and snapshots breaks R1–R15. Method: a thousand seeded
/// histories, checked after every step; what should happen sometimes must have happened in the batch.
@Test func quorumKeepsItsPromisesWhateverHappens() {
  if let seed = setting("RAFT_SEED") {
    var simulation = RaftSimulation(seed: seed)
    simulation.narrates = true
    let outcome = simulation.run()
    #expect(outcome.violation == nil, complaint(outcome))
    print(outcome.story.joined(separator: "\n"))
    return
  }
  var total = RaftCounters()
  for seed in 1...simulationSeeds {
    let outcome = RaftSimulation(seed: seed).run()
    total += outcome.counters
    if outcome.violation != nil {
      Issue.record(complaint(outcome))
      return
    }
  }
  print("\(simulationSeeds) seeds: " + total.all.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
  guard simulationSeeds >= 100 else { return }
  for (name, value) in total.all {
    #expect(value > 0, "\(name) never happened in \(simulationSeeds) seeds: the simulation has become too tame")
  }
}

/// Goal: a seed is a complete description of a history. Method: the trace hash of two runs; and different seeds differ.
@Test func sameSeedSameHistory() {
  var hashes: Set<UInt64> = []
  for seed in UInt64(1)...10 {
    let first = RaftSimulation(seed: seed).run()
    let second = RaftSimulation(seed: seed).run()
    #expect(first.traceHash == second.traceHash, "seed \(seed) ran differently the second time")
    #expect(first.counters == second.counters)
    hashes.insert(first.traceHash)
  }
  #expect(hashes.count == 10)
}
