/// Alert settings as an operator writes them: `--alert-setting RULE.KEY=VALUE`.
///
/// | key | value | rules |
/// |---|---|---|
/// | `after` | how long it must hold before it fires: `500ms`, `5s`, `2min` | all |
/// | `clears` | how long all must be well before it clears | all |
/// | `limit` | where it begins: a duration (`CanarySlow`, `GroupLagGrowing`), a size (`DiskSpace`: `64MiB`, `2GiB`), a number (`ErrorRate`: a second; `ControllerFlapping`: changes) | those five |
/// | `within` | how far back changes are counted | `ControllerFlapping` |
extension AlertSettings {
  /// What is wrong with a setting, for the person who wrote it.
  public struct Fault: Error, Sendable, Equatable, CustomStringConvertible {
    public var description: String
  }

  /// Nobody waits longer for an alert. Milliseconds.
  static let durationMax: Int64 = 7 * 86_400_000

  /// Takes in one setting, `RULE.KEY=VALUE`.
  public mutating func set(_ text: String) throws(Fault) {
    let sides = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let names = sides[0].split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard sides.count == 2, names.count == 2 else {
      throw Fault(description: "has the form RULE.KEY=VALUE, like BrokerLeft.after=30s; got “\(text)”")
    }
    let (rule, key, value) = (String(names[0]), names[1], String(sides[1]))
    guard AlertRule.all.contains(where: { $0.name == rule }) else {
      let all = AlertRule.all.map(\.name).joined(separator: ", ")
      throw Fault(description: "there is no alert “\(rule)”; there are \(all)")
    }
    switch (key, rule) {
    case ("after", _): firesAfter[rule] = try Self.duration(value, of: text)
    case ("clears", _): clearsAfter[rule] = try Self.duration(value, of: text)
    case ("limit", "CanarySlow"): canaryPercentile99 = Double(try Self.duration(value, of: text))
    case ("limit", "GroupLagGrowing"): lagMilliseconds = Double(try Self.duration(value, of: text))
    case ("limit", "DiskSpace"): diskFreeBytes = try Self.size(value, of: text)
    case ("limit", "ErrorRate"):
      guard let rate = Double(value), rate.isFinite, rate >= 0 else {
        throw Fault(description: "a number of requests a second is expected; got “\(text)”")
      }
      errorsPerSecond = rate
    case ("limit", "ControllerFlapping"):
      guard let changes = Int(value), changes > 0 else {
        throw Fault(description: "a number of changes is expected; got “\(text)”")
      }
      controllerChanges = changes
    case ("within", "ControllerFlapping"): controllerWindow = try Self.duration(value, of: text)
    default: throw Fault(description: "\(rule) has no setting “\(key)”; got “\(text)”")
    }
  }

  private static func duration(_ value: String, of text: String) throws(Fault) -> Int64 {
    let units: [(String, Int64)] = [("ms", 1), ("min", 60_000), ("s", 1_000), ("h", 3_600_000)]
    guard let result = quantity(value, units), result <= durationMax else {
      throw Fault(description: "a duration like 500ms, 5s, 2min, 1h is expected (at most 7 days); got “\(text)”")
    }
    return result
  }

  private static func size(_ value: String, of text: String) throws(Fault) -> Int64 {
    let units: [(String, Int64)] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("TiB", 1 << 40), ("B", 1)]
    guard let result = quantity(value, units) else {
      throw Fault(description: "a size like 64MiB, 2GiB is expected; got “\(text)”")
    }
    return result
  }

  /// A whole number, not negative, with one of these units.
  private static func quantity(_ value: String, _ units: [(name: String, factor: Int64)]) -> Int64? {
    guard let unit = units.first(where: { value.hasSuffix($0.name) }),
      let number = Int64(value.dropLast(unit.name.count)), number >= 0
    else { return nil }
    let (result, overflow) = number.multipliedReportingOverflow(by: unit.factor)
    return overflow ? nil : result
  }
}
