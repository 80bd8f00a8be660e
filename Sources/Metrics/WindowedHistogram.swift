import Primitives

/// A histogram of the last minute: quantiles say how it is now, not how it was on average since the start.
///
/// Three slots of 20 s take turns: what is merged is the last 40 to 60 s. Recording moves on to the next slot when it
/// is time; it allocates with the first value, and once after a copy of it was taken, for another thread say. `total`
/// alone counts from the start.
public struct WindowedHistogram: Sendable {
  static let slotCount = 3
  static let slotSpan = TimeSpan.seconds(20)

  /// The slots one behind the other, empty until the first value.
  private var counts: [UInt32] = []
  private var sums: (UInt64, UInt64, UInt64) = (0, 0, 0)
  private var largest: (UInt64, UInt64, UInt64) = (0, 0, 0)
  private var current = 0
  private var slotEnd = Instant.zero
  /// How many values there were since the start.
  public private(set) var total: UInt64 = 0

  public init() {}

  public mutating func record(_ value: UInt64, at now: Instant) {
    if now >= slotEnd { rotate(at: now) }
    counts[current * Histogram.bucketCount + Histogram.bucket(of: value)] &+= 1
    total += 1
    switch current {
    case 0:
      sums.0 &+= value
      if value > largest.0 { largest.0 = value }
    case 1:
      sums.1 &+= value
      if value > largest.1 { largest.1 = value }
    default:
      sums.2 &+= value
      if value > largest.2 { largest.2 = value }
    }
  }

  /// What was recorded in the last 40 to 60 s.
  public func merged(at now: Instant) -> Histogram {
    var result = Histogram()
    counts.withUnsafeBufferPointer { all in
      for age in 0..<recentSlots(at: now) {
        let slot = slot(ofAge: age)
        let start = slot * Histogram.bucketCount
        let (sum, max) = facts(of: slot)
        result.add(UnsafeBufferPointer(rebasing: all[start..<(start + Histogram.bucketCount)]), sum: sum, max: max)
      }
    }
    return result
  }

  /// Of times in microseconds: how many ran at once, on average over the last 40 to 60 s.
  ///
  /// Little's law (1961): how many there are is how many come in a unit of time, times how long each stays. A time counts
  /// when it is over. In the first 40 s of a process this is too low, for all that came before counts as quiet.
  public func meanConcurrency(at now: Instant) -> Double {
    let slots = recentSlots(at: now)
    guard slots > 0 else { return 0 }
    var sum: UInt64 = 0
    for age in 0..<slots { sum &+= facts(of: slot(ofAge: age)).sum }
    let begun = slotEnd - Self.slotSpan * Int64(slots)
    return Double(sum) * 1000 / Double((now - begun).nanoseconds)
  }

  /// How many slots hold something recent, the current one among them; those that would have been cleared by now do not.
  private func recentSlots(at now: Instant) -> Int {
    guard !counts.isEmpty else { return 0 }
    let behind = now < slotEnd ? 0 : Int(clamping: (now - slotEnd).nanoseconds / Self.slotSpan.nanoseconds) + 1
    return max(0, Self.slotCount - behind)
  }

  /// 0 is the current one.
  private func slot(ofAge age: Int) -> Int { (current + Self.slotCount - age) % Self.slotCount }

  private func facts(of slot: Int) -> (sum: UInt64, max: UInt64) {
    switch slot {
    case 0: (sums.0, largest.0)
    case 1: (sums.1, largest.1)
    default: (sums.2, largest.2)
    }
  }

  private mutating func rotate(at now: Instant) {
    guard !counts.isEmpty else {
      counts = [UInt32](repeating: 0, count: Self.slotCount * Histogram.bucketCount)
      slotEnd = now + Self.slotSpan
      return
    }
    let passed = Int(clamping: (now - slotEnd).nanoseconds / Self.slotSpan.nanoseconds) + 1
    for _ in 0..<min(passed, Self.slotCount) {
      current = (current + 1) % Self.slotCount
      clear(current)
    }
    slotEnd = passed > Self.slotCount ? now + Self.slotSpan : slotEnd + Self.slotSpan * Int64(passed)
  }

  private mutating func clear(_ slot: Int) {
    let start = slot * Histogram.bucketCount
    for index in start..<(start + Histogram.bucketCount) { counts[index] = 0 }
    switch slot {
    case 0: (sums.0, largest.0) = (0, 0)
    case 1: (sums.1, largest.1) = (0, 0)
    default: (sums.2, largest.2) = (0, 0)
    }
  }
}
