/// The reader behind `PrometheusPage`: one pass, line by line, over bytes.
struct PrometheusParser {
  private let bytes: UnsafeRawBufferPointer
  private let keeping: Set<String>?
  private let limits: PrometheusPage.Limits
  private var position = 0
  private var lineEnd = 0
  private var line = 0
  /// The name of the line before, and whether it is kept: lines of one metric follow each other.
  private var lastName = ""
  private var lastNameRange = 0..<0
  private var isLastKept = false
  var samples: [PrometheusPage.Sample] = []
  var types: [String: MetricType] = [:]

  init(_ bytes: UnsafeRawBufferPointer, keeping: Set<String>?, limits: PrometheusPage.Limits) {
    self.bytes = bytes
    self.keeping = keeping
    self.limits = limits
  }

  private func error(_ reason: PrometheusPageError.Reason) -> PrometheusPageError {
    PrometheusPageError(reason: reason, line: line)
  }

  mutating func run() throws(PrometheusPageError) {
    guard bytes.count <= limits.bytes else {
      throw PrometheusPageError(reason: .tooLong(bytes: bytes.count), line: 0)
    }
    while position < bytes.count {
      line += 1
      lineEnd = position
      while lineEnd < bytes.count, bytes[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
      let next = lineEnd + 1
      if lineEnd > position, bytes[lineEnd - 1] == UInt8(ascii: "\r") { lineEnd -= 1 }
      skipBlanks()
      if position < lineEnd {
        if bytes[position] == UInt8(ascii: "#") { try comment() } else { try sample() }
      }
      position = next
    }
  }

  private mutating func skipBlanks() {
    while position < lineEnd, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") {
      position += 1
    }
  }

  /// `# TYPE name type`; other comments (`# HELP`, too) say nothing that is kept.
  private mutating func comment() throws(PrometheusPageError) {
    position += 1
    skipBlanks()
    guard take("TYPE") else { return }
    guard position < lineEnd, bytes[position] == UInt8(ascii: " ") || bytes[position] == UInt8(ascii: "\t") else {
      return
    }
    skipBlanks()
    let name = try name(allowsColon: true)
    skipBlanks()
    var end = lineEnd
    while end > position, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\t") { end -= 1 }
    guard end - position <= 16 else { throw error(.badType) }
    let word = String(decoding: bytes[position..<end], as: UTF8.self)
    guard let type = MetricType(rawValue: word == "unknown" ? "untyped" : word) else { throw error(.badType) }
    if keeping?.contains(name) ?? true { types[name] = type }
  }

  private mutating func take(_ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    guard lineEnd - position >= count else { return false }
    for index in 0..<count where bytes[position + index] != word.utf8Start[index] { return false }
    position += count
    return true
  }

  private mutating func sample() throws(PrometheusPageError) {
    let start = position
    let range = try nameRange(allowsColon: true)
    if !isSame(range, lastNameRange) {
      lastName = String(decoding: bytes[range], as: UTF8.self)
      isLastKept = keeping?.contains(lastName) ?? true
    }
    lastNameRange = start..<range.upperBound
    guard isLastKept else { return }
    var sample = PrometheusPage.Sample(name: lastName, value: 0)
    skipBlanks()
    if position < lineEnd, bytes[position] == UInt8(ascii: "{") { sample.labels = try labels() }
    skipBlanks()
    sample.value = try value()
    skipBlanks()
    try timestamp()
    guard samples.count < limits.samples else { throw error(.tooManySamples) }
    samples.append(sample)
  }

  private func isSame(_ first: Range<Int>, _ second: Range<Int>) -> Bool {
    guard first.count == second.count else { return false }
    for index in 0..<first.count where bytes[first.lowerBound + index] != bytes[second.lowerBound + index] {
      return false
    }
    return true
  }

  // MARK: names

  private mutating func name(allowsColon: Bool) throws(PrometheusPageError) -> String {
    String(decoding: bytes[try nameRange(allowsColon: allowsColon)], as: UTF8.self)
  }

  /// `[a-zA-Z_:][a-zA-Z0-9_:]*`; labels have no colon.
  private mutating func nameRange(allowsColon: Bool) throws(PrometheusPageError) -> Range<Int> {
    let start = position
    while position < lineEnd {
      switch bytes[position] {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"): break
      case UInt8(ascii: ":") where allowsColon: break
      case UInt8(ascii: "0")...UInt8(ascii: "9") where position > start: break
      default: return try checked(start)
      }
      position += 1
    }
    return try checked(start)
  }

  private func checked(_ start: Int) throws(PrometheusPageError) -> Range<Int> {
    guard position > start else { throw error(.noName) }
    guard position - start <= limits.textBytes else { throw error(.textTooLong) }
    return start..<position
  }

  // MARK: labels

  /// `{name="value",name="value",}`, the last comma optional.
  private mutating func labels() throws(PrometheusPageError) -> [PrometheusPage.Label] {
    position += 1
    var labels: [PrometheusPage.Label] = []
    while true {
      skipBlanks()
      guard position < lineEnd else { throw error(.badLabels) }
      if bytes[position] == UInt8(ascii: "}") {
        position += 1
        return labels
      }
      guard labels.count < limits.labelsOfASample else { throw error(.tooManyLabels) }
      let name = try name(allowsColon: false)
      skipBlanks()
      guard take("=") else { throw error(.badLabels) }
      skipBlanks()
      guard take("\"") else { throw error(.badLabels) }
      labels.append(PrometheusPage.Label(name, try quoted()))
      skipBlanks()
      guard take(",") || (position < lineEnd && bytes[position] == UInt8(ascii: "}")) else { throw error(.badLabels) }
    }
  }

  /// The rest of a label's value: `\\`, `\"` and `\n` stand for one character; any other backslash for itself.
  private mutating func quoted() throws(PrometheusPageError) -> String {
    let start = position
    var end = start
    var isEscaped = false
    while end < lineEnd, bytes[end] != UInt8(ascii: "\"") {
      if bytes[end] == UInt8(ascii: "\\") {
        isEscaped = true
        end += 1
      }
      end += 1
    }
    guard end < lineEnd else { throw error(.badLabels) }
    guard end - start <= limits.textBytes else { throw error(.textTooLong) }
    position = end + 1
    let text: String?
    if isEscaped {
      var plain: [UInt8] = []
      plain.reserveCapacity(end - start)
      var index = start
      while index < end {
        if bytes[index] == UInt8(ascii: "\\"), index + 1 < end {
          switch bytes[index + 1] {
          case UInt8(ascii: "n"): plain.append(UInt8(ascii: "\n"))
          case UInt8(ascii: "\\"), UInt8(ascii: "\""): plain.append(bytes[index + 1])
          default: plain += [UInt8(ascii: "\\"), bytes[index + 1]]
          }
          index += 2
        } else {
          plain.append(bytes[index])
          index += 1
        }
      }
      text = String(validating: plain, as: UTF8.self)
    } else {
      text = String(validating: bytes[start..<end], as: UTF8.self)
    }
    guard let text else { throw error(.notUTF8) }
    return text
  }

  // MARK: numbers

  private mutating func word() -> Range<Int> {
    let start = position
    while position < lineEnd, bytes[position] != UInt8(ascii: " "), bytes[position] != UInt8(ascii: "\t") {
      position += 1
    }
    return start..<position
  }

  private mutating func value() throws(PrometheusPageError) -> Double {
    let range = word()
    guard !range.isEmpty, range.count <= 64 else { throw error(.badValue) }
    switch String(decoding: bytes[range], as: UTF8.self) {
    case "+Inf", "Inf": return .infinity
    case "-Inf": return -.infinity
    case "NaN": return .nan
    case let text:
      guard let number = Double(text) else { throw error(.badValue) }
      return number
    }
  }

  /// Milliseconds that may follow the value; nothing else may.
  private mutating func timestamp() throws(PrometheusPageError) {
    let range = word()
    guard !range.isEmpty else { return }
    guard range.count <= 20, Int64(String(decoding: bytes[range], as: UTF8.self)) != nil else {
      throw error(.badTimestamp)
    }
    skipBlanks()
    guard position == lineEnd else { throw error(.badTimestamp) }
  }
}
