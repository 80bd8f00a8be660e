import CommandLineTool

/// A cluster's health at a glance: what is there, and a verdict with its reasons.
public struct ClusterStatus: Sendable, Equatable {
  public enum Verdict: String, Sendable { case healthy, degraded, unavailable }

  public struct Broker: Sendable, Equatable {
    public var id: Int32
    /// Nil when it does not run here.
    public var processID: Int32?
    /// `running`, `starting` (a process, but not yet part of the cluster), `paused` or `stopped`.
    public var state: String
    public var host: String
    public var port: Int
    /// Where it answers `/metrics` (Prometheus' text format); nil when it does not, or that is not known.
    public var metricsURL: String?
    /// How its last process ended: true after a shutdown, false after anything else. Nil: it runs, or that is not known.
    public var endedInOrder: Bool?
    public var leaders = 0
    public var replicas = 0

    public init(id: Int32, processID: Int32? = nil, state: String, host: String, port: Int) {
      self.id = id
      self.processID = processID
      self.state = state
      self.host = host
      self.port = port
    }
  }

  public struct Partition: Sendable, Equatable {
    public var id: Int32
    /// −1 when it has none.
    public var leader: Int32
    public var replicas: [Int32]
    public var inSync: [Int32]

    public init(id: Int32, leader: Int32, replicas: [Int32], inSync: [Int32]) {
      self.id = id
      self.leader = leader
      self.replicas = replicas
      self.inSync = inSync
    }
  }

  public struct Topic: Sendable, Equatable {
    public var name: String
    public var partitions: [Partition]

    public init(name: String, partitions: [Partition]) {
      self.name = name
      self.partitions = partitions
    }
  }

  public private(set) var verdict: Verdict = .healthy
  public private(set) var reasons: [String] = []
  /// The verdict in a sentence of facts; nil until somebody judged with more than is here.
  public private(set) var sentence: String?
  /// How many further brokers may die before users feel it; nil: not known.
  public private(set) var failuresTolerated: Int?
  /// The active controller; −1 when there is none.
  public var controller: Int32
  public var brokers: [Broker]
  public var topics: [Topic]
  /// Where its dashboard is; nil when there is none.
  public var dashboardURL: String?

  /// How many replicas there are, and how many of them are not in sync.
  public var replicaCounts: (all: Int, behind: Int) {
    let partitions = topics.flatMap(\.partitions)
    let all = partitions.reduce(0) { $0 + $1.replicas.count }
    return (all, all - partitions.reduce(0) { $0 + $1.inSync.count })
  }

  /// Judges what was seen. `answered` is false when no broker could be asked.
  public init(controller: Int32, brokers: [Broker], topics: [Topic], answered: Bool) {
    self.controller = controller
    self.brokers = brokers.sorted { $0.id < $1.id }
    self.topics = topics.sorted { $0.name < $1.name }
    count()
    judge(answered: answered)
  }

  /// The same, of what the processes of this machine do (`local`; none for a cluster that runs elsewhere) and what the
  /// cluster says of itself (`members`: the brokers that its metadata name).
  public init(controller: Int32, local: [Broker], members: [Broker], topics: [Topic], answered: Bool) {
    var brokers = local
    for index in brokers.indices where answered && brokers[index].state == "running" {
      if !members.contains(where: { $0.id == brokers[index].id }) { brokers[index].state = "starting" }
    }
    for member in members where !brokers.contains(where: { $0.id == member.id }) { brokers.append(member) }
    // Replicas on a broker that nobody has seen reveal that it is missing.
    for id in topics.flatMap(\.partitions).flatMap(\.replicas) where !brokers.contains(where: { $0.id == id }) {
      brokers.append(Broker(id: id, state: "stopped", host: "", port: 0))
    }
    self.init(controller: controller, brokers: brokers, topics: topics, answered: answered)
  }

  /// Replaces the first look by the judgement of somebody who knows more (min ISR, who answers, the quorum).
  public mutating func judge(as verdict: Verdict, reasons: [String], sentence: String, failuresTolerated: Int?) {
    self.verdict = verdict
    self.reasons = reasons
    self.sentence = sentence
    self.failuresTolerated = failuresTolerated
  }

  private mutating func count() {
    for partition in topics.flatMap(\.partitions) {
      for index in brokers.indices {
        if brokers[index].id == partition.leader { brokers[index].leaders += 1 }
        if partition.replicas.contains(brokers[index].id) { brokers[index].replicas += 1 }
      }
    }
  }

  private mutating func judge(answered: Bool) {
    func worsen(_ new: Verdict, _ reason: String) {
      if verdict != .unavailable { verdict = new }
      reasons.append(reason)
    }
    for broker in brokers where broker.state != "running" {
      worsen(.degraded, "broker \(broker.id) is \(broker.state)")
    }
    guard answered else {
      worsen(.unavailable, "no broker answers")
      return
    }
    if controller < 0 { worsen(.unavailable, "no active controller") }
    let partitions = topics.flatMap(\.partitions)
    let leaderless = partitions.filter { $0.leader < 0 }.count
    if leaderless > 0 { worsen(.unavailable, "\(leaderless) of \(partitions.count) partitions have no leader") }
    let behind = partitions.filter { $0.inSync.count < $0.replicas.count }.count
    if behind > 0 { worsen(.degraded, "\(behind) of \(partitions.count) partitions lack an in-sync replica") }
  }

  public var json: JSON {
    func ids(_ list: [Int32]) -> JSON { .array(list.map { .integer(Int($0)) }) }
    return [
      "verdict": .string(verdict.rawValue), "reasons": .array(reasons.map { .string($0) }),
      "sentence": sentence.map { .string($0) } ?? .null,
      "failures_tolerated": failuresTolerated.map { .integer($0) } ?? .null,
      "controller": .integer(Int(controller)), "dashboard_url": dashboardURL.map { .string($0) } ?? .null,
      "brokers": .array(
        brokers.map { broker in
          [
            "id": .integer(Int(broker.id)), "pid": broker.processID.map { .integer(Int($0)) } ?? .null,
            "state": .string(broker.state), "host": .string(broker.host), "port": .integer(broker.port),
            "leaders": .integer(broker.leaders), "replicas": .integer(broker.replicas),
            "metrics_url": broker.metricsURL.map { .string($0) } ?? .null,
          ]
        }),
      "topics": .array(
        topics.map { topic in
          [
            "name": .string(topic.name),
            "partitions": .array(
              topic.partitions.map { partition in
                [
                  "id": .integer(Int(partition.id)), "leader": .integer(Int(partition.leader)),
                  "replicas": ids(partition.replicas), "isr": ids(partition.inSync),
                ]
              }),
          ]
        }),
    ]
  }

  private static let shownPartitions = 12

  /// For people: the verdict first, then brokers and whatever is not whole.
  public func text(coloured: Bool) -> String {
    let style: Terminal.Style = verdict == .healthy ? .green : verdict == .degraded ? .yellow : .red
    let word = Terminal.styled(verdict.rawValue.uppercased(), style, when: coloured)
    let why =
      sentence.map { String($0.drop { $0 != ":" }) } ?? (reasons.isEmpty ? "" : ": \(reasons.joined(separator: "; "))")
    var lines = [word + why, ""]
    var table = Table(["BROKER", "STATE", "ADDRESS", ">PID", ">LEADERS", ">REPLICAS"])
    for broker in brokers {
      table.add([
        broker.id == controller ? "\(broker.id) (controller)" : "\(broker.id)", broker.state,
        "\(broker.host):\(broker.port)", broker.processID.map { "\($0)" } ?? "-", "\(broker.leaders)",
        "\(broker.replicas)",
      ])
    }
    lines.append(table.rendered())
    let partitions = topics.reduce(0) { $0 + $1.partitions.count }
    lines += ["", "\(topics.count) topics, \(partitions) partitions"]
    var ailing = Table(["TOPIC", ">PARTITION", ">LEADER", "REPLICAS", "IN SYNC"])
    for topic in topics {
      for partition in topic.partitions
      where partition.leader < 0 || partition.inSync.count < partition.replicas.count {
        ailing.add([
          topic.name, "\(partition.id)", partition.leader < 0 ? "none" : "\(partition.leader)",
          partition.replicas.map { "\($0)" }.joined(separator: ","),
          partition.inSync.map { "\($0)" }.joined(separator: ","),
        ])
      }
    }
    if !ailing.rows.isEmpty {
      // A whole broker's partitions would push the verdict off the screen.
      lines += ["", ailing.rendered(first: Self.shownPartitions)]
      let more = ailing.rows.count - Self.shownPartitions
      if more > 0 { lines.append("and \(more) more; all: streamsocial status --output json") }
    }
    return lines.joined(separator: "\n")
  }
}
