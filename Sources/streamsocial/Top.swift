import ClusterHost
import CommandLineTool
import KafkaClient
import Monitor
import Synchronization

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `streamsocial top`: a cluster's health in the terminal, once a second.
enum Top {
  static let once = Option.flag("once", help: "Print one snapshot and end; writes nothing into the cluster")

  static let command: Command = Command(
    "top", summary: "Watch a cluster in the terminal: health, brokers, alerts, groups, once a second",
    discussion: """
      q or Ctrl-C ends it. When the output is no terminal, one line a second is printed instead, or with
      --output json one object (the model of /api/v1/model, and the alerts). With --once the exit code is 10 unless the cluster is
      healthy. Without --bootstrap-servers it watches the cluster in --data-dir.
      """,
    options: [
      SharedOptions.bootstrapServers.spec, SharedOptions.dataDirectory.spec, SharedOptions.output.spec, once.spec,
    ] + Watching.options + [Alerting.settings.spec],
    examples: [
      Example("streamsocial top", "the cluster in ./.streamsocial"),
      Example("streamsocial top --bootstrap-servers kafka.example:9092 --no-canary", "any Kafka cluster, read only"),
      Example("streamsocial top --once && echo healthy", "for scripts"),
      Example("streamsocial top --output json | jq .verdict.sentence", "one object a second"),
    ]
  ) { arguments in
    guard let monitor = MonitorService(try options(arguments)) else {
      throw UsageError("--bootstrap-servers has the form host:port,host:port,…", path: arguments.path)
    }
    let end = AsyncStream<Void>.makeStream()
    Signals.onTermination { end.continuation.finish() }
    defer { monitor.stop() }
    let asJSON = arguments[SharedOptions.output] == "json"
    if arguments[once] { return await snapshot(monitor, asJSON: asJSON, end: end.stream) }
    if !asJSON, Terminal.outputIsTerminal {
      await onScreen(monitor, end)
    } else {
      let lines = monitor.subscribe { report in
        Terminal.print(asJSON ? json(report) : TopScreen.line(report))
      }
      monitor.start()
      for await _ in end.stream {}
      lines.cancel()
    }
    return .success
  }

  private static func options(_ arguments: Arguments) throws -> MonitorOptions {
    let cluster =
      arguments.has(SharedOptions.bootstrapServers)
      ? nil : try ClusterDirectory(arguments[SharedOptions.dataDirectory]).description()
    if cluster == nil, arguments.has(SharedOptions.dataDirectory), !arguments.has(SharedOptions.bootstrapServers) {
      throw ClusterError(.notPossible, "there is no cluster in \(arguments[SharedOptions.dataDirectory])")
    }
    var options = MonitorOptions(
      bootstrapServers: cluster?.bootstrapServers ?? arguments[SharedOptions.bootstrapServers])
    options.commands = Operate.commands(cluster == nil ? nil : arguments[SharedOptions.dataDirectory])
    if let cluster {
      for id in 1...Int32(clamping: cluster.brokerCount) { options.metricsURLs[id] = cluster.metricsURL(of: id) }
    }
    try Watching.apply(arguments, to: &options)
    try Alerting.applySettings(arguments, to: &options)
    if arguments[once] { options.canary = nil }
    return options
  }

  // MARK: - Ways to show it

  private static func onScreen(
    _ monitor: MonitorService, _ end: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)
  ) async {
    let terminal = TopTerminal()
    terminal.open(onQuit: { end.continuation.finish() })
    defer { terminal.close() }
    let subscription = monitor.subscribe { terminal.draw($0) }
    monitor.start()
    terminal.draw(nil)
    for await _ in end.stream {}
    subscription.cancel()
  }

  /// The second report: the first has no rates. Unknown is asked again for a few seconds.
  private static func snapshot(_ monitor: MonitorService, asJSON: Bool, end: AsyncStream<Void>) async -> ExitCode {
    let reports = AsyncStream<MonitorReport>.makeStream()
    let subscription = monitor.subscribe { reports.continuation.yield($0) }
    monitor.start()
    let ending = Task {
      for await _ in end {}
      reports.continuation.finish()
    }
    defer {
      subscription.cancel()
      ending.cancel()
    }
    for await report in reports.stream {
      let model = report.model
      guard model.sequence >= 2, model.verdict.word != .unknown || model.sequence >= 5 else { continue }
      let screen = TopScreen(
        width: Terminal.outputIsTerminal ? Terminal.width : 120, height: 1_000,
        coloured: Terminal.outputHasColour)
      Terminal.print(asJSON ? json(report) : screen.lines(report).joined(separator: "\n"))
      return model.verdict.word == .healthy ? .success : .unhealthy
    }
    return .failure
  }

  /// The model with the alerts beside its own fields.
  private struct Line: Encodable {
    var report: MonitorReport

    enum CodingKeys: CodingKey { case alerts }

    func encode(to encoder: Encoder) throws {
      try report.model.encode(to: encoder)
      var fields = encoder.container(keyedBy: CodingKeys.self)
      try fields.encode(report.alerts, forKey: .alerts)
    }
  }

  private static func json(_ report: MonitorReport) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(Line(report: report)) else { return "{}" }
    return String(decoding: data, as: UTF8.self)
  }
}
