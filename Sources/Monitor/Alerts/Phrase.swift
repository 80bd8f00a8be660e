import CommandLineTool

/// Numbers and names in sentences for people.
enum Phrase {
  /// "1 partition", "7 partitions".
  static func count(_ number: Int, _ noun: String) -> String {
    number == 1 ? "1 \(noun)" : "\(Text.grouped(number)) \(noun)s"
  }

  /// "850 ms", "14 s", "3 min", "5 h", "2 d": milliseconds in one unit.
  static func time(_ milliseconds: Double) -> String {
    guard milliseconds.isFinite else { return "an unknown time" }
    return switch milliseconds {
    case ..<1_000: "\(Text.number(milliseconds, digits: milliseconds < 10 ? 1 : 0)) ms"
    case ..<120_000: "\(Text.number(milliseconds / 1_000, digits: milliseconds < 10_000 ? 1 : 0)) s"
    case ..<7_200_000: "\(Text.number(milliseconds / 60_000, digits: 0)) min"
    case ..<172_800_000: "\(Text.number(milliseconds / 3_600_000, digits: 0)) h"
    default: "\(Text.number(milliseconds / 86_400_000, digits: 0)) d"
    }
  }

  /// "512 MiB": bytes in the unit that fits.
  static func bytes(_ number: Double) -> String {
    guard number.isFinite else { return "an unknown number of bytes" }
    var value = number
    for unit in ["B", "KiB", "MiB", "GiB"] {
      if value.magnitude < 1024 { return "\(Text.number(value, digits: value < 10 ? 1 : 0)) \(unit)" }
      value /= 1024
    }
    return "\(Text.number(value, digits: value < 10 ? 1 : 0)) TiB"
  }

  /// A word for a shell's command line: as it is when it is harmless, in single quotes otherwise.
  static func word(_ text: String) -> String {
    let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-:,/"
    if !text.isEmpty, !text.hasPrefix("-"), text.allSatisfy({ plain.contains($0) }) { return text }
    return "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
  }

  /// Nothing that a terminal would obey: control characters (C0, DEL, C1), format characters that turn the direction
  /// of writing, and line separators are shown as `�`.
  static func clean(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
        result.append("\u{FFFD}")
      default: result.append(scalar)
      }
    }
    return String(result)
  }
}
