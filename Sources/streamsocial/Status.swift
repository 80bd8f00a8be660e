import ClusterHost
import CommandLineTool
import Monitor

/// `streamsocial status`: how a cluster is, once or every second, by the monitor's judgement.
enum Status {
  static let watch = Option.flag(
    "watch",
    help: "Go on until interrupted: a line whenever the verdict changes; with --output json a line each second")

  static let command: Command = Command(
    "status", summary: "How a cluster is: verdict, brokers, partitions that are not whole",
    discussion: """
      Exit code 10 unless the verdict is healthy. It only looks: it writes no test events, so how long writes take is
      not known here (`top` and the dashboard measure it), and alerts that have to last are told with --watch alone.
      """,
    options: Operate.location + [SharedOptions.bootstrapServers.spec, SharedOptions.output.spec, watch.spec],
    examples: [
      Example("streamsocial status", "the cluster in ./.streamsocial"),
      Example("streamsocial status --output json", "one JSON object, with process ids"),
      Example("streamsocial status --bootstrap-servers kafka.example:9092", "any Kafka cluster"),
      Example("streamsocial status --watch", "what happens, as it happens"),
    ]
  ) { arguments in
    let target = try await Target(arguments)
    let isJSON = arguments[SharedOptions.output] == "json"
    if arguments[watch] { try await follow(target, isJSON: isJSON) }
    let (status, alerts) = try await judged(target)
    Terminal.print(isJSON ? json(status, alerts).text() : text(status, alerts))
    if !isJSON, let directory = target.directory, let next = next(status, SupervisorDirectory(directory)) {
      Terminal.print("\nNext: \(next)")
    }
    return status.verdict == .healthy ? .success : .unhealthy
  }

  /// Which cluster is meant.
  private struct Target {
    /// Nil: it runs elsewhere.
    var directory: String?
    var servers: String

    init(_ arguments: Arguments) async throws {
      if arguments.has(SharedOptions.bootstrapServers) {
        servers = arguments[SharedOptions.bootstrapServers]
        return
      }
      let path = try Operate.directory(arguments).path
      directory = path
      servers = try await ClusterInspection.brokers(ofDirectory: path).map { "\($0.host):\($0.port)" }
        .joined(separator: ",")
    }

    var monitoring: MonitorOptions {
      var options = MonitorOptions(bootstrapServers: servers)
      options.canary = nil
      options.commands = Operate.commands(directory)
      if let directory {
        options.processes = {
          let brokers = try? await ClusterInspection.brokers(ofDirectory: directory)
          return (brokers ?? []).map { .init($0) }
        }
      }
      return options
    }
  }

  private static func judged(_ target: Target) async throws -> (ClusterStatus, AlertList?) {
    var options = target.monitoring
    options.patience = 2_000
    guard let look = await ClusterCheck.look(options) else { throw wrongServers }
    var local: [ClusterStatus.Broker] = []
    if let directory = target.directory { local = try await ClusterInspection.brokers(ofDirectory: directory) }
    var status = ClusterStatus(
      controller: look.model.controller.id ?? -1, local: local,
      members: look.metadata?.brokers.map(broker) ?? [], topics: look.metadata?.topics.map(topic) ?? [],
      answered: look.metadata != nil)
    if let directory = target.directory, local.contains(where: { $0.processID != nil }) {
      status.dashboardURL = ClusterDirectory(directory).dashboardURL
    }
    let verdict: ClusterStatus.Verdict
    switch look.model.verdict.word {
    case .healthy: verdict = .healthy
    case .degraded: verdict = .degraded
    case .unavailable: verdict = .unavailable
    case .unknown: return (status, look.alerts)
    }
    status.judge(
      as: verdict, reasons: look.model.verdict.reasons.filter { $0.severity > .info }.map(\.text),
      sentence: look.model.verdict.sentence, failuresTolerated: look.model.tolerance.failures)
    return (status, look.alerts)
  }

  private static let wrongServers = ClusterError(.notPossible, "--bootstrap-servers has the form host:port,host:port,…")

  private static func broker(_ member: ClusterObservation.Broker) -> ClusterStatus.Broker {
    ClusterStatus.Broker(id: member.id, state: "running", host: member.host, port: Int(member.port))
  }

  private static func topic(_ topic: PartitionMap.Topic) -> ClusterStatus.Topic {
    ClusterStatus.Topic(
      name: topic.name,
      partitions: topic.partitions.map {
        ClusterStatus.Partition(id: $0.id, leader: $0.leader, replicas: $0.replicas, inSync: $0.isr)
      })
  }

  private static func json(_ status: ClusterStatus, _ alerts: AlertList?) -> JSON {
    guard case .object(let fields) = status.json else { return status.json }
    return .object(
      fields + [("produce_p99_ms", .null), ("alerts", alerts.map { .array($0.firing.map(json)) } ?? .null)])
  }

  private static func json(_ alert: Alert) -> JSON {
    [
      "name": .string(alert.name), "severity": .string(alert.severity.rawValue),
      "subject": alert.subject.map { .string($0) } ?? .null, "summary": .string(alert.summary),
      "action": .string(alert.action), "fired_at": .integer(Int(alert.firedAt)),
    ]
  }

  private static func text(_ status: ClusterStatus, _ alerts: AlertList?) -> String {
    var lines = [status.text(coloured: Terminal.outputHasColour), ""]
    if let alerts, let at = alerts.firing.map(\.firedAt).max() {
      let screen = TopScreen(
        width: Terminal.outputIsTerminal ? Terminal.width : 120, height: 1_000, coloured: Terminal.outputHasColour)
      lines += screen.lines(alerts, at: at) + [""]
    }
    lines.append("Produce latency: not known here; `streamsocial top` measures it with test events.")
    return lines.joined(separator: "\n")
  }

  /// What to type about a broker that is not there; nil when none is missing.
  private static func next(_ status: ClusterStatus, _ directory: SupervisorDirectory) -> String? {
    let flag = Operate.flag(directory)
    if status.brokers.allSatisfy({ $0.processID == nil }) { return "streamsocial up\(flag)" }
    if let paused = status.brokers.first(where: { $0.state == "paused" }) {
      return "streamsocial resume \(paused.id)\(flag)"
    }
    guard let stopped = status.brokers.first(where: { $0.processID == nil && $0.state == "stopped" }) else {
      return nil
    }
    return "streamsocial start \(stopped.id)\(flag)   (not needed where `up` restarts what dies)"
  }

  private static func follow(_ target: Target, isJSON: Bool) async throws -> Never {
    guard let monitor = MonitorService(target.monitoring) else {
      throw wrongServers
    }
    let (reports, next) = AsyncStream.makeStream(of: MonitorReport.self, bufferingPolicy: .bufferingNewest(10))
    let subscription = monitor.subscribe { next.yield($0) }
    monitor.start()
    var last: [String] = []
    for await report in reports {
      let model = report.model
      if isJSON {
        Terminal.print(line(model, report.alerts).text())
        continue
      }
      let now = [model.verdict.word.rawValue] + model.verdict.reasons.filter { $0.severity > .info }.map(\.code)
      if now != last { Terminal.print(model.verdict.sentence) }
      last = now
    }
    subscription.cancel()
    throw CancellationError()
  }

  /// The essential of one second, on one line.
  private static func line(_ model: ClusterModel, _ alerts: AlertList) -> JSON {
    func number(_ value: Int?) -> JSON { value.map { .integer($0) } ?? .null }
    return [
      "at": .integer(Int(model.at)), "verdict": .string(model.verdict.word.rawValue),
      "sentence": .string(model.verdict.sentence),
      "reasons": .array(model.verdict.reasons.map { .string($0.code) }),
      "failures_tolerated": number(model.tolerance.failures), "controller": number(model.controller.id.map(Int.init)),
      "partitions": number(model.partitions.total), "offline": number(model.partitions.offline),
      "under_min_isr": number(model.partitions.underMinISR),
      "under_replicated": number(model.partitions.underReplicated), "produce_p99_ms": .null,
      "alerts": .array(alerts.firing.map(json)),
      "brokers": .array(
        model.brokers.map { ["id": .integer(Int($0.id)), "state": .string($0.state.rawValue)] }),
    ]
  }
}
