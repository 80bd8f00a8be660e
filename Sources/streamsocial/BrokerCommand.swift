import ClusterHost
import CommandLineTool

/// `streamsocial broker`: one node in the foreground. It becomes `streamsocial-broker`, so that a node in production
/// carries nothing of this tool.
enum BrokerCommand {
  static let config = Option.text("config", "FILE", kind: .path, help: "Kafka's server.properties").required()

  static let command: Command = Command(
    "broker", summary: "Run one broker in the foreground",
    discussion: "Properties have Kafka's names; docs/operations.md lists those of our own.",
    options: [config.spec],
    examples: [Example("streamsocial broker --config /etc/streamsocial/server.properties", "one of three machines")]
  ) { arguments in
    try BrokerExecutable.become(["--config", arguments[config]])
  }
}
