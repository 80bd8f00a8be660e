import Simulator
import Testing

private let batch = SimulationBatch<RaftSimulation>(
  variable: "RAFT_SEED", test: "quorumKeepsItsPromisesWhateverHappens", seeds: 1000)

private let plantedFlaws: [PlantedFlaw<RaftWorld>] = [
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

/// Goal: no history of crashes, losses, partitions, pauses and snapshots breaks R1–R15. Method: a thousand seeded
/// histories, checked after every step; what should happen sometimes must have happened in the batch.
@Test func quorumKeepsItsPromisesWhateverHappens() { batch.keepsItsPromises() }

/// Goal: a seed is a complete description of a history. Method: the trace hash of two runs; and different seeds differ.
@Test func sameSeedSameQuorumHistory() { batch.repeatsItself() }

/// Goal: the simulation notices what it is there to notice. Method: each flaw must break one of its invariants within
/// 300 seeds; the same seeds without it break none (`quorumKeepsItsPromisesWhateverHappens`).
@Test(arguments: plantedFlaws)
func plantedQuorumFlawIsFound(_ flaw: PlantedFlaw<RaftWorld>) { batch.finds(flaw, within: 300) }
