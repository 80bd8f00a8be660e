import ClusterHost
import CommandLineTool
import Lab
import Synchronization

/// `streamsocial demo`: the main job.
enum Demo {
  static let rate = Option.integer("rate", in: 1...1_000_000, default: 10_000, help: "Events a second")
  static let duration = Option.integer("duration", in: 1...86_400, default: 60, help: "Seconds of traffic")
  static let seed = Option.integer("seed", default: 1, help: "The same seed gives the same events")
  static let kill = Option.text(
    "kill", KillTarget.words.joined(separator: "|"), default: "leader",
    help: "Who is killed at a third of the run and restarted at two thirds")
  static let hotBroker = Option.integer(
    "hot-broker", "ID", in: 0...9, default: 1, help: "Preferred leader of content-interactions; 0 for none")
  static let groups = Option.integer(
    "groups", in: 0...DemoOptions.groups.count, default: DemoOptions.groups.count,
    help: "How many consumer groups read along")

  static let command: Command = Command(
    "demo", summary: "Social traffic, a broker's death, and the proof that nothing was lost",
    discussion: """
      Starts a cluster, sends events, kills a broker at a third of the time and restarts it at two thirds, then reads
      everything back with fresh clients and compares it with what was acknowledged. Exit code 0: all is there and
      recovery was quick enough; 11: an invariant is broken; 12: all is there, but too slow. A report is written to
      demo-report.md in the data directory. While it runs, `kill`, `pause`, `resume`, `start` and `status` work on its
      cluster; what is still down at the end is started again before everything is checked.
      """,
    options: SharedOptions.cluster + [
      SharedOptions.bootstrapServers.spec, rate.spec, duration.spec, seed.spec, kill.spec, hotBroker.spec, groups.spec,
      SharedOptions.output.spec,
    ] + DashboardHost.local,
    examples: [
      Example("streamsocial demo", "10,000 events a second for a minute; the leader dies at 20 s"),
      Example("streamsocial demo --engine kafka --duration 15 --kill controller", "the same on Apache Kafka, shorter"),
      Example("streamsocial demo --output json", "one JSON object with all figures"),
    ]
  ) { arguments in
    let options = try options(arguments)
    try DashboardHost.check(arguments)
    let line = Mutex(ProgressLine())
    let lookout = DemoLookout(arguments) { words in
      line.withLock { $0.clear() }
      Terminal.printError(words)
    }
    let control = DemoControl()
    let run = try DemoRun(
      options,
      observer: {
        control.observe($0)
        lookout.observe($0)
      }
    ) { progress in
      line.withLock { $0.show(text(progress, options)) }
    }
    if options.cluster.engine == .external, options.kill != .none {
      Terminal.printError("brokers that run elsewhere are not killed: this run shows no failover")
    }
    let outcome: Result<DemoResult, any Error>
    do { outcome = .success(try await run.run()) } catch { outcome = .failure(error) }
    line.withLock { $0.clear() }
    let result = try outcome.get()
    Terminal.print(
      arguments[SharedOptions.output] == "json"
        ? result.json.text() : result.summary(coloured: Terminal.outputHasColour))
    if options.cluster.engine != .external {
      let path = "\(options.cluster.dataDirectory)/demo-report.md"
      try ReportFile.write(result.markdown, to: path)
      if arguments[SharedOptions.output] != "json" { Terminal.print("\nReport: \(path)") }
    }
    return result.exitCode
  }

  private static func options(_ arguments: Arguments) throws -> DemoOptions {
    var options = DemoOptions()
    options.cluster = try SharedOptions.clusterOptions(arguments)
    if options.cluster.engine == .external {
      guard arguments.has(SharedOptions.bootstrapServers) else {
        throw UsageError("--engine external needs --bootstrap-servers HOST:PORT,…", path: arguments.path)
      }
      guard !arguments.has(Alerting.webhook) else {
        throw UsageError(
          "a demo on brokers that run elsewhere does not watch them: streamsocial dashboard --webhook does",
          path: arguments.path)
      }
      options.cluster.bootstrapServers = arguments[SharedOptions.bootstrapServers]
    }
    options.rate = arguments[rate]
    options.durationSeconds = arguments[duration]
    options.seed = UInt64(arguments[seed])
    guard let kill = KillTarget(arguments[kill]) else {
      throw UsageError("--kill is one of \(KillTarget.words.joined(separator: ", "))", path: arguments.path)
    }
    options.kill = kill
    options.hotBroker = Int32(arguments[hotBroker])
    options.groupCount = arguments[groups]
    let (count, overflow) = options.rate.multipliedReportingOverflow(by: options.durationSeconds)
    guard !overflow, count <= 200_000_000 else {
      throw UsageError("--rate times --duration is at most 200,000,000 events", path: arguments.path)
    }
    return options
  }

  private static func text(_ progress: DemoRun.Progress, _ options: DemoOptions) -> String {
    guard progress.sent > 0 else { return progress.phase }
    var line = "\(Text.fixed(progress.seconds, 1)) s  \(progress.phase)  sent \(Text.grouped(progress.sent))"
    line += "  acknowledged \(Text.grouped(progress.acknowledged))"
    if let slowest = progress.slowestGroup { line += "  groups \(Text.grouped(slowest))" }
    return line
  }
}
