import Foundation
import Metrics
import Primitives
import Testing

@testable import Broker

/// Names that boards use and the exporter's example rules spell otherwise: those of Strimzi's rules, and the connection
/// counts, which the example has once for each listener with the listener in the name.
private let otherRules: [(prefix: String, labels: Set<String>)] = [
  ("kafka_server_raftmetrics_", ["-", "state"]),
  ("kafka_network_socketserver_networkprocessoravgidle_percent", ["-"]),
  ("kafka_server_socket_server_metrics_connection_", ["listener,networkProcessor"]),
]

/// The metrics of real pages: type and label names, by name.
private struct RealMetrics {
  var rows: [String: (type: String, labels: Set<String>)] = [:]

  init() throws {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../Vectors/metrics/apache-kafka-4.3.1.txt")
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
      let words = line.split(separator: " ").map(String.init)
      rows[words[0]] = (words[1], Set(words[2].split(separator: "|").map(String.init)))
    }
  }
}

private func partition(_ topic: String, _ id: Int32, leads: Bool = true, inSync: Int = 3) -> DataSnapshot.Partition {
  DataSnapshot.Partition(
    name: TopicPartition(topic, PartitionID(id)), isLeader: leads, follows: leads ? .none : BrokerID(2),
    replicas: 3, inSync: inSync, minInSync: 2, isReassigning: false, logStart: 3, logEnd: 10, stableLag: 0,
    lag: leads ? 0 : 4, bytes: 700, segments: 1, producers: 1)
}

private func facts(_ partitions: [DataSnapshot.Partition]) -> MetricsPage.Facts {
  let requests = RequestMetrics()
  let start: Int64 = 1_000_000_000
  func request(_ kind: RequestKind, version: Int16, waited: Int64) {
    let timing = RequestMetrics.Timing(
      kind: kind, version: version, arrived: start, started: start + 1_000_000, returned: start + 3_000_000,
      answered: start + 3_000_000 + waited)
    requests.sent(timing, requestBytes: 100, at: timing.answered)
    requests.turnEnded { timing.answered + 500_000 }
  }
  for _ in 0..<98 { request(RequestKind(.produce), version: 9, waited: 10_000_000) }
  for _ in 0..<2 { request(RequestKind(.produce), version: 11, waited: 500_000_000) }
  request(.followerFetch, version: 17, waited: 0)
  request(.consumerFetch, version: 12, waited: 20_000_000)
  var facts = MetricsPage.Facts()
  facts.nodeID = BrokerID(1)
  facts.state = .running
  facts.logDirectory = "/data \"1\""
  facts.clientListener = "PLAINTEXT"
  facts.controllerListener = "CONTROLLER"
  facts.process = .now()
  facts.disk = DiskFigures(of: "/")
  var control = ControlSnapshot()
  control.role = .leader
  control.observers = 0
  control.idle = 0.5
  facts.control = control
  var data = DataSnapshot()
  data.at = Instant(nanoseconds: start + 1_000_000_000)
  data.requests = requests.snapshot
  data.idle = 1
  data.partitions = partitions
  data.topics = [("posts", TopicCounters(messagesIn: 7))]
  data.counts.all.messagesIn = 9
  facts.data = data
  return facts
}

/// Boards and rules written for Kafka find here what they know, with the meaning that they count on.
@Test func everyMetricIsOneOfApacheKafkasOrSaysThatItIsOurs() throws {
  let real = try RealMetrics()
  let page = try PrometheusPage(
    parsing: MetricsPage.render(facts([partition("posts", 0), partition("posts", 1, leads: false)])))
  #expect(page.types.count > 90)
  for (name, type) in page.types {
    if name.hasPrefix("streamsocial_") || name.hasPrefix("process_") { continue }
    let labels = Set(page.samples(named: name).map { $0.labels.map(\.name).sorted().joined(separator: ",") })
      .map { $0.isEmpty ? "-" : $0 }
    if let other = otherRules.first(where: { name.hasPrefix($0.prefix) }) {
      #expect(other.labels.isSuperset(of: labels), "\(name) \(labels)")
      continue
    }
    let known = try #require(real.rows[name], "\(name) is not Kafka's")
    #expect(known.type == type.rawValue, "\(name)")
    #expect(known.labels.isSuperset(of: labels), "\(name) has labels \(labels), Kafka's \(known.labels)")
  }
}

/// Whoever looks a name up in the manual finds it.
@Test func everyMetricIsInTheManual() throws {
  let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent(
    "../../docs/operations.md")
  let manual = try String(contentsOf: file, encoding: .utf8)
  let page = try PrometheusPage(
    parsing: MetricsPage.render(facts([partition("posts", 0), partition("posts", 1, leads: false)])))
  for (name, type) in page.types { #expect(manual.contains("| `\(name)` | \(type.rawValue) |"), "\(name)") }
}

@Test func aPageSaysWhatTheLoopsCounted() throws {
  let page = try PrometheusPage(
    parsing: MetricsPage.render(
      facts([
        partition("posts", 0, inSync: 2), partition("posts", 1, inSync: 1),
        partition("posts", 2, leads: false, inSync: 1),
        partition("posts", 3),
      ])))
  let replicas = "kafka_server_replicamanager_"
  #expect(page.value(of: replicas + "underreplicatedpartitions") == 2)
  #expect(page.value(of: replicas + "underminisrpartitioncount") == 1)
  #expect(page.value(of: replicas + "atminisrpartitioncount") == 1)
  #expect(page.value(of: replicas + "offlinereplicacount") == 0)
  #expect(page.value(of: replicas + "leadercount") == 3)
  #expect(page.value(of: replicas + "partitioncount") == 4)
  #expect(page.value(of: "kafka_server_replicafetchermanager_maxlag", [.init("clientId", "Replica")]) == 4)
  #expect(page.value(of: "kafka_server_brokertopicmetrics_messagesin_total") == 9)
  #expect(page.value(of: "kafka_server_brokertopicmetrics_messagesin_total", [.init("topic", "posts")]) == 7)
  #expect(
    page.value(of: "kafka_cluster_partition_underreplicated", [.init("topic", "posts"), .init("partition", "0")]) == 1)
  #expect(page.value(of: "kafka_server_raft_metrics_current_state", [.init("state", "leader")]) == 1)
  #expect(page.value(of: "kafka_server_raft_metrics_commit_latency_avg")?.isNaN == true)
  #expect(page.value(of: "kafka_network_processor_idlepercent", [.init("networkProcessor", "1")]) == 0.5)
  #expect(page.value(of: "streamsocial_broker_state", [.init("state", "RUNNING")]) == 1)
  #expect(page.value(of: "streamsocial_broker_state", [.init("state", "FAILED")]) == 0)
  #expect((page.value(of: "process_resident_memory_bytes") ?? 0) > 1_000_000)
  #expect((page.value(of: "process_start_time_seconds") ?? 0) > 1_600_000_000)
  #expect((page.value(of: "process_open_fds") ?? 0) >= 3)
}

/// Where a request's time went: the parts are Kafka's, and add up to the whole.
@Test func aRequestsTimeIsSplitIntoItsParts() throws {
  let page = try PrometheusPage(parsing: MetricsPage.render(facts([])))
  let prefix = "kafka_network_requestmetrics_"
  func milliseconds(_ part: String, _ request: String, _ quantile: String) -> Double {
    page.value(of: prefix + part, [.init("quantile", quantile), .init("request", request)]) ?? .nan
  }
  func isNear(_ value: Double, _ wanted: Double) -> Bool { abs(value - wanted) <= wanted / 32 }
  #expect(isNear(milliseconds("requestqueuetimems", "Produce", "0.50"), 1))
  #expect(isNear(milliseconds("localtimems", "Produce", "0.50"), 2))
  #expect(isNear(milliseconds("remotetimems", "Produce", "0.50"), 10))
  #expect(isNear(milliseconds("responsesendtimems", "Produce", "0.50"), 0.5))
  #expect(isNear(milliseconds("totaltimems", "Produce", "0.50"), 13.5))
  #expect(isNear(milliseconds("totaltimems", "Produce", "0.99"), 503.5))
  #expect(page.value(of: prefix + "totaltimems_count_total", [.init("request", "Produce")]) == 100)
  #expect(page.value(of: prefix + "requests_total", [.init("request", "Produce"), .init("version", "11")]) == 2)
  #expect(page.value(of: prefix + "totaltimems_count_total", [.init("request", "Fetch")]) == 2)
  #expect(page.value(of: prefix + "totaltimems_count_total", [.init("request", "FetchFollower")]) == 1)
}

/// The mean number that wait is what all waits add up to, over the time in which they were: 102 of 1 ms in the last 41 s.
@Test func theRequestQueueIsAsLongAsRequestsWaitInIt() throws {
  let name = "kafka_network_requestchannel_requestqueuesize"
  let page = try PrometheusPage(parsing: MetricsPage.render(facts([])))
  let mean = try #require(page.value(of: name))
  #expect(abs(mean - 0.102 / 41) < 0.00002)
  var quiet = facts([])
  quiet.data?.requests = RequestFigures()
  #expect(try PrometheusPage(parsing: MetricsPage.render(quiet)).value(of: name) == 0)
}

/// Clients wait for the data loop alone: how much of it is left is told apart from the mean, which is Kafka's of both.
@Test func aBusyDataLoopIsSeenBesideAnIdleControlLoop() throws {
  var busy = facts([])
  busy.data?.idle = 0.1
  busy.control?.idle = 1
  let page = try PrometheusPage(parsing: MetricsPage.render(busy))
  let pool = "kafka_server_kafkarequesthandlerpool_"
  #expect(page.value(of: pool + "brokerrequesthandleravgidle_percent") == 0.1)
  #expect(page.value(of: pool + "controllerrequesthandleravgidle_percent") == 1)
  #expect(page.value(of: pool + "requesthandleravgidle_percent") == 0.55)
  #expect(page.value(of: "kafka_network_socketserver_networkprocessoravgidlepercent") == 0.1)
}

/// A thousand partitions are a page of some megabytes at most, not a blow-up.
@Test func aThousandPartitionsAreStillAPage() throws {
  let many = (Int32(0)..<1000).map { partition("a-topic-with-a-name-of-usual-length", $0, leads: $0 % 3 == 0) }
  let bytes = MetricsPage.render(facts(many))
  #expect(bytes.count < 2 << 20)
  #expect(try PrometheusPage(parsing: bytes).samples(named: "kafka_log_log_size").count == 1001)
}

/// A loop that did not answer is missing, and its figures with it: nothing is made up for them.
@Test func whatDidNotAnswerIsNotZero() throws {
  var some = facts([partition("posts", 0)])
  some.data = nil
  let page = try PrometheusPage(parsing: MetricsPage.render(some))
  #expect(page.value(of: "streamsocial_loop_answered", [.init("loop", "data")]) == 0)
  #expect(page.value(of: "streamsocial_loop_answered", [.init("loop", "control")]) == 1)
  #expect(page.value(of: "kafka_server_replicamanager_underreplicatedpartitions") == nil)
  #expect(page.samples(named: "kafka_server_brokertopicmetrics_messagesin_total").isEmpty)
  #expect(page.value(of: "kafka_network_requestchannel_requestqueuesize") == nil)
  #expect(page.value(of: "kafka_controller_kafkacontroller_activecontrollercount") == 0)
}
