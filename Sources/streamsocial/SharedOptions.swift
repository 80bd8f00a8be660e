import ClusterHost
import CommandLineTool
import KafkaClient

/// Options that many sub-commands have, spelled the same everywhere.
enum SharedOptions {
  static let port = Option.integer(
    "port", in: 1...65000, default: 9092, showsDefault: false,
    help:
      "First client port; the others follow, controllers 10 higher (default: as before in this directory, else 9092)")
  static let dataDirectory = Option.text(
    "data-dir", "DIR", default: ".streamsocial", kind: .directory, help: "Where the cluster keeps everything")
  static let engine = Option.choice(
    "engine", EngineKind.allCases.map(\.rawValue), default: EngineKind.embedded.rawValue,
    help: "Our own brokers, Apache Kafka from KAFKA_HOME, or brokers that run elsewhere")
  static let brokers = Option.integer("brokers", in: 1...9, default: 3, help: "How many brokers")
  static let brokerProperty = Option.repeated(
    "broker-property", "K=V", kind: .keyValue, help: "A line for every broker's server.properties")
  static let bootstrapServers = Option.text(
    "bootstrap-servers", short: "b", "HOST:PORT,…", default: "127.0.0.1:9092",
    help: "Where to connect (default: the cluster in --data-dir, else 127.0.0.1:9092)", showsDefault: false)
  static let connectDirectory = Option.text(
    "data-dir", "DIR", default: ".streamsocial", kind: .directory, help: "Whose brokers to ask, without -b")
  static let output = Option.choice(
    "output", short: "o", ["text", "json"], default: "text", help: "For people or programs")
  static let timeout = Option.seconds("timeout", default: 30, help: "How long to wait for an answer")

  /// What a command that starts brokers takes.
  static let cluster: [OptionSpec] = [
    engine.spec, brokers.spec, port.spec, dataDirectory.spec, brokerProperty.spec,
  ]

  static func clusterOptions(_ arguments: Arguments) throws -> ClusterOptions {
    var options = ClusterOptions()
    options.engine = EngineKind(rawValue: arguments[engine]) ?? .embedded
    options.brokerCount = arguments[brokers]
    options.portBase = arguments[port]
    options.dataDirectory = arguments[dataDirectory]
    // A cluster that lives there already stays what it is, where nothing else is said.
    if options.engine != .external, let present = try ClusterDirectory(options.dataDirectory).description() {
      if !arguments.has(engine) { options.engine = present.engine }
      if !arguments.has(brokers) { options.brokerCount = present.brokerCount }
      if !arguments.has(port) { options.portBase = present.portBase }
    }
    options.brokerProperties = arguments[brokerProperty].compactMap { BrokerProperty(parsing: $0) }
    return options
  }

  /// What a command takes that asks brokers.
  static let connection: [OptionSpec] = [bootstrapServers.spec, connectDirectory.spec, timeout.spec]

  /// Where to connect: as given, else to all brokers of the cluster in the data directory, else to the usual port.
  static func servers(_ arguments: Arguments) throws -> String {
    if arguments.has(bootstrapServers) { return arguments[bootstrapServers] }
    let path = arguments[connectDirectory]
    if let cluster = try ClusterDirectory(path).description() { return cluster.bootstrapServers }
    if arguments.has(connectDirectory) {
      throw ClusterError(
        .notPossible, "there is no cluster in \(path); start one with: streamsocial up --data-dir \(path)")
    }
    return arguments[bootstrapServers]
  }

  static func connect(_ arguments: Arguments) async throws -> AdminConnection {
    let servers = try servers(arguments)
    do throws(AdminError) { return try await AdminConnection.connect(toAnyOf: servers) } catch {
      throw explained(error)
    }
  }

  /// An error with what to do about it, where there is something.
  static func explained(_ error: AdminError) -> any Error {
    guard case .unreachable(_, let reason) = error, reason.contains("refused") else { return error }
    return ClusterError(
      .environment,
      "\(error). Is a cluster running? streamsocial status says; streamsocial up starts one; -b HOST:PORT names another"
    )
  }

  /// A change that only the active controller makes. When none answers, the error says what is not done, where it was
  /// asked for, and what to do next. `undone`: "topic “posts” was not created".
  static func changing<Value>(
    _ undone: String, by connection: AdminConnection, _ arguments: Arguments,
    _ work: () async throws(AdminError) -> Value
  ) async throws -> Value {
    do throws(AdminError) { return try await work() } catch {
      let limit = "within \(Text.number(arguments[timeout])) s"
      let why: String
      switch error {
      case .refused(.requestTimedOut, _), .refused(.notController, _): why = "found no active controller \(limit)"
      case .timedOut: why = "did not answer \(limit)"
      case .disconnected: why = "closed the connection without an answer"
      default: throw error
      }
      throw ClusterError(
        .timeout,
        """
        \(undone), as far as is known: the broker at \(connection.address) \(why). A majority of the controllers must \
        run. Which brokers are missing: streamsocial status\(place(arguments)); start them, see whether it was done \
        after all (streamsocial topics list), and try again
        """)
    }
  }

  /// The words that name the same cluster in another command.
  private static func place(_ arguments: Arguments) -> String {
    if arguments.has(bootstrapServers) { return " -b \(arguments[bootstrapServers])" }
    return arguments.has(connectDirectory) ? " --data-dir \(arguments[connectDirectory])" : ""
  }

  /// The topic that the first argument names; when there is none, the error says what to do.
  static func topic(_ arguments: Arguments) async throws -> TopicClient {
    let name = arguments.positionals[0]
    do throws(AdminError) {
      return try await TopicClient(name, servers: try serverList(arguments), timeout: patience(arguments))
    } catch {
      throw await explained(error, topic: name, arguments)
    }
  }

  private static func serverList(_ arguments: Arguments) throws(AdminError) -> String {
    do { return try servers(arguments) } catch {
      throw .unreachable(address: arguments[connectDirectory], reason: "\(error)")
    }
  }

  /// An unknown topic with the name that was probably meant; other errors as they are.
  static func explained(_ error: AdminError, topic name: String, _ arguments: Arguments) async -> any Error {
    guard case .refused(code: .unknownTopicOrPartition, _) = error else { return explained(error) }
    let names = (try? await connect(arguments).topics().map(\.name)) ?? []
    if names.contains(name) { return error }
    if let near = Suggestion.closest(to: name, among: names) {
      return ClusterError(.notPossible, "there is no topic “\(name)”. Did you mean \(near)?")
    }
    return ClusterError(
      .notPossible,
      "there is no topic “\(name)”. All: streamsocial topics list; a new one: streamsocial topics create \(name)")
  }

  static func patience(_ arguments: Arguments) -> Duration { .seconds(arguments[timeout]) }
}
