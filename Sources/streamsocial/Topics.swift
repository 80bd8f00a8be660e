import CommandLineTool
import KafkaClient
import Primitives

/// `streamsocial topics …`: create, list, describe, alter, delete.
enum Topics {
  static let command: Command = Command(
    "topics", summary: "Create, list, describe, alter and delete topics",
    examples: [Example("streamsocial topics list", "all topics of the cluster on 127.0.0.1:9092")],
    subcommands: [create, list, describe, alter, delete])

  static let partitions = Option.integer(
    "partitions", short: "p", in: 1...1_000_000, default: 1, showsDefault: false,
    help: "How many partitions (default: the broker's num.partitions)")
  static let replicationFactor = Option.integer(
    "replication-factor", short: "r", in: 1...100, default: 1, showsDefault: false,
    help: "How many replicas of each (default: the broker's default.replication.factor)")
  static let config = Option.repeated("config", short: "c", "K=V", kind: .keyValue, help: "A setting of the topic")
  static let unset = Option.repeated("unset", "K", help: "Back to the default for this setting")
  static let connection: [OptionSpec] = [SharedOptions.bootstrapServers.spec, SharedOptions.timeout.spec]
  static let name = Positional("NAME", help: "The topic")
  static let names = Positional("NAME", help: "The topics", repeats: true)

  static let create: Command = Command(
    "create", summary: "Create topics", positionals: [names],
    options: [partitions.spec, replicationFactor.spec, config.spec] + connection,
    examples: [
      Example(
        "streamsocial topics create posts --partitions 3 --replication-factor 3", "three partitions, three replicas"),
      Example("streamsocial topics create audit -c cleanup.policy=compact -c min.insync.replicas=2", "with settings"),
    ]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    for name in arguments.positionals {
      try await connection.createTopic(
        name, partitions: arguments.has(partitions) ? Int32(clamping: arguments[partitions]) : -1,
        replicationFactor: arguments.has(replicationFactor) ? Int16(clamping: arguments[replicationFactor]) : -1,
        settings: arguments[config].compactMap(pair), timeout: SharedOptions.patience(arguments))
      Terminal.print("created \(name)")
    }
    return .success
  }

  static let list: Command = Command(
    "list", summary: "All topics", options: connection + [SharedOptions.output.spec],
    examples: [
      Example("streamsocial topics list", "a line for each"),
      Example("streamsocial topics list -o json", "a JSON array"),
    ]
  ) { arguments in
    let topics = try await SharedOptions.connect(arguments).topics(timeout: SharedOptions.patience(arguments))
    if arguments[SharedOptions.output] == "json" {
      Terminal.print(JSON.array(topics.map { json($0) }).text())
      return .success
    }
    var table = Table(["TOPIC", ">PARTITIONS", ">REPLICAS", "STATE"])
    for topic in topics {
      table.add([
        topic.name, "\(topic.partitions.count)", "\(topic.partitions.map(\.replicas.count).max() ?? 0)", state(topic),
      ])
    }
    Terminal.print(table.rendered())
    return .success
  }

  static let describe: Command = Command(
    "describe", summary: "Partitions, leaders, replicas and settings of topics", positionals: [names],
    options: connection + [SharedOptions.output.spec],
    examples: [Example("streamsocial topics describe posts", "who leads and who is in sync")]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    let topics = try await connection.topics(named: arguments.positionals, timeout: SharedOptions.patience(arguments))
    var all: [JSON] = []
    for topic in topics {
      let own = try await connection.settings(ofTopic: topic.name).filter(\.isOwn)
      if arguments[SharedOptions.output] == "json" {
        all.append(json(topic, settings: own))
        continue
      }
      Terminal.print("\(topic.name)  id \(topic.id)  \(state(topic))")
      for setting in own { Terminal.print("  \(setting.name)=\(setting.value)") }
      var table = Table([">PARTITION", ">LEADER", ">EPOCH", "REPLICAS", "IN SYNC"])
      for partition in topic.partitions {
        table.add([
          "\(partition.id)", partition.leader < 0 ? "none" : "\(partition.leader)", "\(partition.leaderEpoch)",
          text(partition.replicas), text(partition.inSync),
        ])
      }
      Terminal.print(table.rendered())
    }
    if arguments[SharedOptions.output] == "json" { Terminal.print(JSON.array(all).text()) }
    return .success
  }

  static let alter: Command = Command(
    "alter", summary: "Change a topic's settings or give it more partitions", positionals: [name],
    options: [partitions.spec, config.spec, unset.spec] + connection,
    examples: [
      Example("streamsocial topics alter posts --config retention.ms=86400000", "keeps a day"),
      Example("streamsocial topics alter posts --partitions 6", "six partitions; the number only grows"),
      Example("streamsocial topics alter posts --unset retention.ms", "back to the default"),
    ]
  ) { arguments in
    let settings =
      arguments[config].compactMap(pair).map { (name: $0.name, value: Optional($0.value)) }
      + arguments[unset].map { (name: $0, value: nil) }
    guard !settings.isEmpty || arguments.has(partitions) else {
      throw UsageError("nothing to change: give --config, --unset or --partitions", path: arguments.path)
    }
    let connection = try await SharedOptions.connect(arguments)
    let topic = arguments.positionals[0]
    if !settings.isEmpty {
      try await connection.alterTopic(topic, settings: settings, timeout: SharedOptions.patience(arguments))
    }
    if arguments.has(partitions) {
      try await connection.growTopic(
        topic, to: Int32(clamping: arguments[partitions]), timeout: SharedOptions.patience(arguments))
    }
    Terminal.print("altered \(topic)")
    return .success
  }

  static let delete: Command = Command(
    "delete", summary: "Delete topics and all that is in them", positionals: [names], options: connection,
    examples: [Example("streamsocial topics delete posts", "gone for good")]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    for name in arguments.positionals {
      try await connection.deleteTopic(name, timeout: SharedOptions.patience(arguments))
      Terminal.print("deleted \(name)")
    }
    return .success
  }

  private static func pair(_ text: String) -> (name: String, value: String)? {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }

  private static func text(_ ids: [Int32]) -> String { ids.map { "\($0)" }.joined(separator: ",") }

  private static func state(_ topic: TopicDescription) -> String {
    if topic.partitions.contains(where: { $0.leader < 0 }) { return "unavailable" }
    return topic.partitions.contains { $0.inSync.count < $0.replicas.count } ? "under-replicated" : "whole"
  }

  private static func json(_ topic: TopicDescription, settings: [TopicSetting] = []) -> JSON {
    func ids(_ list: [Int32]) -> JSON { .array(list.map { .integer(Int($0)) }) }
    return [
      "name": .string(topic.name), "id": .string(topic.id.description), "internal": .bool(topic.isInternal),
      "configs": .object(settings.map { ($0.name, .string($0.value)) }),
      "partitions": .array(
        topic.partitions.map {
          [
            "id": .integer(Int($0.id)), "leader": .integer(Int($0.leader)),
            "leader_epoch": .integer(Int($0.leaderEpoch)), "replicas": ids($0.replicas), "isr": ids($0.inSync),
          ]
        }),
    ]
  }
}
