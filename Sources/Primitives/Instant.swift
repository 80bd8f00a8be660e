/// A moment, in nanoseconds of whatever clock the caller uses: monotonic in production, virtual in the simulator.
///
/// Pure cores are given instants; they never read a clock.
@frozen public struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var nanoseconds: Int64
  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable public static func milliseconds(_ value: Int64) -> Instant { Instant(nanoseconds: value &* 1_000_000) }
  public static let zero = Instant(nanoseconds: 0)
  public static let distantFuture = Instant(nanoseconds: .max)
  @inlinable public static func < (a: Instant, b: Instant) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: Instant, b: TimeSpan) -> Instant {
    let (sum, overflow) = a.nanoseconds.addingReportingOverflow(b.nanoseconds)
    return overflow ? .distantFuture : Instant(nanoseconds: sum)
  }
  @inlinable public static func - (a: Instant, b: TimeSpan) -> Instant {
    Instant(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
  @inlinable public static func - (a: Instant, b: Instant) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
  public var description: String { TimeSpan(nanoseconds: nanoseconds).description }
}

/// A length of time in nanoseconds. Unlike `Swift.Duration` it is one word wide.
@frozen public struct TimeSpan: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var nanoseconds: Int64
  @inlinable public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
  @inlinable public static func nanoseconds(_ value: Int64) -> TimeSpan { TimeSpan(nanoseconds: value) }
  @inlinable public static func microseconds(_ value: Int64) -> TimeSpan { TimeSpan(nanoseconds: value &* 1000) }
  @inlinable public static func milliseconds(_ value: Int64) -> TimeSpan {
    let (product, overflow) = value.multipliedReportingOverflow(by: 1_000_000)
    return TimeSpan(nanoseconds: overflow ? .max : product)
  }
  @inlinable public static func seconds(_ value: Int64) -> TimeSpan { .milliseconds(value &* 1000) }
  public static let zero = TimeSpan(nanoseconds: 0)
  /// Whole milliseconds, rounded down.
  @inlinable public var milliseconds: Int64 { nanoseconds / 1_000_000 }
  @inlinable public static func < (a: TimeSpan, b: TimeSpan) -> Bool { a.nanoseconds < b.nanoseconds }
  @inlinable public static func + (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds &+ b.nanoseconds)
  }
  @inlinable public static func - (a: TimeSpan, b: TimeSpan) -> TimeSpan {
    TimeSpan(nanoseconds: a.nanoseconds &- b.nanoseconds)
  }
  @inlinable public static func * (a: TimeSpan, b: Int64) -> TimeSpan { TimeSpan(nanoseconds: a.nanoseconds &* b) }
  @inlinable public static func / (a: TimeSpan, b: Int64) -> TimeSpan { TimeSpan(nanoseconds: a.nanoseconds / b) }
  public var description: String {
    let ms = nanoseconds / 1_000_000
    let micro = (nanoseconds / 1000) % 1000
    return micro == 0 ? "\(ms) ms" : "\(ms).\(String(1000 + abs(micro)).dropFirst()) ms"
  }
}
