import ClusterHost
import CommandLineTool
import Dashboard
import HTTPServer
import Monitor

/// `streamsocial dashboard`: watches any Kafka cluster and serves the page.
enum DashboardCommand {
  static let address = Option.text(
    "dashboard-address", "ADDRESS", default: "127.0.0.1", help: "Where to listen; off loopback a token is needed")
  static let hosts = Option.repeated("host", "NAME", help: "A further name by which browsers call it")
  static let tokenFile = Option.text(
    "token-file", "FILE", default: "", kind: .path, help: "Holds the token that visitors must know")

  static let command: Command = Command(
    "dashboard", summary: "Watch any Kafka cluster in the browser",
    discussion: """
      Serves http://127.0.0.1:8080 and its API (docs/dashboard-api.md). It asks the cluster by Kafka's protocol alone,
      once a second, and writes one test event a second through every broker (--no-canary turns that off). It only
      shows, unless --allow-actions is given.
      """,
    options: [
      SharedOptions.bootstrapServers.spec, SharedOptions.connectDirectory.spec, DashboardHost.port.spec, address.spec,
      hosts.spec, tokenFile.spec, DashboardHost.allowActions.spec,
    ] + Watching.options + Alerting.options,
    examples: [
      Example("streamsocial dashboard", "the cluster in ./.streamsocial, else on 127.0.0.1:9092"),
      Example(
        "streamsocial dashboard -b kafka-1:9092,kafka-2:9092 --metrics-url 1=http://kafka-1:9404/metrics",
        "another one, with the figures of broker 1"),
      Example(
        "streamsocial dashboard --dashboard-address 0.0.0.0 --token-file token --host board.example",
        "for others on the network"),
    ]
  ) { arguments in
    let host = try DashboardHost.start(try monitoring(arguments), try serving(arguments))
    if let url = host.url { Terminal.print("Dashboard: \(url)") }
    Terminal.print("Ctrl-C ends it.")
    await Signals.termination()
    host.stop()
    return .success
  }

  private static func serving(_ arguments: Arguments) throws -> DashboardOptions {
    var options = DashboardOptions(bootstrapServers: try SharedOptions.servers(arguments))
    options.port = UInt16(clamping: arguments[DashboardHost.port])
    options.address = arguments[address]
    options.hosts = arguments[hosts]
    options.allowsActions = arguments[DashboardHost.allowActions]
    options.token = try Alerting.secret(arguments[tokenFile], of: "--token-file", arguments).map {
      String(decoding: $0, as: UTF8.self)
    }
    return options
  }

  private static func monitoring(_ arguments: Arguments) throws -> MonitorOptions {
    var options = MonitorOptions(bootstrapServers: try SharedOptions.servers(arguments))
    options.commands = Operate.commands(nil)
    try Watching.apply(arguments, to: &options)
    try Alerting.apply(arguments, to: &options)
    return options
  }
}
