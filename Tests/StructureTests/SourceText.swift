import Foundation

/// Swift source as text, enough for rules about words: comments and the insides of strings can be taken out.
struct SourceText {
  var path: String
  var text: String

  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// All Swift files of a target's folder, in a fixed order.
  static func files(in folder: String) throws -> [SourceText] {
    let base = root.appendingPathComponent(folder)
    guard let walk = FileManager.default.enumerator(atPath: base.path) else { return [] }
    var result: [SourceText] = []
    for case let name as String in walk where name.hasSuffix(".swift") {
      let file = base.appendingPathComponent(name)
      result.append(SourceText(path: "\(folder)/\(name)", text: try String(contentsOf: file, encoding: .utf8)))
    }
    return result.sorted { $0.path < $1.path }
  }

  /// The modules that a file imports.
  var imports: [String] {
    code.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard let index = words.firstIndex(of: "import"),
        words[..<index].allSatisfy({ $0.hasPrefix("@") || ["public", "internal", "private"].contains($0) })
      else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "let", "var", "typealias"]
      guard let name = words.dropFirst(index + 1).first(where: { !kinds.contains($0) }) else { return nil }
      return String(name.prefix { $0 != "." })
    }
  }

  /// The code without comments and without what stands in strings.
  var code: String { Self.strip(text, strings: true) }

  static func withoutComments(_ text: String) -> String { strip(text, strings: false) }

  private static func strip(_ text: String, strings: Bool) -> String {
    let characters = Array(text)
    var out: [Character] = []
    var index = 0
    func at(_ word: String) -> Bool { characters[index...].starts(with: word) }
    while index < characters.count {
      if at("//") {
        while index < characters.count, characters[index] != "\n" { index += 1 }
      } else if at("/*") {
        while index < characters.count, !at("*/") { index += 1 }
        index = min(index + 2, characters.count)
      } else if characters[index] == "\"" {
        let fence = at("\"\"\"") ? "\"\"\"" : "\""
        let start = index
        index += fence.count
        while index < characters.count, !at(fence) { index += characters[index] == "\\" ? 2 : 1 }
        index = min(index + fence.count, characters.count)
        let whole = characters[start..<index]
        // Line numbers stay what they were.
        out += strings ? Array("\"\"") + whole.filter { $0 == "\n" } : Array(whole)
      } else {
        out.append(characters[index])
        index += 1
      }
    }
    return String(out)
  }

  /// Where a word stands in the code as a word of its own: `Task` does not match `TaskList`.
  func lines(with word: String) -> [Int] {
    let isWordCharacter = { (character: Character) in character.isLetter || character.isNumber || character == "_" }
    return code.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { number, line in
      var rest = line[...]
      while let range = rest.range(of: word) {
        let before = range.lowerBound == line.startIndex ? " " : line[line.index(before: range.lowerBound)]
        let after = range.upperBound == line.endIndex ? " " : line[range.upperBound]
        let first = word.first ?? " "
        let last = word.last ?? " "
        if !(isWordCharacter(first) && isWordCharacter(before)), !(isWordCharacter(last) && isWordCharacter(after)) {
          return number + 1
        }
        rest = line[range.upperBound...]
      }
      return nil
    }
  }
}
