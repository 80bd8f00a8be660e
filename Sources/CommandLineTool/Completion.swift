/// Shell completion scripts, generated from the same tables as parsing and help.
public enum Completion {
  public static let shells = ["bash", "zsh", "fish"]

  /// The script for one of `shells`; nil for another name.
  public static func script(for root: Command, shell: String) -> String? {
    switch shell {
    case "bash": bash(root)
    case "zsh": zsh(root)
    case "fish": fish(root)
    default: nil
    }
  }

  /// Every command with the words that lead to it, outermost first.
  static func flattened(_ command: Command, path: [String] = []) -> [(path: [String], command: Command)] {
    [(path, command)]
      + command.subcommands.flatMap { flattened($0, path: path + [$0.name]) }
  }

  private static func words(_ command: Command) -> [String] {
    command.subcommands.map(\.name)
      + (command.subcommands.isEmpty ? command.options.filter { !$0.isHidden }.map { "--\($0.name)" } : [])
      + ["--help"]
  }

  /// What bash offers where a value of this kind is expected; nil when anything may stand there.
  private static func bashValues(_ kind: ValueKind) -> String? {
    switch kind {
    case .choice(let choices): "COMPREPLY=($(compgen -W \"\(choices.joined(separator: " "))\" -- \"$word\"))"
    case .path: "COMPREPLY=($(compgen -f -- \"$word\"))"
    case .directory: "COMPREPLY=($(compgen -d -- \"$word\"))"
    case .topic:
      "COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" completion topics \"${where[@]}\" 2>/dev/null)\" -- \"$word\"))"
    case .group:
      "COMPREPLY=($(compgen -W \"$(\"${COMP_WORDS[0]}\" completion groups \"${where[@]}\" 2>/dev/null)\" -- \"$word\"))"
    case .flag, .text, .integer, .seconds, .keyValue: nil
    }
  }

  private static func bash(_ root: Command) -> String {
    var cases = ""
    var values = ""
    var places = ""
    for (path, command) in flattened(root) {
      let key = path.joined(separator: " ")
      cases += "    \"\(key)\") words=\"\(words(command).joined(separator: " "))\" ;;\n"
      for option in command.options where option.kind != .flag {
        let names = ["--\(option.name)"] + (option.short.map { ["-\($0)"] } ?? [])
        let patterns = names.map { "\"\(key) \($0)\"" }.joined(separator: " | ")
        values += "    \(patterns)) \(bashValues(option.kind).map { $0 + "; " } ?? "")return ;;\n"
      }
      if let last = command.positionals.last, let found = bashValues(last.kind) {
        places += "    \"\(key)\") \(found) ;;\n"
      }
    }
    let names = flattened(root).map { $0.path.joined(separator: " ") }.filter { !$0.isEmpty }
    return """
      # bash completion for \(root.name). Load it with: source <(\(root.name) completion bash)
      _\(root.name)() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path="" words="" i where=()
        for ((i = 1; i < COMP_CWORD; i++)); do
          case "|\(names.joined(separator: "|"))|" in
            *"|${path:+$path }${COMP_WORDS[i]}|"*) path="${path:+$path }${COMP_WORDS[i]}" ;;
          esac
          case "${COMP_WORDS[i]}" in
            -b | --bootstrap-servers | --data-dir)
              where=("${COMP_WORDS[i]}" "${COMP_WORDS[i+1]}")
              # bash cuts host:port at the colon.
              [[ ${COMP_WORDS[i+2]} != : ]] || where=("${COMP_WORDS[i]}" "${COMP_WORDS[i+1]}:${COMP_WORDS[i+3]}") ;;
          esac
        done
        case "$path $previous" in
      \(values)  esac
        case "$path" in
      \(cases)  esac
        COMPREPLY=()
        [[ $word == -* ]] || case "$path" in
      \(places)  esac
        [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -W "$words" -- "$word"))
        [[ ${#COMPREPLY[@]} -gt 0 ]] || COMPREPLY=($(compgen -f -- "$word"))
      }
      complete -F _\(root.name) \(root.name)

      """
  }

  /// zsh runs the bash script through its own compatibility layer.
  private static func zsh(_ root: Command) -> String {
    """
    # zsh completion for \(root.name). Load it with: source <(\(root.name) completion zsh)
    autoload -U +X bashcompinit && bashcompinit
    \(bash(root))
    """
  }

  private static func fish(_ root: Command) -> String {
    var lines = ["# fish completion for \(root.name). Load it with: \(root.name) completion fish | source"]
    func quoted(_ text: String) -> String {
      "'" + text.map { $0 == "'" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "'"
    }
    for (path, command) in flattened(root) {
      var condition = path.map { "__fish_seen_subcommand_from \($0)" }.joined(separator: "; and ")
      if !command.subcommands.isEmpty {
        let names = command.subcommands.map(\.name).joined(separator: " ")
        condition += (condition.isEmpty ? "" : "; and ") + "not __fish_seen_subcommand_from \(names)"
      }
      let start = "complete -c \(root.name) -n \(quoted(condition))"
      for sub in command.subcommands { lines.append("\(start) -f -a \(sub.name) -d \(quoted(sub.summary))") }
      guard command.subcommands.isEmpty else { continue }
      switch command.positionals.last?.kind {
      case .topic: lines.append("\(start) -f -a '(\(root.name) completion topics 2>/dev/null)'")
      case .group: lines.append("\(start) -f -a '(\(root.name) completion groups 2>/dev/null)'")
      case .choice(let choices): lines.append("\(start) -f -a \(quoted(choices.joined(separator: " ")))")
      default: break
      }
      for option in command.options where !option.isHidden {
        var line = "\(start) -l \(option.name)"
        if let short = option.short { line += " -s \(short)" }
        switch option.kind {
        case .flag: break
        case .choice(let choices): line += " -x -a \(quoted(choices.joined(separator: " ")))"
        case .path, .directory: line += " -r"
        default: line += " -x"
        }
        lines.append("\(line) -d \(quoted(option.help))")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
