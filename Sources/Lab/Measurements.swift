import KafkaClient
import Social

/// Latencies of a part of a run, in milliseconds; nil when nothing was acknowledged in it.
public struct LatencySummary: Sendable, Equatable {
  public var p50: Double
  public var p99: Double
  public var p999: Double
  public var max: Double

  /// Percentiles by rank, nothing interpolated. Nil when there are none.
  init?(nanoseconds: [Int64]) {
    guard !nanoseconds.isEmpty else { return nil }
    let sorted = nanoseconds.sorted()
    func at(_ share: Double) -> Double { Double(sorted[Int(share * Double(sorted.count - 1))]) / 1_000_000 }
    p50 = at(0.5)
    p99 = at(0.99)
    p999 = at(0.999)
    max = at(1)
  }
}

/// What delivery reports say about speed. All from the *intended* send time: a stall is charged to every event that it
/// delayed.
public struct Measurements: Sendable, Equatable {
  /// Acknowledged events in each whole second of the run.
  public var perSecond: [Int] = []
  public var before: LatencySummary?
  public var during: LatencySummary?
  public var after: LatencySummary?
  /// Kill until each partition had acknowledged an event that was due after it; nil without a kill, or when one never
  /// did.
  public var restoreMilliseconds: Double?
  public var longestGapMilliseconds: Double = 0

  public init() {}

  /// All moments by one clock; `kill` and `restart` are nil when there was none.
  package init(
    deliveries: [Delivery], sent: [SentEvent], traffic: Traffic, start: Int64, seconds: Int, kill: Int64?,
    restart: Int64?
  ) {
    var parts: [[Int64]] = [[], [], []]
    var times: [Int64] = []
    perSecond = [Int](repeating: 0, count: max(0, seconds))
    var firstAfterKill = [Int64?](repeating: nil, count: Int(SocialTopic.partitionTotal))
    for (number, delivery) in deliveries.enumerated() where number < sent.count && delivery.offset >= 0 {
      let due = start + traffic.due(number).nanoseconds
      let part = kill.map { due < $0 ? 0 : restart.map { due < $0 ? 1 : 2 } ?? 1 } ?? 0
      parts[part].append(delivery.nanoseconds - due)
      times.append(delivery.nanoseconds)
      let second = Int((delivery.nanoseconds - start) / 1_000_000_000)
      if perSecond.indices.contains(second) { perSecond[second] += 1 }
      if let kill, due > kill {
        let partition = Int(sent[number].partition)
        if delivery.nanoseconds < firstAfterKill[partition] ?? .max { firstAfterKill[partition] = delivery.nanoseconds }
      }
    }
    before = LatencySummary(nanoseconds: parts[0])
    during = LatencySummary(nanoseconds: parts[1])
    after = LatencySummary(nanoseconds: parts[2])
    times.sort()
    for index in times.indices.dropFirst() {
      longestGapMilliseconds = max(longestGapMilliseconds, times[index].milliseconds(since: times[index - 1]))
    }
    let restored = firstAfterKill.compactMap { $0 }
    if let kill, restored.count == firstAfterKill.count, let last = restored.max() {
      restoreMilliseconds = last.milliseconds(since: kill)
    }
  }

  /// The worst second of those from `first` on, as a share of the rate; nil when there is none.
  package func worstShare(rate: Int, from first: Int = 0) -> Double? {
    guard first < perSecond.count else { return nil }
    return perSecond[max(0, first)...].min().map { Double($0) / Double(max(1, rate)) }
  }
}
