import Simulator
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A rule broken on purpose in a simulation's world: the core, the shell around it or the disk below.
struct PlantedFlaw<World: Sendable>: Sendable, CustomTestStringConvertible {
  var name: String
  /// The invariants of which one must notice.
  var noticedBy: [String]
  var plant: @Sendable (inout World) -> Void
  var testDescription: String { name }

  init(_ name: String, noticedBy: [String], _ plant: @escaping @Sendable (inout World) -> Void) {
    self.name = name
    self.noticedBy = noticedBy
    self.plant = plant
  }
}

/// What is asked of each of the simulations: its promises hold in a batch of seeds, seeds repeat themselves, and what
/// is broken on purpose is found.
struct SimulationBatch<Simulation: SeededSimulation>: Sendable {
  /// The variable of the environment that names one seed, which is run and told.
  var variable: String
  /// The test of the promises, for the command that repeats a seed.
  var test: String
  /// Seeds of the default run; `SIMULATION_SEEDS` sets another number for all simulations.
  var seeds: UInt64

  /// Runs the seeds, and stops at the first that breaks a promise; what should happen sometimes must have happened.
  func keepsItsPromises(sourceLocation: SourceLocation = #_sourceLocation) {
    if let seed = Self.number(variable) {
      let outcome = told(Simulation(seed: seed))
      print(outcome.story.joined(separator: "\n"))
      #expect(outcome.violation == nil, "seed \(seed)", sourceLocation: sourceLocation)
      return
    }
    let seeds = Self.number("SIMULATION_SEEDS") ?? seeds
    guard seeds > 0 else {
      Issue.record("SIMULATION_SEEDS must be at least 1", sourceLocation: sourceLocation)
      return
    }
    var total = Simulation.Counters()
    for seed in 1...seeds {
      let outcome = Simulation(seed: seed).run()
      total += outcome.counters
      if outcome.violation != nil {
        Issue.record(complaint(Simulation(seed: seed)), sourceLocation: sourceLocation)
        return
      }
    }
    print("\(Simulation.self), \(seeds) seeds: " + total.all.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
    guard seeds >= 100 else { return }
    for (name, value) in total.all {
      #expect(
        value > 0, "\(name) never happened in \(seeds) seeds: the simulation has become too tame",
        sourceLocation: sourceLocation)
    }
  }

  /// One history that showed something once shows nothing any more; `change` makes its world what it was then.
  func keepsItsPromises(
    in seed: UInt64, sourceLocation: SourceLocation = #_sourceLocation,
    _ change: (inout Simulation.World) -> Void = { _ in }
  ) {
    var simulation = Simulation(seed: seed)
    change(&simulation.world)
    if simulation.run().violation != nil { Issue.record(complaint(simulation), sourceLocation: sourceLocation) }
  }

  /// Trace hash and counters of two runs are equal, and different seeds differ.
  func repeatsItself(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(Simulation.Counters.paths.count == Simulation.Counters().all.count, sourceLocation: sourceLocation)
    var hashes: Set<UInt64> = []
    for seed in UInt64(1)...10 {
      let first = Simulation(seed: seed).run()
      let second = Simulation(seed: seed).run()
      #expect(
        first.traceHash == second.traceHash, "seed \(seed) ran differently the second time",
        sourceLocation: sourceLocation)
      #expect(first.counters == second.counters, "seed \(seed)", sourceLocation: sourceLocation)
      hashes.insert(first.traceHash)
    }
    #expect(hashes.count == 10, sourceLocation: sourceLocation)
  }

  /// Within so many seeds the flaw breaks one of the invariants that should notice it, and no other before.
  func finds(
    _ flaw: PlantedFlaw<Simulation.World>, within seeds: UInt64, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    for seed in 1...seeds {
      var simulation = Simulation(seed: seed)
      flaw.plant(&simulation.world)
      guard let violation = simulation.run().violation else { continue }
      let rule = String(violation.prefix { $0 != ":" })
      #expect(flaw.noticedBy.contains(rule), "seed \(seed): \(violation)", sourceLocation: sourceLocation)
      print("\(flaw.name): seed \(seed): \(violation)")
      return
    }
    Issue.record("\(seeds) seeds did not find: \(flaw.name)", sourceLocation: sourceLocation)
  }

  private func told(_ simulation: Simulation) -> SimulationOutcome<Simulation.Counters> {
    var simulation = simulation
    simulation.narrates = true
    return simulation.run()
  }

  /// The end of the story of a failed history, which it runs once more.
  private func complaint(_ simulation: Simulation) -> Comment {
    let outcome = told(simulation)
    return """
      seed \(outcome.seed): \(outcome.violation ?? "no violation")
      repeat with: \(variable)=\(outcome.seed) swift test --filter SimulatorTests.\(test)
      \(outcome.story.suffix(60).joined(separator: "\n"))
      """
  }

  /// A number from the environment.
  private static func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
}
