import CommandLineTool

/// The last minute of events and latency in a line of bars each.
enum TopSparkline {
  static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  static func lines(_ timeline: Timeline, width: Int) -> [TopText] {
    let seconds = max(10, min(60, width - 34))
    let points = timeline.points.suffix(seconds)
    let events = points.map(\.eventsInPerSecond)
    let latency = points.map(\.producePercentile99)
    return [
      line("events/s", events, seconds, TopScreen.figure(events.compactMap { $0 }.max())),
      line("p99     ", latency, seconds, latency.compactMap { $0 }.max().map { Phrase.time($0) } ?? "?"),
    ]
  }

  private static func line(_ name: String, _ values: [Double?], _ seconds: Int, _ most: String) -> TopText {
    var line = TopText("\(name)  ", .dim)
    line.add(String(repeating: " ", count: seconds - values.count) + bars(values))
    line.add("  most \(most)", .dim)
    return line
  }

  /// A bar for each value, in eighths of the largest; a dot where it is unknown.
  static func bars(_ values: [Double?]) -> String {
    let known = values.compactMap { $0 }.filter { $0.isFinite && $0 >= 0 }
    let largest = known.max() ?? 0
    return String(
      values.map { value in
        guard let value, value.isFinite, value >= 0 else { return "·" }
        guard largest > 0 else { return bars[0] }
        return bars[max(0, min(bars.count - 1, Int(value / largest * Double(bars.count))))]
      })
  }
}
