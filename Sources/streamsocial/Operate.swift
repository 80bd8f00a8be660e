import ClusterHost
import CommandLineTool

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
    try await directory(arguments).shutDown()
    return .success
  }

  static let kill = act(
    "kill", "Kill a broker at once (SIGKILL): what a crash looks like",
    "broker 2 is gone; with --restart always it soon comes back")
  static let pause = act(
    "pause", "Freeze a broker (SIGSTOP): what a long pause looks like", "broker 2 does nothing until `resume 2`")
  static let resume = act("resume", "Let a paused broker go on", "broker 2 works again")
  static let start = act(
    "start", "Start a broker that does not run, on its old data", "broker 2 catches up and rejoins")

  private static func act(_ verb: String, _ summary: String, _ effect: String) -> Command {
    Command(
      verb, summary: summary, positionals: [Positional("ID", help: "The broker: 1, 2, 3", kind: .integer)],
      options: location, examples: [Example("streamsocial \(verb) 2", effect)]
    ) { arguments in
      guard let broker = Int32(arguments.positionals[0]) else {
        throw UsageError("ID is a broker's number; got “\(arguments.positionals[0])”", path: arguments.path)
      }
      _ = try await directory(arguments).ask("\(verb) \(broker)")
      return .success
    }
  }
}
