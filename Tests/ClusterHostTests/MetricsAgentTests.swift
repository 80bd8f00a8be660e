import Foundation
import Testing

@testable import ClusterHost

/// The JMX exporter is used when it is there, and only then.
@Suite struct MetricsAgentTests {
  private func home(_ name: String = "kafka", jars: [String]) throws -> String {
    let home = NSTemporaryDirectory() + "agent-\(UUID().uuidString)/\(name)"
    try FileManager.default.createDirectory(atPath: "\(home)/agent", withIntermediateDirectories: true)
    for jar in jars { try Data().write(to: URL(fileURLWithPath: "\(home)/agent/\(jar)")) }
    return home
  }

  @Test func agentAnswersOnLoopbackWithTheRulesOfThisProject() throws {
    let home = try home(jars: ["jmx_prometheus_javaagent-1.0.0.jar", "jmx_prometheus_javaagent-1.0.1.jar", "other.jar"])
    defer { try? FileManager.default.removeItem(atPath: home) }
    let agent = try #require(MetricsAgent(home: home, rules: "/rules.yml"))
    #expect(
      agent.option(port: 9405)
        == "-javaagent:\(home)/agent/jmx_prometheus_javaagent-1.0.1.jar=127.0.0.1:9405:/rules.yml")
  }

  /// The scripts of Apache Kafka split the option at spaces, so such a path would keep the broker from starting.
  @Test func nothingIsServedWithoutJarOrRulesOrWithASpaceInAPath() throws {
    let home = try home(jars: ["jmx_prometheus_javaagent-1.0.1.jar"])
    let spaced = try self.home("my kafka", jars: ["jmx_prometheus_javaagent-1.0.1.jar"])
    let empty = try self.home(jars: [])
    defer { for path in [home, spaced, empty] { try? FileManager.default.removeItem(atPath: path) } }
    #expect(MetricsAgent(home: home, rules: nil) == nil)
    #expect(MetricsAgent(home: spaced, rules: "/rules.yml") == nil)
    #expect(MetricsAgent(home: empty, rules: "/rules.yml") == nil)
    #expect(MetricsAgent(home: "/nowhere", rules: "/rules.yml") == nil)
  }

  @Test func rulesOfTheSourceTreeAreFound() throws {
    let path = try #require(MetricsAgent.rulesFile())
    #expect(path.hasSuffix("/deploy/jmx-exporter.yml"))
  }
}
