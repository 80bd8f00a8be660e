#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Apache Kafka's brokers, from an official distribution in `KAFKA_HOME`.
struct ApacheKafkaLauncher: BrokerLauncher {
  let kind = EngineKind.kafka
  let startLimit = Duration.seconds(90)
  let stopLimit = Duration.seconds(30)
  let home: String?
  /// What serves the brokers' metrics; nil when it is not there.
  let agent: MetricsAgent?

  init() {
    home = getenv("KAFKA_HOME").map { String(cString: $0) }
    agent = home.flatMap { MetricsAgent(home: $0) }
  }

  /// A Java program that SIGTERM ends, after it has shut down, says 128 + 15.
  func isOrderly(_ exit: ChildProcess.Exit) -> Bool { exit == .code(0) || exit == .code(143) }

  func obstacle(_ options: ClusterOptions) -> ClusterError? {
    guard let home, !home.isEmpty else {
      return ClusterError(
        .environment,
        "--engine kafka needs Apache Kafka 4 in KAFKA_HOME, which is not set. Get it from "
          + "https://kafka.apache.org/downloads, unpack it and: export KAFKA_HOME=/path/to/kafka")
    }
    guard LocalFiles.isExecutable("\(home)/bin/kafka-server-start.sh") else {
      return ClusterError(.environment, "KAFKA_HOME is \(home), but there is no bin/kafka-server-start.sh in it")
    }
    if let java = getenv("JAVA_HOME").map({ String(cString: $0) }), !java.isEmpty {
      return LocalFiles.isExecutable("\(java)/bin/java")
        ? nil : ClusterError(.environment, "JAVA_HOME is \(java), but there is no bin/java in it")
    }
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    guard path.split(separator: ":").contains(where: { LocalFiles.isExecutable("\($0)/java") }) else {
      return ClusterError(.environment, "--engine kafka needs Java 17 or newer, and there is no java on the PATH")
    }
    return nil
  }

  /// What a careful operator of three nodes on one machine sets: internal topics that survive a node, and a dead
  /// node noticed in 3 s rather than 9.
  func properties(of broker: Int32, clusterID: String, _ options: ClusterOptions) -> [BrokerProperty] {
    let replicas = "\(min(3, options.brokerCount))"
    let minimum = "\(max(1, min(2, options.brokerCount - 1)))"
    return [
      BrokerProperty("transaction.state.log.replication.factor", replicas),
      BrokerProperty("transaction.state.log.min.isr", minimum),
      BrokerProperty("share.coordinator.state.topic.replication.factor", replicas),
      BrokerProperty("share.coordinator.state.topic.min.isr", minimum),
      BrokerProperty("broker.heartbeat.interval.ms", "500"),
      BrokerProperty("broker.session.timeout.ms", "3000"),
      BrokerProperty("controller.quorum.election.timeout.ms", "500"),
      BrokerProperty("controller.quorum.fetch.timeout.ms", "1000"),
      BrokerProperty("auto.create.topics.enable", "true"),
    ]
  }

  func servesMetrics(_ options: ClusterOptions) -> Bool { agent != nil }

  func format(_ broker: Int32, clusterID: String, _ options: ClusterOptions) async throws(ClusterError) {
    let directory = options.directory(of: broker)
    if LocalFiles.exists("\(directory)/data/meta.properties") { return }
    let output = "\(directory)/format.log"
    let command = ChildProcess.Command(
      "\(home ?? "")/bin/kafka-storage.sh",
      ["format", "--ignore-formatted", "-t", clusterID, "-c", "\(directory)/server.properties"],
      environment: environment(directory), outputFile: output)
    let process = try ChildProcess(command)
    guard try await process.ended(within: .seconds(60)) == .code(0) else {
      throw ClusterError(.environment, "Kafka could not format its directory:\n\(LogTail.of(output))")
    }
  }

  func command(for broker: Int32, _ options: ClusterOptions) throws(ClusterError) -> ChildProcess.Command {
    let directory = options.directory(of: broker)
    var environment = environment(directory)
    if let agent {
      let own = getenv("KAFKA_OPTS").map { String(cString: $0) + " " } ?? ""
      environment.append(("KAFKA_OPTS", own + agent.option(port: options.metricsPort(of: broker))))
    }
    return ChildProcess.Command(
      "\(home ?? "")/bin/kafka-server-start.sh", ["\(directory)/server.properties"],
      environment: environment, outputFile: "\(directory)/broker.log")
  }

  private func environment(_ directory: String) -> [(name: String, value: String)] {
    var result = [(name: "LOG_DIR", value: "\(directory)/logs")]
    if getenv("KAFKA_HEAP_OPTS") == nil { result.append(("KAFKA_HEAP_OPTS", "-Xms192M -Xmx512M")) }
    return result
  }
}

/// The end of a log file, for error messages.
enum LogTail {
  static func of(_ path: String, lines: Int = 8) -> String {
    let text = LocalFiles.read(path, lastBytes: 8192) ?? ""
    let all = text.split(separator: "\n").suffix(lines)
    return all.isEmpty ? "(\(path) is empty)" : all.map { "  \($0)" }.joined(separator: "\n") + "\n(from \(path))"
  }
}
