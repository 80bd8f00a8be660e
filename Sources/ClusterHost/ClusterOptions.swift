/// Which kind of brokers to run.
public enum EngineKind: String, CaseIterable, Sendable {
  /// The brokers of this project.
  case embedded
  /// Apache Kafka from `KAFKA_HOME`.
  case kafka
  /// Brokers that run elsewhere.
  case external
}

/// What it takes to start a cluster; the same for every engine.
public struct ClusterOptions: Sendable, Equatable {
  public var engine: EngineKind = .embedded
  /// How many brokers: ids 1…count. Ignored by `external`.
  public var brokerCount: Int = 3
  /// The first broker's client port. Clients: base, base + 1, …; controllers: base + 10, …; metrics: base + 312, ….
  public var portBase: Int = 9092
  /// Where everything of this cluster lives: data, logs, state of the supervisor.
  public var dataDirectory: String = ".streamsocial"
  /// Additional lines for every broker's `server.properties`; later ones win over ours and over earlier ones.
  public var brokerProperties: [BrokerProperty] = []
  /// Only for `external`: where to connect.
  public var bootstrapServers: String = ""

  public init() {}

  public func clientPort(of broker: Int32) -> Int { portBase + Int(broker) - 1 }
  public func controllerPort(of broker: Int32) -> Int { portBase + 9 + Int(broker) }
  /// Where a broker answers `/metrics`: 9404, 9405, … for the default base, the ports that JMX exporters have by custom.
  public func metricsPort(of broker: Int32) -> Int { portBase + 311 + Int(broker) }
  public func metricsURL(of broker: Int32) -> String { "http://127.0.0.1:\(metricsPort(of: broker))/metrics" }
  public func directory(of broker: Int32) -> String { "\(dataDirectory)/broker-\(broker)" }
  public var brokerIDs: [Int32] { engine == .external ? [] : (0..<brokerCount).map { Int32($0) + 1 } }

  /// Makes the engine that these options describe. Nothing is started.
  public func makeEngine() throws(ClusterError) -> any ClusterEngine {
    switch engine {
    case .external: try ExternalCluster(bootstrapServers: bootstrapServers)
    case .embedded: try LocalCluster(self, launcher: EmbeddedLauncher())
    case .kafka: try LocalCluster(self, launcher: ApacheKafkaLauncher())
    }
  }
}

/// One line of a broker's `server.properties`, by Kafka's own name.
public struct BrokerProperty: Sendable, Equatable {
  public var name: String
  public var value: String

  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Reads `name=value`; nil when there is no `=` or no name.
  public init?(parsing text: String) {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else { return nil }
    self.init(String(text[..<equals]), String(text[text.index(after: equals)...]))
  }
}
