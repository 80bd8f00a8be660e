/// A seeded, repeatable source of chance (SplitMix64, Steele et al. 2014).
///
/// Streams are split by name, so that a draw added in one place does not shift all others and old seeds stay meaningful.
@frozen public struct RandomSource: RandomNumberGenerator, Sendable {
  public var state: UInt64

  public init(seed: UInt64) { state = seed }

  @inlinable public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// An independent source for the part of the system called `name`.
  public func stream(_ name: String) -> RandomSource {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    var source = RandomSource(seed: state ^ hash)
    _ = source.next()
    return source
  }

  /// True with the given probability (0…1).
  public mutating func chance(_ probability: Double) -> Bool {
    Double(next() >> 11) * 0x1p-53 < probability
  }

  /// A span drawn evenly from the range, in nanoseconds.
  public mutating func span(in range: ClosedRange<TimeSpan>) -> TimeSpan {
    TimeSpan(nanoseconds: Int64.random(in: range.lowerBound.nanoseconds...range.upperBound.nanoseconds, using: &self))
  }
}
