/// What differs between kinds of brokers that run as processes on this machine.
protocol BrokerLauncher: Sendable {
  var kind: EngineKind { get }
  /// How long all brokers together may take to become ready.
  var startLimit: Duration { get }
  /// How long a broker may take to shut down in order.
  var stopLimit: Duration { get }
  /// What is missing on this machine; nil when nothing is.
  func obstacle(_ options: ClusterOptions) -> ClusterError?
  /// The lines of a broker's `server.properties`, beyond `CommonProperties`.
  func properties(of broker: Int32, clusterID: String, _ options: ClusterOptions) -> [BrokerProperty]
  /// Whether its brokers answer on `metricsPort(of:)`.
  func servesMetrics(_ options: ClusterOptions) -> Bool
  /// Makes the broker's data directory ready for its first start; called before every start.
  func format(_ broker: Int32, clusterID: String, _ options: ClusterOptions) async throws(ClusterError)
  func command(for broker: Int32, _ options: ClusterOptions) throws(ClusterError) -> ChildProcess.Command
  /// Whether a broker that ended like this had shut down in order.
  func isOrderly(_ exit: ChildProcess.Exit) -> Bool
}

extension BrokerLauncher {
  /// Whoever does not say so serves none.
  func servesMetrics(_ options: ClusterOptions) -> Bool { false }

  func isOrderly(_ exit: ChildProcess.Exit) -> Bool { exit == .code(0) }
}

/// The part of `server.properties` that every broker of a local cluster has, by Kafka's names.
package enum CommonProperties {
  package static func of(_ broker: Int32, _ options: ClusterOptions) -> [BrokerProperty] {
    let replicas = min(3, options.brokerCount)
    let minimum = max(1, min(2, options.brokerCount - 1))
    let voters = options.brokerIDs.map { "\($0)@127.0.0.1:\(options.controllerPort(of: $0))" }
    let client = "PLAINTEXT://127.0.0.1:\(options.clientPort(of: broker))"
    return [
      BrokerProperty("process.roles", "broker,controller"),
      BrokerProperty("node.id", "\(broker)"),
      BrokerProperty("listeners", "\(client),CONTROLLER://127.0.0.1:\(options.controllerPort(of: broker))"),
      BrokerProperty("advertised.listeners", client),
      BrokerProperty("controller.listener.names", "CONTROLLER"),
      BrokerProperty("listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT"),
      BrokerProperty("controller.quorum.voters", voters.joined(separator: ",")),
      BrokerProperty("log.dirs", "\(options.directory(of: broker))/data"),
      BrokerProperty("num.partitions", "3"),
      BrokerProperty("default.replication.factor", "\(replicas)"),
      BrokerProperty("min.insync.replicas", "\(minimum)"),
      BrokerProperty("offsets.topic.replication.factor", "\(replicas)"),
      BrokerProperty("offsets.topic.num.partitions", "50"),
      BrokerProperty("group.initial.rebalance.delay.ms", "0"),
    ]
  }

  /// One text from several lists: of lines with the same name the last one counts.
  package static func text(_ properties: [BrokerProperty]) -> String {
    var kept: [BrokerProperty] = []
    for property in properties {
      if let index = kept.firstIndex(where: { $0.name == property.name }) {
        kept[index] = property
      } else {
        kept.append(property)
      }
    }
    return kept.map { "\($0.name)=\($0.value)\n" }.joined()
  }
}
