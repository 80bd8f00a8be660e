/// A file in the format of Java's properties: `key=value` lines, `#` and `!` comments, a backslash continues a line.
struct PropertiesFile {
  struct Entry {
    var key: String
    var value: String
    var line: Int
  }

  var entries: [Entry] = []

  /// Reads the text; a line without `=` or `:` is a key with an empty value, as in Java.
  init(_ text: String) {
    var pending = ""
    var pendingLine = 0
    for (index, raw) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let line = raw.hasSuffix("\r") ? raw.dropLast() : raw
      let trimmed = line.drop { $0 == " " || $0 == "\t" }
      if pending.isEmpty {
        if trimmed.isEmpty || trimmed.hasPrefix("#") || trimmed.hasPrefix("!") { continue }
        pendingLine = index + 1
      }
      if trimmed.hasSuffix("\\") {
        pending += trimmed.dropLast()
        continue
      }
      add(pending + trimmed, line: pendingLine)
      pending = ""
    }
    if !pending.isEmpty { add(pending, line: pendingLine) }
  }

  private mutating func add(_ line: String, line number: Int) {
    let separator = line.firstIndex { $0 == "=" || $0 == ":" }
    let key = separator.map { line[..<$0] } ?? line[...]
    let value = separator.map { line[line.index(after: $0)...] } ?? ""
    entries.append(Entry(key: trim(key), value: trim(value), line: number))
  }

  private func trim(_ text: Substring) -> String {
    var text = text
    while let c = text.first, c == " " || c == "\t" { text.removeFirst() }
    while let c = text.last, c == " " || c == "\t" { text.removeLast() }
    return String(text)
  }
}
