/// Turns words into a command and its arguments. Pure: reads nothing, prints nothing.
public enum Parser {
  public enum Outcome: Sendable {
    case run(Command, Arguments)
    case help(Command, path: [String])
  }

  /// Finds the command that `words` (without the program's own name) name and checks what it was given.
  public static func parse(_ words: [String], root: Command) throws(UsageError) -> Outcome {
    var command = root
    var path = [root.name]
    var rest = words[...]
    while !command.subcommands.isEmpty {
      guard let word = rest.first else { return .help(command, path: path) }
      if isHelp(word) { return .help(command, path: path) }
      if word.hasPrefix("-") { throw unknown(option: word, of: command, path: path) }
      if word == "help", command.subcommands.allSatisfy({ $0.name != "help" }) {
        // `help topics create` is `topics create --help`.
        return try parse(rest.dropFirst() + ["--help"], root: command)
      }
      guard let next = command.subcommands.first(where: { $0.name == word }) else {
        let names = command.subcommands.map(\.name)
        let hint = Suggestion.closest(to: word, among: names).map { " Did you mean \($0)?" } ?? ""
        throw UsageError("unknown command: \((path.dropFirst() + [word]).joined(separator: " ")).\(hint)", path: path)
      }
      command = next
      path.append(word)
      rest = rest.dropFirst()
    }
    if rest.prefix(while: { $0 != "--" }).contains(where: isHelp) { return .help(command, path: path) }
    return .run(command, try arguments(rest, of: command, path: path))
  }

  static func isHelp(_ word: String) -> Bool { word == "--help" || word == "-h" }

  private static func arguments(
    _ words: ArraySlice<String>, of command: Command, path: [String]
  ) throws(UsageError) -> Arguments {
    var result = Arguments(path: path, given: [:], positionals: [])
    var rest = words
    while let word = rest.popFirst() {
      if word == "--" {
        result.positionals += rest
        break
      }
      guard word.hasPrefix("-"), word.count > 1, !(Int(word) != nil && !command.positionals.isEmpty) else {
        result.positionals.append(word)
        continue
      }
      let (name, attached) = split(word)
      guard let spec = command.options.first(where: { matches($0, name) }) else {
        throw unknown(option: name, of: command, path: path)
      }
      if spec.kind == .flag {
        guard attached == nil else { throw UsageError("--\(spec.name) takes no value", path: path) }
        result.given[spec.name] = ["true"]
        continue
      }
      guard let value = attached ?? rest.popFirst() else {
        throw UsageError("--\(spec.name) needs a value: \(spec.placeholder)", path: path)
      }
      if let fault = spec.fault(value) { throw UsageError("--\(spec.name) \(fault); got “\(value)”", path: path) }
      if result.given[spec.name] != nil, !spec.repeats {
        throw UsageError("--\(spec.name) was given twice", path: path)
      }
      result.given[spec.name, default: []].append(value)
    }
    try checkCounts(result, of: command, path: path)
    return result
  }

  private static func checkCounts(_ result: Arguments, of command: Command, path: [String]) throws(UsageError) {
    for spec in command.options where spec.isRequired && result.given[spec.name] == nil {
      throw UsageError("--\(spec.name) \(spec.placeholder) is needed", path: path)
    }
    let needed = command.positionals.filter { !$0.isOptional }
    if result.positionals.count < needed.count {
      throw UsageError("missing: \(needed[result.positionals.count].name)", path: path)
    }
    if result.positionals.count > command.positionals.count, !(command.positionals.last?.repeats ?? false) {
      throw UsageError("unexpected: \(result.positionals[command.positionals.count])", path: path)
    }
  }

  /// `--name=value` into its halves.
  private static func split(_ word: String) -> (name: String, value: String?) {
    guard word.hasPrefix("--"), let equals = word.firstIndex(of: "=") else { return (word, nil) }
    return (String(word[..<equals]), String(word[word.index(after: equals)...]))
  }

  private static func matches(_ spec: OptionSpec, _ word: String) -> Bool {
    if word.hasPrefix("--") { return word.dropFirst(2) == spec.name }
    return spec.short.map { word == "-\($0)" } ?? false
  }

  private static func unknown(option word: String, of command: Command, path: [String]) -> UsageError {
    let names = command.options.filter { !$0.isHidden }.map { "--\($0.name)" } + ["--help"]
    let hint = Suggestion.closest(to: word, among: names).map { " Did you mean \($0)?" } ?? ""
    return UsageError("unknown option: \(word).\(hint)", path: path)
  }
}
