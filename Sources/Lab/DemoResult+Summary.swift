import CommandLineTool

extension DemoResult {
  /// For people: the verdict first, then the figures.
  public func summary(coloured: Bool) -> String {
    let word = Terminal.styled(passes ? "PASS" : "FAIL", passes ? .green : .red, when: coloured)
    let reasons = brokenInvariants + missedObjectives
    let headline =
      reasons.isEmpty
      ? "\(word): \(Text.grouped(findings.acknowledged)) events acknowledged, all there, once and in order"
      : "\(word): \(reasons.joined(separator: "; "))"
    let beside = notes.isEmpty ? [] : [""] + notes.map { "note: \($0)" }
    return ([headline] + beside + ["", counts.rendered(), "", times.rendered(), "", latencies.rendered(), "", chart])
      .joined(
        separator: "\n")
  }

  static func milliseconds(_ value: Double?) -> String {
    guard let value else { return "-" }
    return value >= 10_000 ? "\(Text.fixed(value / 1000, 1)) s" : "\(Text.fixed(value, value < 100 ? 1 : 0)) ms"
  }

  var counts: Table {
    var table = Table([
      ">SENT", ">ACKNOWLEDGED", ">UNKNOWN", ">LOST", ">DUPLICATED", ">REORDERED", ">CONFLICTING", ">CORRUPTED",
    ])
    table.add(
      [
        findings.sent, findings.acknowledged, findings.unknown, findings.lost, findings.duplicated,
        findings.reordered, findings.conflicting, findings.corrupted,
      ].map { Text.grouped($0) })
    return table
  }

  /// Transitions beside the times that tutorials on Kafka call typical.
  var times: Table {
    var table = Table(["TRANSITION", ">TIME", ">TYPICAL"])
    table.add(["starting to running, topics ready", Self.milliseconds(readyMilliseconds), "10-30 s"])
    if let victim {
      let election = electMilliseconds.flatMap { elect in detectMilliseconds.map { elect - $0 } }
      table.add(["broker \(victim) killed to its failure detected", Self.milliseconds(detectMilliseconds), "10-30 s"])
      table.add(["detected to new leaders", Self.milliseconds(election), "5-15 s"])
      table.add([
        "killed to all partitions acknowledging", Self.milliseconds(measurements.restoreMilliseconds), "30-300 s",
      ])
      table.add(["restarted to accepting connections", Self.milliseconds(startMilliseconds), "10-30 s"])
      table.add(["restarted to all replicas in sync", Self.milliseconds(inSyncMilliseconds), ""])
    }
    if let shutdownMilliseconds {
      table.add(["graceful shutdown of all", Self.milliseconds(shutdownMilliseconds), "5-10 s"])
    }
    table.add(["longest gap without an acknowledgement", Self.milliseconds(measurements.longestGapMilliseconds), ""])
    return table
  }

  var latencies: Table {
    var table = Table(["LATENCY", ">P50", ">P99", ">P99.9", ">MAX"])
    for (name, summary) in [
      ("before the kill", measurements.before), ("until the restart", measurements.during),
      ("after it", measurements.after),
    ] {
      guard let summary else { continue }
      table.add(
        [victim == nil ? "whole run" : name]
          + [summary.p50, summary.p99, summary.p999, summary.max].map { Self.milliseconds($0) })
    }
    return table
  }

  /// Acknowledged events in each second, with what the brokers used.
  var chart: String {
    var lines = ["acknowledged each second  \(Sparkline.text(measurements.perSecond))"]
    if let share = worstSecondShare {
      lines.append("worst second              \(Text.fixed(share * 100, 1)) % of the rate")
    }
    if let residentBytesMax {
      lines.append("brokers' memory           \(Text.fixed(Double(residentBytesMax) / 1_048_576, 1)) MB at most")
    }
    if let brokerCPUSeconds { lines.append("brokers' processor time   \(Text.fixed(brokerCPUSeconds, 1)) s") }
    for miss in findings.missed {
      lines.append(
        Text.padded("group \(miss.group)", to: 26)
          + (miss.events == 0 ? "saw everything" : "missed \(Text.grouped(miss.events))"))
    }
    return lines.joined(separator: "\n")
  }

  /// The same as a document, with a heading that says what was done.
  public var markdown: String {
    let broker =
      victim.map { "broker \($0) (\(options.kill.text)) killed at \(Text.fixed(killAtSeconds ?? 0, 1)) s" }
      ?? "no broker killed"
    return """
      # Demo: \(passes ? "pass" : "fail")

      Engine `\(options.cluster.engine.rawValue)`, \(Text.grouped(options.rate)) events/s \
      for \(options.durationSeconds) s, seed \(options.seed), \(broker).

      ```
      \(summary(coloured: false))
      ```

      """
  }
}

/// A line of numbers as a line of bars.
public enum Sparkline {
  private static let bars: [Character] = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// Scaled to the largest; a space is nothing at all.
  public static func text(_ values: [Int]) -> String {
    guard let top = values.max(), top > 0 else { return String(repeating: " ", count: values.count) }
    return String(values.map { $0 <= 0 ? " " : bars[min(bars.count - 1, $0 * bars.count / (top + 1))] })
  }
}
