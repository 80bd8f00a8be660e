import CommandLineTool

extension TopScreen {
  /// The same facts on one line, for logs and pipes: `name=value`, `?` for unknown.
  public static func line(_ report: MonitorReport) -> String {
    let model = report.model
    let serving = model.brokers.count(where: \.serves)
    var words = [
      time(model.at), model.verdict.word.rawValue.uppercased(), "brokers=\(serving)/\(model.brokers.count)",
      "controller=\(model.controller.id.map { "\($0)" } ?? "?")", "tolerates=\(number(model.tolerance.failures))",
      "offline=\(number(model.partitions.offline))", "under_min_isr=\(number(model.partitions.underMinISR))",
      "under_replicated=\(number(model.partitions.underReplicated))",
      "events_in=\(number(model.traffic.eventsInPerSecond))", "events_out=\(number(model.traffic.eventsOutPerSecond))",
      "produce_p99_ms=\(number(model.canary.producePercentile99))",
      "lag=\(model.totalLag.map { "\($0)" } ?? "?")",
    ]
    let alerts = report.alerts.firing.map { alert in
      alert.subject.map { "\(alert.name)(\(Phrase.clean($0).split(separator: " ").joined(separator: "_")))" }
        ?? alert.name
    }
    if !alerts.isEmpty { words.append("alerts=\(alerts.joined(separator: ","))") }
    return words.joined(separator: " ")
  }

  private static func number(_ value: Int?) -> String { value.map { "\($0)" } ?? "?" }
  private static func number(_ value: Double?) -> String { value.map { Text.number($0, digits: 1) } ?? "?" }

  /// Milliseconds since 1970 as `2026-11-24T19:24:08Z` (civil date by Howard Hinnant's `civil_from_days`).
  static func time(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1_000 - (milliseconds % 1_000 < 0 ? 1 : 0)
    let second = ((seconds % 86_400) + 86_400) % 86_400
    let days = (seconds - second) / 86_400 + 719_468
    let era = (days >= 0 ? days : days - 146_096) / 146_097
    let dayOfEra = days - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(year)-\(two(month))-\(two(day))T\(two(second / 3_600)):\(two(second / 60 % 60)):\(two(second % 60))Z"
  }
}
