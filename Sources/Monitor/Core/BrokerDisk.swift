/// What is known of one broker's log directories: its own answers first, then its metrics page. Either may be missing,
/// and neither is renewed in every round.
struct BrokerDisk: Sendable {
  /// What is older is not known any more. Milliseconds.
  static let ageMax: Int64 = 6_000
  /// Sizes are asked for in every fifth round at most, and change slowly. Milliseconds.
  static let sizesAgeMax: Int64 = 20_000

  private var answer: (at: Int64, directories: ClusterObservation.LogDirectories)?
  private var sizes: (at: Int64, usedBytes: Int64)?
  private var page: (at: Int64, metrics: ClusterObservation.BrokerMetrics)?

  mutating func note(_ directories: ClusterObservation.LogDirectories, at: Int64) {
    answer = (at, directories)
    if let used = directories.usedBytes { sizes = (at, used) }
  }

  mutating func note(_ metrics: ClusterObservation.BrokerMetrics, at: Int64) { page = (at, metrics) }

  func usedBytes(at: Int64) -> Int64? {
    if let sizes, at - sizes.at <= Self.sizesAgeMax { return sizes.usedBytes }
    return read(at)?.diskUsedBytes.flatMap(Self.whole)
  }

  func freeBytes(at: Int64) -> Int64? {
    told(at)?.freeBytes ?? read(at)?.diskFreeBytes.flatMap(Self.whole)
  }

  /// How many log directories the broker lost.
  func lostDirectories(at: Int64) -> Int? {
    let known = [told(at)?.lost, read(at)?.offlineLogDirectories.flatMap(Self.whole).map { Int(clamping: $0) }]
    return known.compactMap { $0 }.max()
  }

  private func told(_ at: Int64) -> ClusterObservation.LogDirectories? {
    answer.flatMap { at - $0.at <= Self.ageMax ? $0.directories : nil }
  }

  private func read(_ at: Int64) -> ClusterObservation.BrokerMetrics? {
    page.flatMap { at - $0.at <= Self.ageMax ? $0.metrics : nil }
  }

  private static func whole(_ value: Double) -> Int64? { Int64(exactly: value.rounded()) }
}
