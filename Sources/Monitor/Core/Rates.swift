/// Growth per second of counters that are asked now and then, may be missing, and may begin anew.
struct Rates<Key: Hashable & Sendable>: Sendable {
  private var last: [Key: (value: Double, at: Int64)] = [:]

  /// The growth per second since the counter was last seen; nil the first time, and when it fell (it began anew).
  mutating func observe(_ key: Key, _ value: Double, at: Int64) -> Double? {
    defer { last[key] = (value, at) }
    guard let before = last[key], at > before.at, value >= before.value else { return nil }
    return (value - before.value) * 1000 / Double(at - before.at)
  }

  /// Forgets what was not seen for `age` milliseconds.
  mutating func forget(olderThan age: Int64, at: Int64) {
    last = last.filter { at - $0.value.at <= age }
  }
}
