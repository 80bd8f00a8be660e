/// A history drawn from a seed: what may go wrong is its world, and the same seed and world give the same history.
package protocol SeededSimulation: Sendable {
  associatedtype World: Sendable
  associatedtype Counters: SimulationCounters

  var seed: UInt64 { get }
  /// What may go wrong; drawn from the seed, and may be changed before the run, to plant a flaw.
  var world: World { get set }
  /// Whether the outcome tells its story.
  var narrates: Bool { get set }

  init(seed: UInt64)

  /// Runs the history to its end, or to the first violation.
  func run() -> SimulationOutcome<Counters>
}

/// What became of one history.
package struct SimulationOutcome<Counters: SimulationCounters>: Sendable {
  package var seed: UInt64
  /// Equal for equal seeds, whatever the process or machine.
  package var traceHash: UInt64
  /// The first broken invariant, by its number: "P4: …".
  package var violation: String?
  package var counters: Counters
  /// What happened, in words; empty unless asked for.
  package var story: [String]
}

/// How often things happened that a batch of runs must have seen at least sometimes: `Int` properties alone.
package protocol SimulationCounters: Hashable, Sendable {
  /// Every property.
  static var paths: [WritableKeyPath<Self, Int>] { get }

  init()
}

extension SimulationCounters {
  /// Every counter with its name.
  package var all: [(name: String, value: Int)] {
    Mirror(reflecting: self).children.compactMap { child in
      guard let name = child.label, let value = child.value as? Int else { return nil }
      return (name, value)
    }
  }

  package static func += (a: inout Self, b: Self) {
    for path in paths { a[keyPath: path] += b[keyPath: path] }
  }
}
