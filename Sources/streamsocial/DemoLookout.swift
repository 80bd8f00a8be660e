import ClusterHost
import CommandLineTool
import Lab
import Monitor
import Synchronization

/// The dashboard beside a demo: it shows the target, and marks on the timeline what the demo does to the brokers.
final class DemoLookout: Sendable {
  private let arguments: Arguments
  private let say: @Sendable (String) -> Void
  private let host = Mutex<(dashboard: DashboardHost, cluster: LocalCluster)?>(nil)

  init(_ arguments: Arguments, say: @escaping @Sendable (String) -> Void) {
    self.arguments = arguments
    self.say = say
  }

  func observe(_ happening: DemoRun.Happening) {
    switch happening {
    case .ready(let engine): begin(engine)
    case .target(let rate): monitor?.setTarget(rate)
    case .killed(let broker): monitor?.mark(.fault, broker: broker, text: "broker \(broker) killed by the demo")
    case .restarted(let broker): monitor?.mark(.faultEnd, broker: broker, text: "broker \(broker) started again")
    case .ending:
      let running = host.withLock { host in
        defer { host = nil }
        return host
      }
      if let running { running.dashboard.stop(beside: running.cluster) }
    }
  }

  private var monitor: MonitorService? { host.withLock { $0?.dashboard.monitor } }

  /// A demo goes on without a dashboard.
  private func begin(_ engine: any ClusterEngine) {
    guard let cluster = engine as? LocalCluster else { return }
    do {
      let dashboard = try DashboardHost.start(
        beside: cluster, arguments, say: say, control: { await DemoControl.answer($0, cluster) })
      guard let dashboard else { return }
      host.withLock { $0 = (dashboard, cluster) }
      if arguments[SharedOptions.output] != "json", let url = dashboard.url { say("Dashboard: \(url)") }
    } catch {
      say("no dashboard: \(error)")
    }
  }
}
