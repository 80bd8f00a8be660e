import CommandLineTool
import Primitives

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The files by which a data directory says whose it is.
public struct ClusterDirectory: Sendable {
  public var path: String

  public init(_ path: String) { self.path = path }

  /// What `cluster.json` says about the cluster that lives here.
  public struct Description: Sendable, Equatable {
    public var engine: EngineKind
    public var brokerCount: Int
    public var portBase: Int
    public var bootstrapServers: String
    /// The first broker's metrics port, the others' follow; nil when this cluster serves no metrics.
    public var metricsPortBase: Int?

    /// Where a broker of this cluster answers `/metrics`; nil when it does not.
    public func metricsURL(of broker: Int32) -> String? {
      metricsPortBase.map { "http://127.0.0.1:\($0 + Int(broker) - 1)/metrics" }
    }
  }

  /// Nil when no cluster lives here.
  public func description() throws(ClusterError) -> Description? {
    guard let text = LocalFiles.read("\(path)/cluster.json") else { return nil }
    guard let json = try? JSON(parsing: text), let name = json["engine"]?.string,
      let engine = EngineKind(rawValue: name), let brokers = json["brokers"]?.integer,
      let port = json["port"]?.integer, let servers = json["bootstrap_servers"]?.string
    else { throw ClusterError(.environment, "\(path)/cluster.json is damaged") }
    return Description(
      engine: engine, brokerCount: brokers, portBase: port, bootstrapServers: servers,
      metricsPortBase: json["metrics_port"]?.integer)
  }

  /// Refuses a directory that holds another kind of cluster.
  package func checkOwner(_ options: ClusterOptions) throws(ClusterError) {
    if let present = try description() {
      guard present.engine == options.engine else {
        throw ClusterError(
          .environment,
          "\(path) holds a cluster of engine \(present.engine.rawValue), not \(options.engine.rawValue); "
            + "choose another --data-dir or --engine \(present.engine.rawValue)")
      }
      guard present.brokerCount == options.brokerCount else {
        throw ClusterError(
          .environment,
          "\(path) holds a cluster of \(present.brokerCount) brokers, not \(options.brokerCount); choose another "
            + "--data-dir or --brokers \(present.brokerCount)")
      }
    }
  }

  /// Makes this the directory of the described cluster; returns the cluster's id.
  package func claim(for options: ClusterOptions, servesMetrics: Bool = false) throws(ClusterError) -> String {
    let servers = options.brokerIDs.map { "127.0.0.1:\(options.clientPort(of: $0))" }.joined(separator: ",")
    let json: JSON = [
      "engine": .string(options.engine.rawValue), "brokers": .integer(options.brokerCount),
      "port": .integer(options.portBase), "bootstrap_servers": .string(servers),
      "metrics_port": servesMetrics ? .integer(options.metricsPort(of: 1)) : .null,
    ]
    try LocalFiles.write(json.text() + "\n", to: "\(path)/cluster.json")
    return try clusterID()
  }

  /// Where this cluster's dashboard is, while one runs; nil when there is none.
  public var dashboardURL: String? {
    get { LocalFiles.read("\(path)/dashboard.url").map { String($0.prefix { $0 != "\n" }) } }
    nonmutating set {
      let file = "\(path)/dashboard.url"
      // Without this file only `status` and `up` say less.
      if let newValue { try? LocalFiles.write(newValue + "\n", to: file) } else { unlink(file) }
    }
  }

  /// Reads `cluster.id`, or makes one: 16 random bytes as Kafka writes them (base64url, 22 characters).
  private func clusterID() throws(ClusterError) -> String {
    let file = "\(path)/cluster.id"
    if let text = LocalFiles.read(file) {
      let id = String(text.prefix { $0 != "\n" })
      guard UUID128(id) != nil else { throw ClusterError(.environment, "\(file) holds no cluster id: \(id)") }
      return id
    }
    var random = SystemRandomNumberGenerator()
    let id = UUID128.random(using: &random).description
    try LocalFiles.write(id + "\n", to: file)
    return id
  }
}
