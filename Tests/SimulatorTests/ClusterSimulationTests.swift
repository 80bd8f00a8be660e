import Simulator
import Testing

private let batch = SimulationBatch<ClusterSimulation>(
  variable: "CLUSTER_SEED", test: "clustersKeepTheirPromises", seeds: 500)

private func flaw(_ name: String, _ flaw: ClusterFlaws, noticedBy: [String]) -> PlantedFlaw<ClusterWorld> {
  PlantedFlaw(name, noticedBy: noticedBy) { $0.flaws = flaw }
}

/// Histories as they were before replicas were moved and accidents followed each other, for seeds that were found then.
private func withoutLaterTroubles(_ world: inout ClusterWorld) {
  world.disturbances.removeAll { $0.kind == .accidentsInARow || $0.kind == .reassign }
}

/// Histories in which a follower out of sync, a loss of power and a move of replicas often meet.
private func withManyMoves(_ world: inout ClusterWorld) {
  world.disturbances += [
    (.reassign, .milliseconds(40)), (.powerLoss, .milliseconds(300)), (.pause, .milliseconds(200)),
  ]
}

/// Histories in which a controller often dies with records that only it has, while the others take snapshots.
private func withManySnapshots(_ world: inout ClusterWorld) {
  world.snapshotBytes = 200
  world.disturbances += [
    (.kill, .milliseconds(300)), (.pause, .milliseconds(300)), (.slowLink, .milliseconds(200)),
    (.reassign, .milliseconds(40)),
  ]
}

/// Rules broken on purpose in the shell, the controller or the disk.
private let plantedFlaws = [
  flaw("syncs do nothing", .syncsNothing, noticedBy: ["S1", "P4", "P5", "P13", "R10"]),
  flaw("a lost page cache goes unnoticed", .uncleanRestartUnnoticed, noticedBy: ["P4"]),
  flaw("acknowledges at append", .acknowledgesAtAppend, noticedBy: ["P12"]),
  flaw("duplicates are appended", .appendsDuplicates, noticedBy: ["checker", "P17"]),
  flaw("groups are served unread", .servesGroupsUnread, noticedBy: ["G2"]),
  flaw("a controller acts before its epoch is committed", .actsBeforeCommit, noticedBy: ["P1", "P13", "P15", "P20", "R10"]),
  flaw("commits are answered at append", .commitsAtAppend, noticedBy: ["G2"]),
  flaw("a broker acts before it is registered", .actsBeforeRegistered, noticedBy: ["P4"]),
  PlantedFlaw("snapshots bear the log's newest epoch", noticedBy: ["S1"]) { world in
    world.flaws = .namesSnapshotsByTheLog
    withManySnapshots(&world)
  },
  flaw("what is given is not taken", .ignoresWhatIsGiven, noticedBy: ["P19"]),
  flaw("what is taken is kept", .keepsWhatIsTaken, noticedBy: ["P19"]),
  flaw("logs of what was taken stay", .keepsStrays, noticedBy: ["P19"]),
  PlantedFlaw("the last whole copy is moved away", noticedBy: ["P4"]) { world in
    world.controllerFlaws = .movesBelowMinISR
    withManyMoves(&world)
  },
]

/// Goal: three whole nodes, made of the real cores over the real logs, keep what they promise to producers, consumers
/// and groups through deaths, lost page caches, full and failing disks, partitions, pauses and wrong clocks; and get
/// whole again. Method: seeded histories, checked on the way and at the end by the checker that judges real clusters;
/// what should happen sometimes must have happened in the batch.
@Test func clustersKeepTheirPromises() { batch.keepsItsPromises() }

/// Goal: what was found stays mended (docs/non-obvious.md). Method: the histories that showed it, without what could
/// not go wrong then.
@Test(arguments: [4, 8, 10, 108, 521, 869, 2120, 2343, 3111, 6241] as [UInt64])
func clusterSeedsThatFoundSomething(_ seed: UInt64) {
  batch.keepsItsPromises(in: seed, withoutLaterTroubles)
}

/// Goal: no move of replicas takes the last whole copy. Method: the histories in which a controller that did was found.
@Test func replicasMoveSafelyAmongTroubles() {
  for seed in UInt64(1)...200 { batch.keepsItsPromises(in: seed, withManyMoves) }
}

/// Goal: a metadata snapshot is what was committed. Method: the histories around the one in which one that was not is
/// found.
@Test func snapshotsAreTrueAmongTroubles() {
  for seed in UInt64(1060)...1100 { batch.keepsItsPromises(in: seed, withManySnapshots) }
}

/// Goal: a seed is a complete description of a history. Method: the trace hash of two runs; and different seeds differ.
@Test func sameSeedSameClusterHistory() { batch.repeatsItself() }

/// Goal: the simulation notices what it is there to notice. Method: each flaw must be found within 1,200 seeds; the same
/// seeds without it are clean (`clustersKeepTheirPromises`).
@Test(arguments: plantedFlaws)
func plantedClusterFlawIsFound(_ flaw: PlantedFlaw<ClusterWorld>) { batch.finds(flaw, within: 1200) }
