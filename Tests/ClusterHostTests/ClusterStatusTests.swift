import ClusterHost
import CommandLineTool
import Testing

private func brokers(_ states: String...) -> [ClusterStatus.Broker] {
  states.enumerated().map { index, state in
    ClusterStatus.Broker(
      id: Int32(index + 1), processID: state == "stopped" ? nil : Int32(100 + index), state: state, host: "127.0.0.1",
      port: 9092 + index)
  }
}

private func topic(leader: Int32 = 1, inSync: [Int32] = [1, 2, 3]) -> [ClusterStatus.Topic] {
  [
    ClusterStatus.Topic(
      name: "posts",
      partitions: [ClusterStatus.Partition(id: 0, leader: leader, replicas: [1, 2, 3], inSync: inSync)])
  ]
}

@Test func aWholeClusterIsHealthy() {
  let status = ClusterStatus(
    controller: 2, brokers: brokers("running", "running", "running"), topics: topic(), answered: true)
  #expect(status.verdict == .healthy)
  #expect(status.reasons.isEmpty)
  #expect(status.brokers.map(\.leaders) == [1, 0, 0])
  #expect(status.brokers.map(\.replicas) == [1, 1, 1])
}

/// Whatever is not whole is named; what cannot be written to is worse than what lacks a copy, in any order.
@Test func everyFaultHasItsVerdict() {
  let all = brokers("running", "running", "running")
  let missing = brokers("running", "stopped", "running")
  let cases: [(ClusterStatus, ClusterStatus.Verdict, Int)] = [
    (ClusterStatus(controller: 1, brokers: missing, topics: topic(), answered: true), .degraded, 1),
    (ClusterStatus(controller: 1, brokers: all, topics: topic(inSync: [1, 3]), answered: true), .degraded, 1),
    (ClusterStatus(controller: 1, brokers: missing, topics: topic(inSync: [1, 3]), answered: true), .degraded, 2),
    (ClusterStatus(controller: 1, brokers: all, topics: topic(leader: -1), answered: true), .unavailable, 1),
    (ClusterStatus(controller: -1, brokers: all, topics: topic(inSync: [1]), answered: true), .unavailable, 2),
    (ClusterStatus(controller: -1, brokers: missing, topics: [], answered: false), .unavailable, 2),
  ]
  for (status, verdict, reasons) in cases {
    #expect(status.verdict == verdict, "\(status.reasons)")
    #expect(status.reasons.count == reasons, "\(status.reasons)")
  }
}

/// Programs read this: names and nesting are a promise.
@Test func theJSONHasItsPromisedShape() throws {
  var members = brokers("running", "stopped")
  members[0].metricsURL = "http://127.0.0.1:9404/metrics"
  let status = ClusterStatus(
    controller: 2, brokers: members, topics: topic(inSync: [1]), answered: true)
  let json = try JSON(parsing: status.json.text())
  #expect(json["verdict"] == "degraded")
  #expect(json["reasons"]?.array?.count == 2)
  #expect(json["controller"] == 2)
  #expect(
    json["brokers"]?.array?.last == [
      "id": 2, "pid": nil, "state": "stopped", "host": "127.0.0.1", "port": 9093, "leaders": 0, "replicas": 1,
      "metrics_url": nil,
    ])
  #expect(json["brokers"]?.array?.first?["metrics_url"] == "http://127.0.0.1:9404/metrics")
  #expect(
    json["topics"] == [["name": "posts", "partitions": [["id": 0, "leader": 1, "replicas": [1, 2, 3], "isr": [1]]]]])
}
