import Primitives
import Replication
import Simulator
import Testing

/// A rule of replication broken on purpose in the log, the controller or the shell.
struct ReplicationFlaw: Sendable, CustomTestStringConvertible {
  var name: String
  var flaw: ReplicationFlaws
  /// The invariants of which one must notice.
  var noticedBy: [String]
  var testDescription: String { name }

  init(_ name: String, _ flaw: ReplicationFlaws, noticedBy: [String]) {
    self.name = name
    self.flaw = flaw
    self.noticedBy = noticedBy
  }
}

private let plantedFlaws = [
  ReplicationFlaw("a cut leaves an empty epoch", .truncateKeepsEmptyEpoch, noticedBy: ["P18", "P20"]),
  ReplicationFlaw("members of earlier lives", .noBrokerEpochCheck, noticedBy: ["P3"]),
  ReplicationFlaw("acknowledges at append", .acknowledgeAtAppend, noticedBy: ["P12"]),
  ReplicationFlaw("a lost page cache goes unnoticed", .uncleanRestartUnnoticed, noticedBy: ["P3"]),
  ReplicationFlaw("elects anyone", .electsAnyone, noticedBy: ["P3"]),
  ReplicationFlaw("epochs begin unnoted", .beginsNoEpoch, noticedBy: ["P5"]),
  ReplicationFlaw("producers not made anew after a cut", .keepsProducersAtTruncation, noticedBy: ["P14"]),
  ReplicationFlaw("a snapshot of producers newer than the log", .trustsNewerSnapshot, noticedBy: ["P14"]),
  ReplicationFlaw("producer epochs are not looked at", .ignoresProducerEpoch, noticedBy: ["P14"]),
  ReplicationFlaw("one batch too few is remembered", .remembersFourBatches, noticedBy: ["P14"]),
  ReplicationFlaw("gaps between sequences", .acceptsGaps, noticedBy: ["P14"]),
  ReplicationFlaw("followers remember no producers", .followersKeepNoProducers, noticedBy: ["P14"]),
  ReplicationFlaw("a high watermark beyond a cut", .storesHighWatermarkOfTheCut, noticedBy: ["P5"]),
  ReplicationFlaw("duplicates are appended", .appendsDuplicates, noticedBy: ["P14"]),
]

/// Goal: the simulation notices what it is there to notice. Method: each flaw must break one of its invariants within
/// 300 seeds; the same seeds without it break none (`acknowledgedRecordsSurvive`).
@Test(arguments: plantedFlaws)
func plantedReplicationFlawIsFound(_ planted: ReplicationFlaw) {
  for seed in UInt64(1)...300 {
    var simulation = ReplicationSimulation(seed: seed)
    simulation.world.flaws = planted.flaw
    guard let violation = simulation.run().violation else { continue }
    let rule = violation.prefix { $0 != ":" }
    #expect(planted.noticedBy.contains(String(rule)), "seed \(seed): \(violation)")
    print("\(planted.name): seed \(seed): \(violation)")
    return
  }
  Issue.record("300 seeds did not find: \(planted.name)")
}
