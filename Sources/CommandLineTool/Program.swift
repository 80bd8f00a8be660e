/// Runs a table of commands as a process does: messages to stderr, an exit code at the end.
public enum Program {
  /// Parses `words` (without the program's name), runs what they name and reports errors. Never throws: what a
  /// command throws is printed as `error: …` and becomes an exit code.
  public static func run(_ root: Command, version: String, _ words: [String]) async -> ExitCode {
    if words == ["--version"] {
      Terminal.print("\(root.name) \(version)")
      return .success
    }
    do {
      switch try Parser.parse(words, root: root) {
      case .help(let command, let path):
        Terminal.print(
          Help.text(
            for: command, path: path, coloured: Terminal.outputHasColour,
            width: Terminal.outputIsTerminal ? Terminal.width : nil))
        return .success
      case .run(let command, let arguments):
        return try await command.run?(arguments) ?? .success
      }
    } catch let error as UsageError {
      let called = error.path.isEmpty ? root.name : error.path.joined(separator: " ")
      Terminal.printError("error: \(error)")
      Terminal.printError("See: \(called) --help")
      return .usage
    } catch let code as ExitCode {
      return code
    } catch {
      Terminal.printError("error: \(error)")
      return (error as? any ExitCoded)?.exitCode ?? .failure
    }
  }
}
