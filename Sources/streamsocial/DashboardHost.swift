import ClusterHost
import CommandLineTool
import Dashboard
import HTTPServer
import Monitor

/// A monitor with its dashboard, in this process: for `dashboard`, and beside the cluster in `up` and `demo`.
final class DashboardHost: Sendable {
  let monitor: MonitorService
  private let server: DashboardServer?

  /// Nil: nobody wants a page, or its port is taken; alerts go to webhooks all the same.
  var url: String? { server?.url }

  private init(_ monitor: MonitorService, _ server: DashboardServer?) {
    self.monitor = monitor
    self.server = server
  }

  /// `options`: nil for a monitor without a page.
  static func start(_ monitoring: MonitorOptions, _ options: DashboardOptions?) throws -> DashboardHost {
    guard let monitor = MonitorService(monitoring) else {
      throw UsageError("--bootstrap-servers has the form host:port,host:port,…")
    }
    var server: DashboardServer?
    if var options {
      options.version = StreamSocial.version
      server = try listening(options, source: monitor)
    }
    monitor.start()
    return DashboardHost(monitor, server)
  }

  /// The server's own words know no options; here they say which one helps.
  private static func listening(_ options: DashboardOptions, source: MonitorService) throws -> DashboardServer {
    do throws(HTTPServerError) {
      return try DashboardServer(options, source: source)
    } catch {
      switch error {
      case .portTaken(let address, let port): throw PortTaken(address: address, port: port)
      case .tokenRequired(let address):
        throw UsageError(
          """
          \(address) can be reached from other machines, so visitors of the dashboard must know a token. Make one, \
          readable to you alone, and name its file:
            (umask 077; head -c 24 /dev/urandom | base64 > dashboard-token)
            streamsocial dashboard --dashboard-address \(address) --token-file dashboard-token …
          """, path: ["streamsocial", "dashboard"])
      default: throw error
      }
    }
  }

  func stop() {
    server?.stop()
    monitor.stop()
  }

  // MARK: - Beside a local cluster

  static let port = Option.integer(
    "dashboard-port", in: 0...65535, default: Int(DashboardOptions.defaultPort),
    help: "Where the dashboard is served; 0: nowhere")
  static let allowActions = Option.flag(
    "allow-actions", help: "Let the dashboard acknowledge alerts, send test events, kill and restart brokers")

  static let local: [OptionSpec] = [port.spec, allowActions.spec] + Alerting.options

  /// The dashboard of a cluster that runs in this process, and the monitor behind it. A taken port is no reason to do
  /// without the cluster, unless somebody asked for that very port. Nil: nobody would see or hear anything.
  static func start(
    beside cluster: LocalCluster, _ arguments: Arguments, say: @escaping @Sendable (String) -> Void,
    control: @escaping @Sendable (String) async -> String
  ) throws -> DashboardHost? {
    var monitoring = MonitorOptions(bootstrapServers: cluster.bootstrapServers)
    monitoring.commands = Operate.commands(cluster.options.dataDirectory)
    try Alerting.apply(arguments, to: &monitoring)
    monitoring.webhookTrouble = say
    monitoring.processes = { cluster.brokerStates().map { .init($0) } }
    if arguments[port] > 0 {
      do {
        let host = try start(monitoring, serving(cluster, arguments, control: control))
        let monitor = host.monitor
        cluster.onCommand { [weak monitor] command, broker in
          let isFault = command == .kill || command == .pause
          monitor?.mark(isFault ? .fault : .faultEnd, broker: broker, text: "\(command.rawValue) broker \(broker)")
        }
        ClusterDirectory(cluster.options.dataDirectory).dashboardURL = host.url
        return host
      } catch let error as PortTaken {
        guard !arguments.has(port) else { throw error }
        say("no dashboard: \(error)")
      }
    }
    return monitoring.webhooks.isEmpty ? nil : try start(monitoring, nil)
  }

  private static func serving(
    _ cluster: LocalCluster, _ arguments: Arguments, control: @escaping @Sendable (String) async -> String
  ) -> DashboardOptions {
    var options = DashboardOptions(bootstrapServers: cluster.bootstrapServers)
    options.port = UInt16(clamping: arguments[port])
    options.engine = cluster.name
    options.allowsActions = arguments[allowActions]
    options.controlBroker = { action, broker in
      let answer = await control("\(action.rawValue) \(broker)")
      if answer.hasPrefix("error: ") { throw ActionRefused(reason: String(answer.dropFirst(7))) }
    }
    return options
  }

  /// For what takes a while before it serves: says at once that an option is wrong, or that the port which
  /// somebody asked for is taken.
  static func check(_ arguments: Arguments) throws {
    try Alerting.check(arguments)
    let port = arguments[port]
    guard arguments.has(Self.port), port > 0, Ports.isTaken(port) else { return }
    throw PortTaken(address: "127.0.0.1", port: UInt16(clamping: port))
  }

  struct PortTaken: Error, CustomStringConvertible {
    var address: String
    var port: UInt16
    var description: String {
      "port \(port) on \(address) is taken by another program: free it, or choose another with --dashboard-port N"
    }
  }

  struct ActionRefused: Error, CustomStringConvertible {
    var reason: String
    var description: String { reason }
  }

  /// Ends it, and says so in the data directory.
  func stop(beside cluster: LocalCluster) {
    stop()
    ClusterDirectory(cluster.options.dataDirectory).dashboardURL = nil
  }
}
