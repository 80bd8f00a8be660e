import Primitives
import Simulator
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A number from the environment.
private func setting(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }

/// Seeds of the default run; `SIMULATION_SEEDS` sets another number, `CLUSTER_SEED` runs one and tells its story.
private let simulationSeeds = setting("SIMULATION_SEEDS") ?? 500

/// Tells the story of a failed history, which it runs once more.
private func complaint(_ failed: ClusterSimulation.Outcome) -> Comment {
  var simulation = ClusterSimulation(seed: failed.seed)
  simulation.narrates = true
  let outcome = simulation.run()
  return """
    seed \(outcome.seed): \(outcome.violation ?? "no violation")
    repeat with: CLUSTER_SEED=\(outcome.seed) swift test --filter SimulatorTests.clustersKeepTheirPromises
    \(outcome.story.suffix(60).joined(separator: "\n"))
    """
}

/// Goal: three whole nodes, made of the real cores over the real logs, keep what they promise to producers, consumers and
/// groups through deaths, lost page caches, full and failing disks, partitions, pauses and wrong clocks; and get whole
/// again. Method: seeded histories, checked on the way and at the end by the checker that judges real clusters; what
/// should happen sometimes must have happened in the batch.
@Test func clustersKeepTheirPromises() {
  if let seed = setting("CLUSTER_SEED") {
    var simulation = ClusterSimulation(seed: seed)
    simulation.narrates = true
    let outcome = simulation.run()
    print(outcome.story.joined(separator: "\n"))
    #expect(outcome.violation == nil, complaint(outcome))
    return
  }
  guard simulationSeeds > 0 else {
    Issue.record("SIMULATION_SEEDS must be at least 1")
    return
  }
  var total = ClusterCounters()
  for seed in 1...simulationSeeds {
    let outcome = ClusterSimulation(seed: seed).run()
    total += outcome.counters
    if outcome.violation != nil {
      Issue.record(complaint(outcome))
      return
    }
  }
  print("\(simulationSeeds) clusters: " + total.all.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
  guard simulationSeeds >= 100 else { return }
  for (name, value) in total.all {
    #expect(value > 0, "\(name) never happened in \(simulationSeeds) seeds: the simulation has become too tame")
  }
}

/// Goal: what was found stays mended (docs/non-obvious.md). Method: the histories that showed it.
@Test(arguments: [4, 8, 10, 108, 521, 869, 2120, 2343, 3111] as [UInt64])
func clusterSeedsThatFoundSomething(_ seed: UInt64) {
  let outcome = ClusterSimulation(seed: seed).run()
  #expect(outcome.violation == nil, complaint(outcome))
}

/// Goal: a seed is a complete description of a history. Method: the trace hash of two runs; and different seeds differ.
@Test func sameSeedSameClusterHistory() {
  var hashes: Set<UInt64> = []
  for seed in UInt64(1)...10 {
    let first = ClusterSimulation(seed: seed).run()
    let second = ClusterSimulation(seed: seed).run()
    #expect(first.traceHash == second.traceHash, "seed \(seed) ran differently the second time")
    #expect(first.counters == second.counters)
    hashes.insert(first.traceHash)
  }
  #expect(hashes.count == 10)
}

/// A rule broken on purpose in the shell or the disk.
struct ClusterFlaw: Sendable, CustomTestStringConvertible {
  var name: String
  var flaw: ClusterFlaws
  /// What must notice it.
  var noticedBy: [String]
  var testDescription: String { name }

  init(_ name: String, _ flaw: ClusterFlaws, noticedBy: [String]) {
    self.name = name
    self.flaw = flaw
    self.noticedBy = noticedBy
  }
}

private let plantedFlaws = [
  ClusterFlaw("syncs do nothing", .syncsNothing, noticedBy: ["S1", "P4", "P13", "R10"]),
  ClusterFlaw("a lost page cache goes unnoticed", .uncleanRestartUnnoticed, noticedBy: ["P4"]),
  ClusterFlaw("acknowledges at append", .acknowledgesAtAppend, noticedBy: ["P12"]),
  ClusterFlaw("duplicates are appended", .appendsDuplicates, noticedBy: ["checker"]),
  ClusterFlaw("groups are served unread", .servesGroupsUnread, noticedBy: ["G2"]),
  ClusterFlaw("a controller acts before its epoch is committed", .actsBeforeCommit, noticedBy: ["P1", "P13", "P15", "R10"]),
  ClusterFlaw("commits are answered at append", .commitsAtAppend, noticedBy: ["G2"]),
  ClusterFlaw("a broker acts before it is registered", .actsBeforeRegistered, noticedBy: ["P4"]),
  ClusterFlaw("snapshots bear the log's newest epoch", .namesSnapshotsByTheLog, noticedBy: ["S1"]),
  ClusterFlaw("what is in doubt is forgotten", .forgetsDoubts, noticedBy: ["G3"]),
]

/// Goal: the simulation notices what it is there to notice. Method: each flaw must be found within 400 seeds; the same
/// seeds without it are clean (`clustersKeepTheirPromises`).
@Test(arguments: plantedFlaws)
func plantedClusterFlawIsFound(_ planted: ClusterFlaw) {
  for seed in UInt64(1)...400 {
    var simulation = ClusterSimulation(seed: seed)
    simulation.world.flaws = planted.flaw
    guard let violation = simulation.run().violation else { continue }
    let rule = violation.prefix { $0 != ":" }
    #expect(planted.noticedBy.contains(String(rule)), "seed \(seed): \(violation)")
    print("\(planted.name): seed \(seed): \(violation)")
    return
  }
  Issue.record("400 seeds did not find: \(planted.name)")
}
