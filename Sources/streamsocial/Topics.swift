import ClusterHost
import CommandLineTool
import KafkaClient
import Primitives

/// `streamsocial topics …`: create, list, describe, alter, add-partitions, delete.
enum Topics {
  static let command: Command = Command(
    "topics", summary: "Create, list, describe, alter and delete topics",
    examples: [
      Example("streamsocial topics list", "all topics of the cluster in ./.streamsocial, else on 127.0.0.1:9092"),
      Example("streamsocial topics create posts --partitions 3", "a new one"),
      Example("streamsocial topics describe posts", "who leads and who is in sync"),
    ],
    subcommands: [create, list, describe, alter, addPartitions, delete])

  static let partitions = Option.integer(
    "partitions", short: "p", in: 1...1_000_000, default: 1, showsDefault: false,
    help: "How many partitions (default: the broker's num.partitions)")
  static let total = Option.integer(
    "partitions", short: "p", in: 1...1_000_000, default: 1, showsDefault: false,
    help: "How many it shall have; the number only grows")
  static let added = Option.integer("num", short: "n", in: 1...1_000_000, default: 1, help: "How many more")
  static let replicationFactor = Option.integer(
    "replication-factor", short: "r", in: 1...100, default: 1, showsDefault: false,
    help: "How many replicas of each (default: the broker's default.replication.factor)")
  static let config = Option.repeated("config", short: "c", "K=V", kind: .keyValue, help: "A setting of the topic")
  static let unset = Option.repeated("unset", "K", help: "Back to the default for this setting")
  static let allSettings = Option.flag(
    "configs", short: "c", help: "All settings, each with where its value comes from")
  static let force = Option.flag("force", help: "Also those that the cluster itself lives on")
  static let name = Positional("NAME", help: "The topic", kind: .topic)
  static let names = Positional("NAME", help: "The topics", kind: .topic, repeats: true)
  static let newNames = Positional("NAME", help: "The topics", repeats: true)

  static let create: Command = Command(
    "create", summary: "Create topics", positionals: [newNames],
    options: [partitions.spec, replicationFactor.spec, config.spec] + SharedOptions.connection,
    examples: [
      Example(
        "streamsocial topics create posts --partitions 3 --replication-factor 3", "three partitions, three replicas"),
      Example("streamsocial topics create audit -c cleanup.policy=compact -c min.insync.replicas=2", "with settings"),
    ]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    for name in arguments.positionals {
      try await SharedOptions.changing("topic “\(name)” was not created", by: connection, arguments) {
        () throws(AdminError) in
        try await connection.createTopic(
          name, partitions: arguments.has(partitions) ? Int32(clamping: arguments[partitions]) : -1,
          replicationFactor: arguments.has(replicationFactor) ? Int16(clamping: arguments[replicationFactor]) : -1,
          settings: arguments[config].compactMap(pair), timeout: SharedOptions.patience(arguments))
      }
      Terminal.print("created \(name)")
    }
    return .success
  }

  static let list: Command = Command(
    "list", summary: "All topics", options: SharedOptions.connection + [SharedOptions.output.spec],
    examples: [
      Example("streamsocial topics list", "a line for each"),
      Example("streamsocial topics list -o json", "a JSON array"),
    ]
  ) { arguments in
    let topics = try await SharedOptions.connect(arguments).topics(timeout: SharedOptions.patience(arguments))
    if arguments[SharedOptions.output] == "json" {
      Terminal.print(JSON.array(topics.map { TopicText.json($0) }).text())
      return .success
    }
    var table = Table(["TOPIC", ">PARTITIONS", ">REPLICAS", "STATE"])
    for topic in topics {
      table.add([
        topic.name, "\(topic.partitions.count)", "\(topic.partitions.map(\.replicas.count).max() ?? 0)",
        TopicText.state(topic),
      ])
    }
    Terminal.print(
      topics.isEmpty ? "There are no topics. A first one: streamsocial topics create posts" : table.rendered())
    return .success
  }

  static let describe: Command = Command(
    "describe", summary: "Partitions, leaders, replicas and settings of topics", positionals: [names],
    options: [allSettings.spec] + SharedOptions.connection + [SharedOptions.output.spec],
    examples: [
      Example("streamsocial topics describe posts", "who leads, who is in sync, and the topic's own settings"),
      Example("streamsocial topics describe posts -c", "all settings and where each comes from"),
    ]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    var all: [JSON] = []
    for name in arguments.positionals {
      let topic = try await explaining(name, arguments) { () throws(AdminError) in
        try await connection.topics(named: [name], timeout: SharedOptions.patience(arguments)).first
      }
      guard let topic else { continue }
      let settings = try await connection.settings(ofTopic: name)
      if arguments[SharedOptions.output] == "json" {
        all.append(TopicText.json(topic, settings: settings))
      } else {
        if name != arguments.positionals.first { Terminal.print("") }
        Terminal.print(TopicText.text(topic, arguments[allSettings] ? settings : settings.filter(\.isOwn)))
      }
    }
    if arguments[SharedOptions.output] == "json" { Terminal.print(JSON.array(all).text()) }
    return .success
  }

  static let alter: Command = Command(
    "alter", summary: "Change a topic's settings or give it more partitions", positionals: [name],
    options: [total.spec, config.spec, unset.spec] + SharedOptions.connection,
    examples: [
      Example("streamsocial topics alter posts --config retention.ms=86400000", "keeps a day"),
      Example("streamsocial topics alter posts --partitions 6", "six partitions; the number only grows"),
      Example("streamsocial topics alter posts --unset retention.ms", "back to the default"),
    ]
  ) { arguments in
    let settings =
      arguments[config].compactMap(pair).map { (name: $0.name, value: Optional($0.value)) }
      + arguments[unset].map { (name: $0, value: nil) }
    guard !settings.isEmpty || arguments.has(total) else {
      throw UsageError("nothing to change: give --config, --unset or --partitions", path: arguments.path)
    }
    let connection = try await SharedOptions.connect(arguments)
    let topic = arguments.positionals[0]
    let patience = SharedOptions.patience(arguments)
    try await changing(topic, "altered", connection, arguments) { () throws(AdminError) in
      if !settings.isEmpty { try await connection.alterTopic(topic, settings: settings, timeout: patience) }
      if arguments.has(total) {
        try await connection.growTopic(topic, to: Int32(clamping: arguments[total]), timeout: patience)
      }
    }
    Terminal.print("altered \(topic). Next: streamsocial topics describe \(topic)")
    return .success
  }

  static let addPartitions: Command = Command(
    "add-partitions", summary: "Give topics more partitions; keys go elsewhere from then on", positionals: [names],
    options: [added.spec] + SharedOptions.connection,
    examples: [Example("streamsocial topics add-partitions posts --num 3", "three more than it has")]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    let patience = SharedOptions.patience(arguments)
    for name in arguments.positionals {
      let count = try await changing(name, "given more partitions", connection, arguments) { () throws(AdminError) in
        let present = try await connection.topics(named: [name], timeout: patience).first?.partitions.count ?? 0
        let count = Int32(clamping: present + arguments[added])
        try await connection.growTopic(name, to: count, timeout: patience)
        return count
      }
      Terminal.print("\(name) has \(count) partitions now")
    }
    return .success
  }

  static let delete: Command = Command(
    "delete", summary: "Delete topics and all that is in them", positionals: [names],
    options: [force.spec] + SharedOptions.connection,
    examples: [Example("streamsocial topics delete posts", "gone for good")]
  ) { arguments in
    let connection = try await SharedOptions.connect(arguments)
    let patience = SharedOptions.patience(arguments)
    for name in arguments.positionals {
      let isInternal = try await explaining(name, arguments) { () throws(AdminError) in
        try await connection.topics(named: [name], timeout: patience).first?.isInternal ?? false
      }
      guard !isInternal || arguments[force] else {
        throw ClusterError(
          .notPossible,
          "\(name) is the cluster's own: all groups would lose their offsets. If that is wanted: --force")
      }
      try await changing(name, "deleted", connection, arguments) { () throws(AdminError) in
        try await connection.deleteTopic(name, timeout: patience)
      }
      Terminal.print("deleted \(name)")
    }
    return .success
  }

  /// Does something with a topic; when there is none of that name, the error says what to do.
  private static func explaining<Value>(
    _ name: String, _ arguments: Arguments, _ work: () async throws(AdminError) -> Value
  ) async throws -> Value {
    do throws(AdminError) { return try await work() } catch {
      throw await SharedOptions.explained(error, topic: name, arguments)
    }
  }

  /// Has the controller do something with a topic that is there.
  private static func changing<Value>(
    _ name: String, _ done: String, _ connection: AdminConnection, _ arguments: Arguments,
    _ work: () async throws(AdminError) -> Value
  ) async throws -> Value {
    do {
      return try await SharedOptions.changing("topic “\(name)” was not \(done)", by: connection, arguments, work)
    } catch let error as AdminError {
      throw await SharedOptions.explained(error, topic: name, arguments)
    }
  }

  private static func pair(_ text: String) -> (name: String, value: String)? {
    guard let equals = text.firstIndex(of: "=") else { return nil }
    return (String(text[..<equals]), String(text[text.index(after: equals)...]))
  }
}
