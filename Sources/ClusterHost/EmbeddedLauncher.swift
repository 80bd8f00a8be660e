/// Our own brokers: `streamsocial-broker`, the executable beside the running one.
struct EmbeddedLauncher: BrokerLauncher {
  let kind = EngineKind.embedded
  let startLimit = Duration.seconds(30)
  let stopLimit = Duration.seconds(10)

  func obstacle(_ options: ClusterOptions) -> ClusterError? {
    do throws(ClusterError) {
      let path = try Self.executable()
      if LocalFiles.isExecutable(path) { return nil }
      return ClusterError(
        .environment, "\(path) is missing; build it with: swift build -c release --product streamsocial-broker")
    } catch { return error }
  }

  static func executable() throws(ClusterError) -> String {
    let own = try LocalFiles.ownExecutable()
    let directory = own[..<(own.lastIndex(of: "/") ?? own.startIndex)]
    return "\(directory)/streamsocial-broker"
  }

  /// One machine and no long pauses: a dead broker is noticed sooner than by Kafka's defaults (9 s, 2 s).
  ///
  /// `cluster.id` is our own addition to Kafka's names: a broker whose data directory is empty takes it instead of
  /// being formatted by a tool first.
  func properties(of broker: Int32, clusterID: String, _ options: ClusterOptions) -> [BrokerProperty] {
    [
      BrokerProperty("broker.heartbeat.interval.ms", "250"),
      BrokerProperty("broker.session.timeout.ms", "1500"),
      BrokerProperty("cluster.id", clusterID),
      BrokerProperty("streamsocial.metrics.listener", "127.0.0.1:\(options.metricsPort(of: broker))"),
    ]
  }

  /// Unless somebody has set another address by hand, which then is that somebody's to know.
  func servesMetrics(_ options: ClusterOptions) -> Bool {
    !options.brokerProperties.contains { $0.name == "streamsocial.metrics.listener" }
  }

  func format(_ broker: Int32, clusterID: String, _ options: ClusterOptions) async throws(ClusterError) {}

  func command(for broker: Int32, _ options: ClusterOptions) throws(ClusterError) -> ChildProcess.Command {
    let directory = options.directory(of: broker)
    return ChildProcess.Command(
      try Self.executable(), ["--config", "\(directory)/server.properties"],
      environment: [("STREAMSOCIAL_SUPERVISED", "1")],
      outputFile: "\(directory)/broker.log", hasInputPipe: true)
  }
}
