/// Numbers for people.
public enum Text {
  /// `10`, `0.25`, `1.5`: at most `digits` after the point, no trailing zeros.
  public static func number(_ value: Double, digits: Int = 3) -> String {
    var text = fixed(value, digits)
    guard text.contains(".") else { return text }
    while text.last == "0" { text.removeLast() }
    if text.last == "." { text.removeLast() }
    return text
  }

  /// Exactly `digits` after the point, rounded half away from zero.
  public static func fixed(_ value: Double, _ digits: Int) -> String {
    guard value.isFinite else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<digits { scale *= 10 }
    guard let scaled = Int64(exactly: (value.magnitude * scale).rounded(.toNearestOrAwayFromZero)) else {
      return "\(value)"
    }
    let sign = value < 0 && scaled != 0 ? "-" : ""
    guard digits > 0 else { return "\(sign)\(scaled)" }
    let fraction = String(scaled % Int64(scale))
    return "\(sign)\(scaled / Int64(scale))." + String(repeating: "0", count: digits - fraction.count) + fraction
  }

  /// `1,234,567`.
  public static func grouped(_ value: Int) -> String {
    let digits = String(value.magnitude)
    var result = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
      result.append(digit)
    }
    return value < 0 ? "-" + result : result
  }

  public static func padded(_ text: String, to width: Int, right: Bool = false) -> String {
    let filling = String(repeating: " ", count: max(0, width - text.count))
    return right ? filling + text : text + filling
  }

  /// Lines of at most `width` characters, broken between words; nil for one line.
  public static func wrapped(_ text: String, to width: Int?) -> [String] {
    guard let width, text.count > width else { return [text] }
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = String(word)
      } else {
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    return lines + [line]
  }

  /// Paragraphs broken anew at `width`; lines that begin with a space stay as they are. Nil leaves everything.
  static func reflowed(_ text: String, to width: Int?) -> [String] {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard let width else { return lines }
    var result: [String] = []
    var paragraph: [String] = []
    func finish() {
      if !paragraph.isEmpty { result += wrapped(paragraph.joined(separator: " "), to: width) }
      paragraph = []
    }
    for line in lines {
      if line.isEmpty || line.hasPrefix(" ") {
        finish()
        result.append(line)
      } else {
        paragraph.append(line)
      }
    }
    finish()
    return result
  }
}
