/// Counts of values by size, in buckets that grow with the value: any size of value costs the same, and what a quantile
/// gives back is within 1/32 (3 %) of a value that was recorded. Values are whole and not negative; times are in
/// microseconds. The memory is fixed.
///
/// The buckets are HdrHistogram's: below 32 one for each value, above 16 for each doubling.
public struct Histogram: Sendable, Equatable {
  static let subBuckets = 16
  /// Larger values count as this one: 71 minutes in microseconds.
  public static let largest = UInt64(UInt32.max)
  static let bucketCount = subBuckets + 28 * subBuckets

  private var counts: [UInt32]
  public private(set) var count: UInt64 = 0
  public private(set) var sum: UInt64 = 0
  /// The largest value, as it was; 0 when there is none.
  public private(set) var max: UInt64 = 0

  public init() { counts = [UInt32](repeating: 0, count: Self.bucketCount) }

  static func bucket(of value: UInt64) -> Int {
    let value = Swift.min(value, largest)
    guard value >= subBuckets else { return Int(value) }
    let shift = 59 - value.leadingZeroBitCount
    return (shift + 1) * subBuckets + Int(value >> UInt64(shift)) - subBuckets
  }

  /// The middle of a bucket: what its values are taken for.
  static func value(of bucket: Int) -> UInt64 {
    guard bucket >= 2 * subBuckets else { return UInt64(bucket) }
    let shift = bucket / subBuckets - 1
    let low = UInt64(bucket % subBuckets + subBuckets) << UInt64(shift)
    return low + (UInt64(1) << UInt64(shift)) / 2
  }

  public mutating func record(_ value: UInt64) {
    counts[Self.bucket(of: value)] &+= 1
    count += 1
    sum &+= value
    if value > max { max = value }
  }

  /// Takes up all that the other one has.
  public mutating func merge(_ other: Histogram) {
    other.counts.withUnsafeBufferPointer { add($0, sum: other.sum, max: other.max) }
  }

  mutating func add(_ buckets: UnsafeBufferPointer<UInt32>, sum: UInt64, max: UInt64) {
    for index in 0..<Swift.min(buckets.count, counts.count) {
      let (total, overflow) = counts[index].addingReportingOverflow(buckets[index])
      counts[index] = overflow ? .max : total
      count += UInt64(buckets[index])
    }
    self.sum &+= sum
    self.max = Swift.max(self.max, max)
  }

  /// The value that so large a part (0…1) of all values does not exceed; nil when there is none.
  public func quantile(_ part: Double) -> UInt64? {
    guard count > 0 else { return nil }
    let rank = Swift.max(1, UInt64((Double(count) * Swift.min(Swift.max(part, 0), 1)).rounded(.up)))
    if rank >= count { return max }
    var seen: UInt64 = 0
    for (index, inBucket) in counts.enumerated() where inBucket > 0 {
      seen += UInt64(inBucket)
      if seen >= rank { return Swift.min(Self.value(of: index), max) }
    }
    return max
  }
}
