import EventLoop

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// How much a log line matters.
public enum LogLevel: Int, Sendable, Comparable, CaseIterable {
  case debug, info, warn, error

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }

  public init?(_ name: String) {
    guard let level = LogLevel.allCases.first(where: { "\($0)" == name.lowercased() }) else { return nil }
    self = level
  }
}

/// Structured log lines on standard error, one an event: time, level, event, fields.
///
/// Safe from any thread: each line is one `write`.
public struct Logger: Sendable {
  public var level: LogLevel
  private let prefix: String

  public init(level: LogLevel = .info, node: Int32) {
    self.level = level
    prefix = "node=\(node)"
  }

  public func debug(_ event: String, _ fields: @autoclosure () -> String = "") { log(.debug, event, fields) }
  public func info(_ event: String, _ fields: @autoclosure () -> String = "") { log(.info, event, fields) }
  public func warn(_ event: String, _ fields: @autoclosure () -> String = "") { log(.warn, event, fields) }
  public func error(_ event: String, _ fields: @autoclosure () -> String = "") { log(.error, event, fields) }

  private func log(_ level: LogLevel, _ event: String, _ fields: () -> String) {
    guard level >= self.level else { return }
    let details = fields()
    let name = "\(level)".uppercased()
    let padded = name.count < 5 ? name + String(repeating: " ", count: 5 - name.count) : name
    var line = "\(Logger.timestamp(EventLoop.wallClockMilliseconds)) \(padded) \(prefix) \(event)"
    if !details.isEmpty { line += " " + details }
    // One event is one line, whatever the fields hold.
    var bytes = line.utf8.map { $0 < 32 ? UInt8(ascii: " ") : $0 }
    bytes.append(10)
    _ = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
  }

  /// RFC 3339 in UTC with milliseconds. Days to a date after Howard Hinnant's `civil_from_days`.
  static func timestamp(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    let days = seconds / 86400
    let time = seconds % 86400
    let z = days + 719_468
    let era = z / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shifted + 2) / 5 + 1
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func two(_ n: Int64) -> String { n < 10 ? "0\(n)" : "\(n)" }
    let fraction = String(1000 + milliseconds % 1000).dropFirst()
    return "\(year)-\(two(month))-\(two(day))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60)).\(fraction)Z"
  }
}
