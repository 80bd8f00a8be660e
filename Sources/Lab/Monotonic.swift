import KafkaClient

/// Moments of a run, in nanoseconds of the monotonic clock.
typealias Moment = Int64

extension Int64 {
  /// Milliseconds from an earlier moment.
  func milliseconds(since earlier: Moment) -> Double { Double(self - earlier) / 1_000_000 }
}
