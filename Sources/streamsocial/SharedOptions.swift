import ClusterHost
import CommandLineTool
import KafkaClient

/// Options that many sub-commands have, spelled the same everywhere.
enum SharedOptions {
  static let port = Option.integer(
    "port", in: 1...65000, default: 9092, help: "First client port; the others follow, controllers 10 higher")
  static let dataDirectory = Option.text(
    "data-dir", "DIR", default: ".streamsocial", kind: .directory, help: "Where the cluster keeps everything")
  static let engine = Option.choice(
    "engine", EngineKind.allCases.map(\.rawValue), default: EngineKind.embedded.rawValue,
    help: "Our own brokers, Apache Kafka from KAFKA_HOME, or brokers that run elsewhere")
  static let brokers = Option.integer("brokers", in: 1...9, default: 3, help: "How many brokers")
  static let brokerProperty = Option.repeated(
    "broker-property", "K=V", kind: .keyValue, help: "A line for every broker's server.properties")
  static let bootstrapServers = Option.text(
    "bootstrap-servers", short: "b", "HOST:PORT,…", default: "127.0.0.1:9092", help: "Where to connect")
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
    options.brokerProperties = arguments[brokerProperty].compactMap { BrokerProperty(parsing: $0) }
    return options
  }

  static func connect(_ arguments: Arguments) async throws -> AdminConnection {
    try await AdminConnection.connect(toAnyOf: arguments[bootstrapServers])
  }

  /// The topic that the first argument names; when there is none, the error says what to do.
  static func topic(_ arguments: Arguments) async throws -> TopicClient {
    let name = arguments.positionals[0]
    let servers = arguments[bootstrapServers]
    do throws(AdminError) {
      return try await TopicClient(name, servers: servers, timeout: patience(arguments))
    } catch {
      guard case .refused(code: .unknownTopicOrPartition, _) = error else { throw error }
      let names = (try? await connect(arguments).topics().map(\.name)) ?? []
      if let near = Suggestion.closest(to: name, among: names) {
        throw ClusterError(.notPossible, "there is no topic “\(name)”. Did you mean \(near)?")
      }
      throw ClusterError(
        .notPossible,
        "there is no topic “\(name)”. All: streamsocial topics list; a new one: streamsocial topics create \(name)")
    }
  }

  static func patience(_ arguments: Arguments) -> Duration { .seconds(arguments[timeout]) }
}
