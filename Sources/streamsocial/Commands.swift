import CommandLineTool
import KafkaClient

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
    discussion: """
      Completes commands, options, their values, and names of topics and groups, for which the scripts ask the cluster
      by `completion topics` and `completion groups`: one name a line, nothing when it does not answer.
      """,
    positionals: [Positional("SHELL", help: "bash, zsh or fish", kind: .choice(Completion.shells))],
    options: [SharedOptions.bootstrapServers.spec, SharedOptions.connectDirectory.spec],
    examples: [
      Example("source <(streamsocial completion bash)", "in this bash; to keep it, put the line into ~/.bashrc"),
      Example("source <(streamsocial completion zsh)", "the same in zsh"),
      Example("streamsocial completion fish | source", "the same in fish"),
    ]
  ) { arguments in
    switch arguments.positionals[0] {
    case "topics":
      for topic in (try? await known(arguments).topics(timeout: patience)) ?? [] { Terminal.print(topic.name) }
    case "groups":
      for group in (try? await known(arguments).groups(timeout: patience)) ?? [] { Terminal.print(group.id) }
    case let shell:
      guard let script = Completion.script(for: root, shell: shell) else {
        throw UsageError("SHELL is one of \(Completion.shells.joined(separator: ", "))", path: arguments.path)
      }
      Terminal.print(script, newline: false)
    }
    return .success
  }

  /// Nobody waits long for a completion.
  private static let patience = Duration.seconds(1)

  private static func known(_ arguments: Arguments) async throws -> AdminConnection {
    try await AdminConnection.connect(toAnyOf: try SharedOptions.servers(arguments), timeout: patience)
  }
}
