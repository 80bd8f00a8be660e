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

  private static func bash(_ root: Command) -> String {
    var cases = ""
    var values = ""
    for (path, command) in flattened(root) {
      let key = path.joined(separator: " ")
      cases += "    \"\(key)\") words=\"\(words(command).joined(separator: " "))\" ;;\n"
      for option in command.options {
        switch option.kind {
        case .choice(let choices):
          values +=
            "    \"\(key) --\(option.name)\") COMPREPLY=($(compgen -W \"\(choices.joined(separator: " "))\" -- \"$word\")); return ;;\n"
        case .path:
          values += "    \"\(key) --\(option.name)\") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
        case .directory:
          values += "    \"\(key) --\(option.name)\") COMPREPLY=($(compgen -d -- \"$word\")); return ;;\n"
        default: break
        }
      }
    }
    let names = flattened(root).map { $0.path.joined(separator: " ") }.filter { !$0.isEmpty }
    return """
      # bash completion for \(root.name). Load it with: source <(\(root.name) completion bash)
      _\(root.name)() {
        local word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]} path="" words="" i
        for ((i = 1; i < COMP_CWORD; i++)); do
          case "|\(names.joined(separator: "|"))|" in
            *"|${path:+$path }${COMP_WORDS[i]}|"*) path="${path:+$path }${COMP_WORDS[i]}" ;;
          esac
        done
        case "$path $previous" in
      \(values)  esac
        case "$path" in
      \(cases)  esac
        COMPREPLY=($(compgen -W "$words" -- "$word"))
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
