/// When a partition's log reached which offset: enough to say how old an event is by its offset.
struct EndHistory: Sendable {
  /// Older halves are thinned out beyond this, so that the far past is coarse and the near past exact.
  static let pointsMax = 128
  /// An end that was not asked for so long is not known any more. Milliseconds.
  static let staleAfter: Int64 = 10_000

  private var points: [(at: Int64, end: Int64)] = []
  private var askedAt: Int64 = 0

  mutating func note(_ end: Int64, at: Int64) {
    askedAt = at
    if let last = points.last, end < last.end { points = [] }
    if points.count >= 2, points[points.count - 1].end == end, points[points.count - 2].end == end {
      points[points.count - 1].at = at
    } else {
      points.append((at, end))
    }
    guard points.count > Self.pointsMax else { return }
    let half = points.count / 2
    points = points.enumerated().filter { $0.offset >= half || $0.offset % 2 == 0 }.map(\.element)
  }

  func latest(at: Int64) -> Int64? {
    at - askedAt <= Self.staleAfter ? points.last?.end : nil
  }

  /// How long ago the event at `offset` was appended; 0 when there is none yet. An event from before the history
  /// began is at least as old as it.
  func age(of offset: Int64, at: Int64) -> Double? {
    guard let last = points.last else { return nil }
    if offset >= last.end { return 0 }
    guard let after = points.firstIndex(where: { $0.end > offset }) else { return 0 }
    if after == 0 { return Double(at - points[0].at) }
    let (a, b) = (points[after - 1], points[after])
    let share = Double(offset - a.end) / Double(b.end - a.end)
    return Double(at) - (Double(a.at) + share * Double(b.at - a.at))
  }
}
