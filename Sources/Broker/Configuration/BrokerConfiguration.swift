import Primitives

/// Why a node cannot start with its configuration: the line, the setting, and what to do.
public struct ConfigurationError: Error, CustomStringConvertible, Sendable {
  public let description: String
  init(_ description: String) { self.description = description }
}

/// An endpoint by its listener's name, as `listeners` has it: `NAME://host:port`.
struct Endpoint: Equatable, Sendable {
  var name: String
  var host: String
  var port: UInt16
}

/// A voter of the quorum as `controller.quorum.voters` has it: `id@host:port`.
struct QuorumVoter: Equatable, Sendable {
  var id: BrokerID
  var host: String
  var port: UInt16
}

/// A node's settings under Kafka's names, checked.
public struct BrokerConfiguration: Sendable {
  /// What the file says, by name; settings that are absent have their defaults.
  private(set) var values: [String: String] = [:]
  /// Settings that are not honoured here, one sentence each.
  public private(set) var warnings: [String] = []

  public private(set) var nodeID = BrokerID.none
  private(set) var clusterID: String?
  private(set) var isBroker = true
  private(set) var isController = true
  private(set) var clientListener = Endpoint(name: "", host: "", port: 0)
  private(set) var advertised = Endpoint(name: "", host: "", port: 0)
  private(set) var controllerListener: Endpoint?
  /// Where `/metrics` and `/health` are served; nil: nowhere.
  private(set) var metricsListener: (host: String, port: UInt16)?
  private(set) var voters: [QuorumVoter] = []
  private(set) var logDirectory = ""

  /// Reads `server.properties`; `file` is its name for messages.
  public init(parsing text: String, file: String) throws(ConfigurationError) {
    for entry in PropertiesFile(text).entries {
      let place = "\(file):\(entry.line): \(entry.key)"
      guard let setting = BrokerSetting.byName[entry.key] else {
        warnings.append("\(place) is not a setting that this broker honours; ignored")
        continue
      }
      if let problem = setting.problem(with: entry.value) {
        throw ConfigurationError("\(place)=\(entry.value) \(problem)")
      }
      values[entry.key] = entry.value
      if let reason = BrokerSetting.withoutEffect[entry.key] {
        warnings.append("\(place) has no effect here: \(reason)")
      }
    }
    do { try interpret() } catch { throw ConfigurationError("\(file): \(error.description)") }
  }

  // MARK: typed access

  func string(_ name: String) -> String? { values[name] ?? BrokerSetting.byName[name]?.standard }

  func integer(_ name: String) -> Int {
    guard let text = string(name), let number = Int(text) else { return 0 }
    return number
  }

  func flag(_ name: String) -> Bool { string(name)?.lowercased() == "true" }
  func span(_ name: String) -> TimeSpan { .milliseconds(Int64(integer(name))) }
  func list(_ name: String) -> [String] {
    (string(name) ?? "").split(separator: ",").map { $0.drop { $0 == " " } }.map(String.init).filter { !$0.isEmpty }
  }

  public var logLevel: LogLevel { LogLevel(string("log.level") ?? "info") ?? .info }

  // MARK: what belongs together

  private mutating func interpret() throws(ConfigurationError) {
    guard let id = (values["node.id"] ?? values["broker.id"]).flatMap({ Int32($0) }), id >= 0 else {
      throw ConfigurationError("node.id is missing; give every node a number of its own, e.g. node.id=1")
    }
    nodeID = BrokerID(id)
    let roles = list("process.roles")
    for role in roles where role != "broker" && role != "controller" {
      throw ConfigurationError("process.roles=\(role): must be broker, controller or broker,controller")
    }
    isBroker = roles.contains("broker")
    isController = roles.contains("controller")
    guard isBroker, isController else {
      throw ConfigurationError("process.roles must be broker,controller: nodes of one role only are not served yet")
    }
    clusterID = values["cluster.id"]
    if let directory = values["log.dirs"] ?? values["log.dir"] {
      guard !directory.contains(",") else {
        throw ConfigurationError("log.dirs has several directories; one is served: name one")
      }
      logDirectory = directory
    } else {
      throw ConfigurationError("log.dirs is missing; name the directory for this node's data")
    }
    try interpretListeners()
    try interpretVoters()
    if let text = values["streamsocial.metrics.listener"], !text.isEmpty {
      guard let address = Self.hostAndPort(text) else {
        throw ConfigurationError("streamsocial.metrics.listener=\(text) is not host:port, e.g. 127.0.0.1:9404")
      }
      metricsListener = address
    }
    guard LogLevel(string("log.level") ?? "") != nil else {
      throw ConfigurationError("log.level must be debug, info, warn or error")
    }
    let session = integer("broker.session.timeout.ms")
    let heartbeat = integer("broker.heartbeat.interval.ms")
    guard heartbeat > 0, session > heartbeat else {
      throw ConfigurationError(
        "broker.session.timeout.ms=\(session) must be longer than broker.heartbeat.interval.ms=\(heartbeat)")
    }
  }

  private mutating func interpretListeners() throws(ConfigurationError) {
    let controllerNames = list("controller.listener.names")
    var client: Endpoint?
    for text in list("listeners") {
      let endpoint = try Self.endpoint(text, setting: "listeners")
      if controllerNames.contains(endpoint.name) {
        controllerListener = controllerListener ?? endpoint
      } else if client == nil {
        client = endpoint
      } else {
        warnings.append("listeners: \(text) is ignored; one client listener is served")
      }
    }
    guard let client else {
      throw ConfigurationError("listeners has none for clients, e.g. PLAINTEXT://127.0.0.1:9092")
    }
    guard controllerListener != nil else {
      throw ConfigurationError(
        "listeners has none of controller.listener.names=\(controllerNames.joined(separator: ","))")
    }
    if let name = values["inter.broker.listener.name"], name != client.name {
      throw ConfigurationError(
        "inter.broker.listener.name=\(name) must be \(client.name): brokers speak to each other on the one client listener"
      )
    }
    clientListener = client
    advertised = client
    for text in list("advertised.listeners") {
      let endpoint = try Self.endpoint(text, setting: "advertised.listeners")
      if endpoint.name == client.name { advertised = endpoint }
    }
    if advertised.host.isEmpty || advertised.host == "0.0.0.0" {
      if advertised.host == "0.0.0.0" {
        throw ConfigurationError("advertised.listeners must not be 0.0.0.0; name the address that clients reach")
      }
      advertised.host = "127.0.0.1"
    }
    for entry in list("listener.security.protocol.map") {
      let parts = entry.split(separator: ":")
      if parts.count == 2, parts[1] != "PLAINTEXT" {
        throw ConfigurationError("listener.security.protocol.map: \(parts[1]) is not served yet; only PLAINTEXT is")
      }
    }
  }

  private mutating func interpretVoters() throws(ConfigurationError) {
    let texts = list("controller.quorum.voters")
    guard !texts.isEmpty else {
      throw ConfigurationError(
        "controller.quorum.voters is missing, e.g. 1@127.0.0.1:9192,2@127.0.0.1:9193,3@127.0.0.1:9194")
    }
    for text in texts {
      let parts = text.split(separator: "@", maxSplits: 1)
      guard parts.count == 2, let id = Int32(parts[0]), let address = Self.hostAndPort(String(parts[1])) else {
        throw ConfigurationError("controller.quorum.voters: \(text) is not id@host:port")
      }
      if voters.contains(where: { $0.id.rawValue == id }) {
        throw ConfigurationError("controller.quorum.voters: id \(id) occurs twice")
      }
      voters.append(QuorumVoter(id: BrokerID(id), host: address.host, port: address.port))
    }
    guard voters.contains(where: { $0.id == nodeID }) else {
      throw ConfigurationError("controller.quorum.voters does not have node.id=\(nodeID), which is a controller")
    }
  }

  private static func endpoint(_ text: String, setting: String) throws(ConfigurationError) -> Endpoint {
    guard let separator = text.firstRange(of: "://"),
      let address = hostAndPort(String(text[separator.upperBound...]))
    else { throw ConfigurationError("\(setting): \(text) is not NAME://host:port") }
    return Endpoint(name: String(text[..<separator.lowerBound]), host: address.host, port: address.port)
  }

  private static func hostAndPort(_ text: String) -> (host: String, port: UInt16)? {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]) else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    return (String(host), port)
  }
}
