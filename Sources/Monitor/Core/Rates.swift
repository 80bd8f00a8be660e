/// Growth per second of counters that are asked now and then, may be missing, and may begin anew.
struct Rates<Key: Hashable & Sendable>: Sendable {
  private var last: [Key: (value: Double, at: Int64)] = [:]

  /// The growth per second since the counter was last seen; nil the first time, and when it fell (it began anew).
  mutating func observe(_ key: Key, _ value: Double, at: Int64) -> Double? {
    defer { last[key] = (value, at) }
    guard let before = last[key], at > before.at, value >= before.value else { return nil }
    return (value - before.value) * 1000 / Double(at - before.at)
  }

  /// The growth per second of a counter that appears only when it is above zero; `since`: when it was looked for and
  /// not there, nil when nobody looked before. One that fell began anew at zero.
  mutating func observe(_ key: Key, _ value: Double, absentAt since: Int64?, at: Int64) -> Double? {
    let counted = last[key].map { (value: value >= $0.value ? $0.value : 0, at: $0.at) }
    let before = counted ?? since.map { (value: 0, at: $0) }
    last[key] = (value, at)
    guard let before, at > before.at else { return nil }
    return (value - before.value) * 1000 / Double(at - before.at)
  }

  /// Forgets what was not seen for `age` milliseconds.
  mutating func forget(olderThan age: Int64, at: Int64) {
    last = last.filter { at - $0.value.at <= age }
  }
}
