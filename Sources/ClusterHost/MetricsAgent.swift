/// Prometheus's JMX exporter, an agent inside the JVM that gives Apache Kafka's brokers a `/metrics` page.
///
/// The jar is the operator's to provide, in `KAFKA_HOME/agent`; the rules, which give Kafka's figures the names that our
/// own brokers use, are `deploy/jmx-exporter.yml` of this project.
struct MetricsAgent: Sendable, Equatable {
  let jar: String
  let rules: String

  /// Nil when jar or rules are not there, or when a path has a space in it: Kafka's scripts would split the option.
  init?(home: String, rules: String? = Self.rulesFile()) {
    let directory = "\(home)/agent"
    let jars = LocalFiles.names(in: directory)
      .filter { $0.hasPrefix("jmx_prometheus_javaagent") && $0.hasSuffix(".jar") }
    guard let name = jars.max(), let rules else { return nil }
    let jar = "\(directory)/\(name)"
    guard !jar.contains(where: \.isWhitespace), !rules.contains(where: \.isWhitespace) else { return nil }
    self.jar = jar
    self.rules = rules
  }

  /// What the JVM is told, so that the broker answers on this port of loopback.
  func option(port: Int) -> String { "-javaagent:\(jar)=127.0.0.1:\(port):\(rules)" }

  /// `deploy/jmx-exporter.yml` of the source tree that this program was built in, or `share/streamsocial` of where it
  /// was installed; nil when there is neither.
  static func rulesFile() -> String? {
    guard let executable = try? LocalFiles.ownExecutable() else { return nil }
    var directory = executable[...]
    while let slash = directory.lastIndex(of: "/"), slash != directory.startIndex {
      directory = directory[..<slash]
      for name in ["deploy/jmx-exporter.yml", "share/streamsocial/jmx-exporter.yml"] {
        let path = "\(directory)/\(name)"
        if LocalFiles.exists(path) { return path }
      }
    }
    return nil
  }
}
