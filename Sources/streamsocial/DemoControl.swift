import ClusterHost
import Lab
import Synchronization

/// Lets `kill`, `pause`, `resume`, `start` and `status` reach the cluster of a demo while it runs.
final class DemoControl: Sendable {
  private let state = Mutex<(server: ControlServer, cluster: LocalCluster)?>(nil)

  /// Without it the demo goes on; only these commands say that there is no cluster.
  func observe(_ happening: DemoRun.Happening) {
    switch happening {
    case .ready(let engine):
      guard let cluster = engine as? LocalCluster else { return }
      let path = SupervisorDirectory(cluster.options.dataDirectory).socketPath
      let server = try? ControlServer(path) { await Self.answer($0, cluster) }
      state.withLock { state in state = server.map { ($0, cluster) } }
    case .ending:
      let running = state.withLock { state in
        defer { state = nil }
        return state
      }
      running?.server.close()
    case .target, .killed, .restarted: break
    }
  }

  /// One line from a person or from the dashboard.
  static func answer(_ line: String, _ cluster: LocalCluster) async -> String {
    if line == "down" {
      return
        "error: a demo runs in \(cluster.options.dataDirectory); it ends by itself, or by Ctrl-C where it was started"
    }
    return await cluster.carryOut(line)
  }
}
