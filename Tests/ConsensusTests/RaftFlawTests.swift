import Consensus
import Primitives
import Simulator
import Testing

/// A rule of Raft, or of the disk below it, broken on purpose.
struct PlantedFlaw: Sendable, CustomTestStringConvertible {
  var name: String
  /// The invariants of which one must notice.
  var noticedBy: [String]
  var plant: @Sendable (inout RaftWorld) -> Void
  var testDescription: String { name }

  init(_ name: String, noticedBy: [String], _ plant: @escaping @Sendable (inout RaftWorld) -> Void) {
    self.name = name
    self.noticedBy = noticedBy
    self.plant = plant
  }
}

private let plantedFlaws = [
  PlantedFlaw("flush does nothing", noticedBy: ["R4", "R5"]) { $0.diskFaults.insert(.flushesNothing) },
  PlantedFlaw("a crash loses the vote", noticedBy: ["R1", "R2"]) { $0.diskFaults.insert(.forgetsVote) },
  PlantedFlaw("messages before the vote is written", noticedBy: ["R11"]) {
    $0.configuration.flaws.insert(.persistAfterSend)
  },
  PlantedFlaw("two votes in an epoch", noticedBy: ["R1", "R2"]) { $0.configuration.flaws.insert(.voteTwice) },
  PlantedFlaw("votes without a look at the log", noticedBy: ["R4", "R5", "R7"]) {
    $0.configuration.flaws.insert(.grantVoteWithoutLogCheck)
  },
  PlantedFlaw("commits below the epoch's start", noticedBy: ["R3", "R4", "R5"]) {
    $0.configuration.flaws.insert(.commitBelowEpochStart)
  },
  PlantedFlaw("truncates below the high watermark", noticedBy: ["R4", "R7"]) {
    $0.configuration.flaws.insert(.truncateBelowHighWatermark)
  },
  PlantedFlaw("counts fetches of other histories", noticedBy: ["R4", "R6", "R10", "R13"]) {
    $0.configuration.flaws.insert(.noDivergenceCheck)
  },
  PlantedFlaw("no pre-vote", noticedBy: ["R14"]) { $0.configuration.flaws.insert(.noPreVote) },
  PlantedFlaw("no check-quorum", noticedBy: ["R15"]) { $0.configuration.flaws.insert(.noCheckQuorum) },
]

/// Goal: the simulation notices what it is there to notice. Method: each flaw must break one of its invariants within
/// 300 seeds; the same seeds without it break none (`quorumKeepsItsPromisesWhateverHappens`).
@Test(arguments: plantedFlaws)
func plantedFlawIsFound(_ flaw: PlantedFlaw) {
  for seed in UInt64(1)...300 {
    var simulation = RaftSimulation(seed: seed)
    flaw.plant(&simulation.world)
    guard let violation = simulation.run().violation else { continue }
    let rule = violation.prefix { $0 != ":" }
    #expect(flaw.noticedBy.contains(String(rule)), "seed \(seed): \(violation)")
    print("\(flaw.name): seed \(seed): \(violation)")
    return
  }
  Issue.record("300 seeds did not find: \(flaw.name)")
}
