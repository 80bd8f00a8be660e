/// The text of `--help`, made from a command's tables.
public enum Help {
  /// - Parameter width: where lines end; nil for no end.
  public static func text(for command: Command, path: [String], coloured: Bool = false, width: Int? = nil) -> String {
    let width = width.map { max(40, $0) }
    let called = path.joined(separator: " ")
    func heading(_ text: String) -> String { Terminal.styled(text, .bold, when: coloured) }
    var lines = ["\(called): \(command.summary)", "", heading("Usage")]
    lines.append("  \(usage(of: command, called: called))")
    if !command.discussion.isEmpty { lines += [""] + Text.reflowed(command.discussion, to: width) }
    if !command.subcommands.isEmpty {
      lines += ["", heading("Commands")]
      lines += columns(command.subcommands.map { ($0.name, $0.summary) }, width)
      lines += ["", "More about one of them: \(called) COMMAND --help"]
    }
    if !command.positionals.isEmpty {
      lines += ["", heading("Arguments")] + columns(command.positionals.map { ($0.name, $0.help) }, width)
    }
    if command.subcommands.isEmpty {
      let options = command.options.filter { !$0.isHidden }.map { (label($0), describe($0)) }
      lines += ["", heading("Options")] + columns(options + [("-h, --help", "This text")], width)
    }
    if !command.examples.isEmpty {
      lines += ["", heading("Examples")]
      for example in command.examples {
        lines.append("  \(example.line)")
        lines.append("      \(Terminal.styled(example.effect, .dim, when: coloured))")
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func usage(of command: Command, called: String) -> String {
    if !command.subcommands.isEmpty { return "\(called) COMMAND …" }
    var text = called
    for spec in command.options where spec.isRequired { text += " --\(spec.name) \(spec.placeholder)" }
    for positional in command.positionals {
      let name = positional.name + (positional.repeats ? "…" : "")
      text += positional.isOptional ? " [\(name)]" : " \(name)"
    }
    return text + " [options]"
  }

  private static func label(_ spec: OptionSpec) -> String {
    let short = spec.short.map { "-\($0), " } ?? "    "
    return short + "--\(spec.name)" + (spec.placeholder.isEmpty ? "" : " \(spec.placeholder)")
  }

  private static func describe(_ spec: OptionSpec) -> String {
    var text = spec.help
    if let fallback = spec.defaultText { text += " (default: \(fallback))" }
    if spec.repeats { text += " (may be repeated)" }
    if spec.isRequired { text += " (needed)" }
    return text
  }

  private static func columns(_ rows: [(String, String)], _ total: Int?) -> [String] {
    let width = min(34, rows.map(\.0.count).max() ?? 0, total.map { $0 / 3 } ?? 34)
    let gap = "  " + Text.padded("", to: width) + "  "
    return rows.flatMap { name, text in
      let lines = Text.wrapped(text, to: total.map { $0 - gap.count })
      let first = "  " + Text.padded(name, to: width)
      let head = name.count > width ? [first, gap + (lines.first ?? "")] : ["\(first)  \(lines.first ?? "")"]
      return head + lines.dropFirst().map { gap + $0 }
    }
  }
}
