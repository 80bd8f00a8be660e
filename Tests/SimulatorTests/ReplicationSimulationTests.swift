import Simulator
import Testing

private let batch = SimulationBatch<ReplicationSimulation>(
  variable: "REPLICATION_SEED", test: "acknowledgedRecordsSurvive", seeds: 1000)

private func flaw(_ name: String, _ flaw: ReplicationFlaws, noticedBy: [String]) -> PlantedFlaw<ReplicationWorld> {
  PlantedFlaw(name, noticedBy: noticedBy) { $0.flaws = flaw }
}

/// Rules of replication broken on purpose in the log, the controller or the shell.
private let plantedFlaws = [
  flaw("a cut leaves an empty epoch", .truncateKeepsEmptyEpoch, noticedBy: ["P18", "P20"]),
  flaw("members of earlier lives", .noBrokerEpochCheck, noticedBy: ["P3"]),
  flaw("acknowledges at append", .acknowledgeAtAppend, noticedBy: ["P12"]),
  flaw("a lost page cache goes unnoticed", .uncleanRestartUnnoticed, noticedBy: ["P3"]),
  flaw("elects anyone", .electsAnyone, noticedBy: ["P3"]),
  flaw("epochs begin unnoted", .beginsNoEpoch, noticedBy: ["P5"]),
  flaw("producers not made anew after a cut", .keepsProducersAtTruncation, noticedBy: ["P14"]),
  flaw("a snapshot of producers newer than the log", .trustsNewerSnapshot, noticedBy: ["P14"]),
  flaw("producer epochs are not looked at", .ignoresProducerEpoch, noticedBy: ["P14"]),
  flaw("one batch too few is remembered", .remembersFourBatches, noticedBy: ["P14"]),
  flaw("gaps between sequences", .acceptsGaps, noticedBy: ["P14"]),
  flaw("followers remember no producers", .followersKeepNoProducers, noticedBy: ["P14"]),
  flaw("a high watermark beyond a cut", .storesHighWatermarkOfTheCut, noticedBy: ["P5"]),
  flaw("duplicates are appended", .appendsDuplicates, noticedBy: ["P14"]),
]

/// Goal: no history of crashes, lost page caches, partitions, pauses and late metadata within the budget of
/// min ISR − 1 breaks P1–P14 (P13 is the quorum's), and after healing P15–P18 and P20 hold. Method: a thousand seeded
/// histories, checked after every step; what should happen sometimes must have happened in the batch.
@Test func acknowledgedRecordsSurvive() { batch.keepsItsPromises() }

/// Goal: a seed is a complete description of a history. Method: the trace hash of two runs; and different seeds differ.
@Test func sameSeedSamePartitionHistory() { batch.repeatsItself() }

/// Goal: what was found stays mended (docs/non-obvious.md). Method: the histories that showed it, over the real log.
@Test(arguments: [8, 30, 120, 527, 548, 822, 884, 958] as [UInt64])
func partitionSeedsThatFoundSomething(_ seed: UInt64) { batch.keepsItsPromises(in: seed) }

/// Goal: the simulation notices what it is there to notice. Method: each flaw must break one of its invariants within
/// 300 seeds; the same seeds without it break none (`acknowledgedRecordsSurvive`).
@Test(arguments: plantedFlaws)
func plantedReplicationFlawIsFound(_ flaw: PlantedFlaw<ReplicationWorld>) { batch.finds(flaw, within: 300) }
