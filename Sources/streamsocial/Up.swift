import ClusterHost
import CommandLineTool

/// `streamsocial up`: starts a cluster and watches over it.
enum Up {
  static let detach = Option.flag("detach", short: "d", help: "Return once the cluster is ready; it runs on")
  static let restart = Option.choice(
    "restart", Supervisor.RestartPolicy.allCases.map(\.rawValue), default: "always",
    help: "Whether a broker that ends is started again")

  static let command: Command = Command(
    "up", summary: "Start a cluster on this machine",
    discussion: """
      Stays in the foreground and restarts what dies; Ctrl-C shuts the brokers down in order. With --detach it
      returns once the cluster is whole, and `streamsocial down` ends it.
      """,
    options: SharedOptions.cluster + [detach.spec, restart.spec] + DashboardHost.local,
    examples: [
      Example("streamsocial up", "three brokers on 9092, 9093, 9094, data in ./.streamsocial"),
      Example("streamsocial up --detach --port 19092 --data-dir /tmp/second", "a second cluster beside it"),
      Example("streamsocial up --engine kafka --broker-property num.io.threads=4", "the same on Apache Kafka"),
    ]
  ) { arguments in
    let options = try SharedOptions.clusterOptions(arguments)
    guard options.engine != .external else {
      throw UsageError("brokers that run elsewhere cannot be started from here", path: arguments.path)
    }
    return arguments[detach]
      ? try await inBackground(options, arguments)
      : try await inForeground(options, arguments)
  }

  private static func inForeground(_ options: ClusterOptions, _ arguments: Arguments) async throws -> ExitCode {
    let policy = Supervisor.RestartPolicy(rawValue: arguments[restart]) ?? .always
    let supervisor = try Supervisor(options, policy: policy) { Terminal.printError("streamsocial: \($0)") }
    let started = ContinuousClock.now
    // Before the cluster: a port that is taken is said at once.
    let dashboard = try DashboardHost.start(
      beside: supervisor.cluster, arguments, say: { Terminal.printError("streamsocial: \($0)") },
      control: { [weak supervisor] in await supervisor?.answer($0) ?? "error: ending" })
    defer { dashboard?.stop(beside: supervisor.cluster) }
    try await supervisor.run {
      let behind = await announce(options, after: started.duration(to: .now))
      Terminal.print("Ctrl-C ends it.")
      if behind > 0 { Task { await tellWhenInSync(options, since: started) } }
    }
    return .success
  }

  private static func inBackground(_ options: ClusterOptions, _ arguments: Arguments) async throws -> ExitCode {
    let started = ContinuousClock.now
    var words = [
      "up", "--engine", options.engine.rawValue, "--brokers", "\(options.brokerCount)", "--port",
      "\(options.portBase)", "--data-dir", options.dataDirectory, "--restart", arguments[restart],
    ]
    if arguments.has(DashboardHost.port) { words += ["--dashboard-port", "\(arguments[DashboardHost.port])"] }
    if arguments[DashboardHost.allowActions] { words.append("--allow-actions") }
    try Alerting.check(arguments)
    words += Alerting.words(arguments)
    for property in options.brokerProperties { words += ["--broker-property", "\(property.name)=\(property.value)"] }
    try await DetachedSupervisor.start(words, dataDirectory: options.dataDirectory)
    await announce(options, after: started.duration(to: .now))
    return .success
  }

  /// After a restart clients are served before every replica has copied what it missed.
  private static func tellWhenInSync(_ options: ClusterOptions, since started: ContinuousClock.Instant) async {
    while let status = try? await ClusterInspection.status(ofDirectory: options.dataDirectory) {
      let counts = status.replicaCounts
      if counts.all > 0, counts.behind == 0 {
        let seconds = Text.fixed(started.duration(to: .now) / .seconds(1), 2)
        return Terminal.printError("streamsocial: all \(counts.all) replicas are in sync, after \(seconds) s")
      }
      do { try await Task.sleep(for: .milliseconds(250)) } catch { return }
    }
  }

  /// Says where everything is; returns how many replicas are not in sync yet.
  @discardableResult
  private static func announce(_ options: ClusterOptions, after time: Duration) async -> Int {
    let counts = try? await ClusterInspection.status(ofDirectory: options.dataDirectory).replicaCounts
    let addresses = options.brokerIDs.map { "127.0.0.1:\(options.clientPort(of: $0))" }
    let cluster = try? ClusterDirectory(options.dataDirectory).description()
    var table = Table([">BROKER", "ADDRESS", "CONTROLLER", "METRICS", "LOG"])
    for (id, address) in zip(options.brokerIDs, addresses) {
      table.add([
        "\(id)", address, "127.0.0.1:\(options.controllerPort(of: id))", cluster?.metricsURL(of: id) ?? "-",
        "\(options.directory(of: id))/broker.log",
      ])
    }
    let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    // The commands find the cluster by its directory.
    let directory = Operate.flag(SupervisorDirectory(options.dataDirectory))
    let dashboard = ClusterDirectory(options.dataDirectory).dashboardURL
    let behind = counts?.behind ?? 0
    Terminal.print("\(table.rendered())\n\nDashboard: \(dashboard ?? "none")")
    if let counts, behind > 0 {
      Terminal.print(
        "Replicas still catching up: \(behind) of \(counts.all). Clients are served; stop no broker before "
          + "`streamsocial status\(directory)` says that all are in sync.")
    }
    Terminal.print(
      """
      Ready after \(Text.fixed(seconds, 2)) s. Next:
        streamsocial status\(directory)
        streamsocial topics create posts --partitions 3 --replication-factor \(min(3, options.brokerCount))\(directory)
        echo '{"value": "hello"}' | streamsocial produce posts\(directory)
        streamsocial kill 1\(directory)
        streamsocial down\(directory)
      """)
    return behind
  }
}
