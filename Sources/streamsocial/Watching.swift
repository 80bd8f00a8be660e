import ClusterHost
import CommandLineTool
import Monitor

/// What `top` and `dashboard` let one say about watching.
enum Watching {
  static let metricsURLs = Option.repeated(
    "metrics-url", "ID=URL", kind: .keyValue, help: "A broker's metrics page, http://host:port/metrics")
  static let noCanary = Option.flag("no-canary", help: "Write no test events; how writes feel stays unknown then")

  static let options: [OptionSpec] = [metricsURLs.spec, noCanary.spec]

  static func apply(_ arguments: Arguments, to options: inout MonitorOptions) throws {
    if arguments[noCanary] { options.canary = nil }
    for text in arguments[metricsURLs] {
      guard let split = text.firstIndex(of: "="), let id = Int32(text[..<split]), id >= 0 else {
        throw UsageError("--metrics-url has the form ID=http://host:port/metrics; got “\(text)”", path: arguments.path)
      }
      options.metricsURLs[id] = String(text[text.index(after: split)...])
    }
  }
}

extension ClusterObservation.Process {
  /// What a supervisor knows of a broker.
  init(_ broker: ClusterStatus.Broker) {
    self.init(
      broker: broker.id, processID: broker.processID, state: broker.state, metricsURL: broker.metricsURL,
      endedInOrder: broker.endedInOrder)
  }
}
