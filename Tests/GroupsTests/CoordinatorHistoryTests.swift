import Testing

@testable import Groups

private let seeds = 400

/// Goal: G1–G3 and one answer for each request, whatever happens. Method: seeded histories of clients that follow the
/// protocol badly, over a log that refuses, delays and leaves in doubt, with a coordinator that moves.
@Test func groupsKeepTheirPromisesWhateverHappens() {
  var total = CoordinatorHistory.Counters()
  for seed in UInt64(1)...UInt64(seeds) {
    var history = CoordinatorHistory(seed: seed)
    history.run()
    if let violation = history.violations.first {
      Issue.record("seed \(seed): \(violation)")
      return
    }
    total.generations += history.counters.generations
    total.assignments += history.counters.assignments
    total.acknowledgedCommits += history.counters.acknowledgedCommits
    total.failovers += history.counters.failovers
    total.inDoubt += history.counters.inDoubt
    total.staticReturns += history.counters.staticReturns
    total.deletions += history.counters.deletions
  }
  // The histories are worth something only if much happens in them.
  #expect(total.generations > 10 * seeds)
  #expect(total.assignments > 5 * seeds)
  #expect(total.acknowledgedCommits > 5 * seeds)
  #expect(total.failovers > 2 * seeds)
  #expect(total.inDoubt > seeds / 2)
  #expect(total.staticReturns > seeds)
  #expect(total.deletions > seeds)
}

@Test func equalSeedsGiveEqualHistories() {
  for seed: UInt64 in 1...5 {
    var first = CoordinatorHistory(seed: seed)
    var second = CoordinatorHistory(seed: seed)
    first.run()
    second.run()
    #expect(first.world.replies == second.world.replies)
    #expect(first.world.log == second.world.log)
  }
}
