import Primitives

/// Draws ranks 0…count−1 where rank r comes with weight 1/(r+1)^s: few are popular, most are not (Zipf's law; s = 0.99
/// as in YCSB).
public struct Zipf: Sendable {
  /// By rank: the share of all draws that fall on it or on a lower one.
  private let cumulative: [Double]

  public var count: Int { cumulative.count }

  /// `count` at least 1.
  public init(count: Int, exponent: Double = 0.99) {
    var weights: [Double] = []
    weights.reserveCapacity(max(1, count))
    var weight = 1.0
    var sum = 0.0
    for rank in 0..<max(1, count) {
      if rank > 0 { weight *= Self.exponential(-exponent * Self.logarithmOfStep(Double(rank))) }
      sum += weight
      weights.append(sum)
    }
    cumulative = weights.map { $0 / sum }
  }

  public func draw(using random: inout RandomSource) -> Int {
    let point = Double(random.next() >> 11) * 0x1p-53
    var low = 0
    var high = cumulative.count - 1
    while low < high {
      let middle = (low + high) / 2
      if cumulative[middle] > point { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// ln((n+1)/n) = 2 artanh(1/(2n+1)). Written out, so that a seed gives the same traffic with every C library.
  private static func logarithmOfStep(_ n: Double) -> Double {
    let x = 1 / (2 * n + 1)
    var term = x
    var sum = 0.0
    var divisor = 1.0
    while term > 1e-18 {
      sum += term / divisor
      term *= x * x
      divisor += 2
    }
    return 2 * sum
  }

  /// e^x for −1 ≤ x ≤ 0, by its series.
  private static func exponential(_ x: Double) -> Double {
    var term = 1.0
    var sum = 1.0
    for n in 1...20 {
      term *= x / Double(n)
      sum += term
    }
    return sum
  }
}
