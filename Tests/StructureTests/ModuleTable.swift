/// The targets of Package.swift with what each may import, read from its text: no tool, no build.
struct ModuleTable {
  struct Module: Equatable {
    enum Kind: String { case library, executable, tests, system, c }
    var name: String
    var kind: Kind
    var dependencies: [String]
  }

  var modules: [Module] = []

  func module(_ name: String) -> Module? { modules.first { $0.name == name } }

  init(packageText: String) {
    let text = Array(SourceText.withoutComments(packageText))
    let forms: [(opening: String, kind: Module.Kind)] = [
      ("library(\"", .library), ("tests(\"", .tests), ("system(\"", .system), (".executableTarget(", .executable),
      (".target(name: \"", .c),
    ]
    var position = 0
    while position < text.count {
      guard let form = forms.first(where: { text[position...].starts(with: $0.opening) }),
        position == 0 || !text[position - 1].isLetter
      else {
        position += 1
        continue
      }
      let open = text[position...].firstIndex(of: "(") ?? position
      let end = Self.closing(text, from: open)
      let call = text[open..<end]
      if let name = Self.strings(in: call).first {
        var dependencies: [String] = []
        if form.kind != .system, let bracket = call.firstIndex(of: "[") {
          dependencies = Self.strings(in: text[bracket..<Self.closing(text, from: bracket)])
        }
        modules.append(Module(name: name, kind: form.kind, dependencies: dependencies))
      }
      position = end
    }
  }

  /// The position after the bracket that closes the one at `start`.
  private static func closing(_ text: [Character], from start: Int) -> Int {
    var depth = 0
    var inString = false
    for index in start..<text.count {
      switch text[index] {
      case "\"": inString.toggle()
      case "(", "[": if !inString { depth += 1 }
      case ")", "]":
        if !inString { depth -= 1 }
        if depth == 0 { return index + 1 }
      default: break
      }
    }
    return text.count
  }

  private static func strings(in text: ArraySlice<Character>) -> [String] {
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
  }
}
