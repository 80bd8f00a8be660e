import Primitives

/// How large a part of the last minute a thread had nothing to do.
///
/// It is told now and then how long the thread has been idle in all; it keeps one such note every five seconds for a
/// minute.
public struct IdleMeter: Sendable {
  private static let span = TimeSpan.seconds(5)
  private static let notesKept = 12

  private var notes: [(at: Instant, idle: Int64)] = []

  public init() {}

  /// `idle`: nanoseconds since the start.
  public mutating func note(idle: Int64, at now: Instant) {
    if let last = notes.last, now < last.at + Self.span { return }
    if notes.count == Self.notesKept { notes.removeFirst() }
    notes.append((now, idle))
  }

  /// Between 0 and 1, since the oldest note; nil before there is one.
  public func ratio(idle: Int64, at now: Instant) -> Double? {
    guard let first = notes.first, now > first.at else { return nil }
    return min(1, max(0, Double(idle - first.idle) / Double((now - first.at).nanoseconds)))
  }
}
