import CommandLineTool

/// The table of all sub-commands. Each is a file of its own.
enum Commands {
  static let root: Command = Command(
    "streamsocial",
    summary: "a Kafka-protocol cluster that keeps every event, and the proof that it does",
    examples: [
      Example("streamsocial demo", "traffic, a broker killed, and whether anything was lost"),
      Example("streamsocial up --detach", "three brokers on 9092, 9093, 9094"),
      Example("streamsocial status", "how they are"),
    ],
    subcommands: [
      Demo.command, Up.command, Operate.down, Status.command, DashboardCommand.command, Top.command, Operate.kill,
      Operate.pause, Operate.resume, Operate.start, Topics.command, Produce.command, Consume.command,
      ConsumerGroups.command, LogDump.command, BrokerCommand.command,
      completion,
    ])

  static let completion: Command = Command(
    "completion", summary: "Print a completion script for a shell",
    positionals: [Positional("SHELL", help: "bash, zsh or fish", kind: .choice(Completion.shells))],
    examples: [
      Example("source <(streamsocial completion bash)", "completes commands and options in this bash"),
      Example("streamsocial completion fish | source", "the same in fish"),
    ]
  ) { arguments in
    guard let script = Completion.script(for: root, shell: arguments.positionals[0]) else {
      throw UsageError("SHELL is one of \(Completion.shells.joined(separator: ", "))", path: arguments.path)
    }
    Terminal.print(script, newline: false)
    return .success
  }
}
