import ClusterHost
import CommandLineTool
import Monitor

/// The commands that act on a running cluster: `down`, `kill`, `pause`, `resume`, `start`.
enum Operate {
  static let location: [OptionSpec] = [SharedOptions.dataDirectory.spec, SharedOptions.port.spec]

  /// The cluster meant by `--data-dir`, checked against `--port` when that is given.
  static func directory(_ arguments: Arguments) throws -> SupervisorDirectory {
    let path = arguments[SharedOptions.dataDirectory]
    if arguments.has(SharedOptions.port), let cluster = try ClusterDirectory(path).description(),
      cluster.portBase != arguments[SharedOptions.port]
    {
      throw UsageError(
        "the cluster in \(path) is on port \(cluster.portBase), not \(arguments[SharedOptions.port])",
        path: arguments.path)
    }
    return SupervisorDirectory(path)
  }

  static let down: Command = Command(
    "down", summary: "Shut a cluster down in order", options: location,
    examples: [
      Example("streamsocial down", "ends the cluster in ./.streamsocial; its data stays"),
      Example("streamsocial down --data-dir /tmp/second", "ends another one"),
    ]
  ) { arguments in
    let directory = try directory(arguments)
    if try await directory.shutDown() {
      Terminal.print(
        "The cluster in \(directory.path) is down; its data stays. Next: streamsocial up\(flag(directory))")
    } else {
      Terminal.print("No cluster runs in \(directory.path).")
    }
    return .success
  }

  static let kill = act(
    "kill", "Killed", "Kill a broker at once (SIGKILL): what a crash looks like",
    "broker 2 is gone; with --restart always it soon comes back")
  static let pause = act(
    "pause", "Paused", "Freeze a broker (SIGSTOP): what a long pause looks like",
    "broker 2 does nothing until `resume 2`")
  static let resume = act("resume", "Resumed", "Let a paused broker go on", "broker 2 works again")
  static let start = act(
    "start", "Started", "Start a broker that does not run, on its old data", "broker 2 catches up and rejoins")

  private static func act(_ verb: String, _ done: String, _ summary: String, _ effect: String) -> Command {
    Command(
      verb, summary: summary, positionals: [Positional("ID", help: "The broker: 1, 2, 3", kind: .integer)],
      options: location, examples: [Example("streamsocial \(verb) 2", effect)]
    ) { arguments in
      guard let broker = Int32(arguments.positionals[0]) else {
        throw UsageError("ID is a broker's number; got “\(arguments.positionals[0])”", path: arguments.path)
      }
      let directory = try directory(arguments)
      _ = try await directory.ask("\(verb) \(broker)")
      Terminal.print("\(done) broker \(broker). Next: streamsocial status\(flag(directory))")
      return .success
    }
  }

  /// How the monitor of a cluster in this directory types its commands; nil: of a cluster that runs elsewhere.
  static func commands(_ directory: String?) -> LocalCommands {
    let isDefault = directory == SharedOptions.dataDirectory.spec.defaultText
    return LocalCommands(program: StreamSocial.program, dataDirectory: isDefault ? nil : directory)
  }

  /// How this cluster is named in the next command.
  static func flag(_ directory: SupervisorDirectory) -> String {
    directory.path == SharedOptions.dataDirectory.spec.defaultText ? "" : " --data-dir \(directory.path)"
  }
}
