import Monitor
import Synchronization

/// Stands in for the monitor: what it reports is what a test says.
final class StandInSource: MonitorSource {
  struct State {
    var latest: MonitorReport?
    var subscribers: [Int: @Sendable (MonitorReport) -> Void] = [:]
    var nextSubscriber = 0
    var groups: [String: GroupView] = [:]
    var firing: Set<String> = []
    /// What was asked of it, in order.
    var calls: [String] = []
  }

  let state = Mutex(State())

  var latest: MonitorReport? { state.withLock { $0.latest } }
  var calls: [String] { state.withLock { $0.calls } }

  func subscribe(_ body: @escaping @Sendable (MonitorReport) -> Void) -> MonitorSubscription {
    let number = state.withLock { state in
      state.nextSubscriber += 1
      state.subscribers[state.nextSubscriber] = body
      return state.nextSubscriber
    }
    return MonitorSubscription { [weak self] in
      self?.state.withLock { _ = $0.subscribers.removeValue(forKey: number) }
    }
  }

  func publish(_ report: MonitorReport) {
    let subscribers = state.withLock { state in
      state.latest = report
      return state.subscribers.sorted { $0.key < $1.key }.map(\.value)
    }
    for subscriber in subscribers { subscriber(report) }
  }

  func group(named name: String) -> GroupView? { state.withLock { $0.groups[name] } }


  func setTarget(_ eventsPerSecond: Double?) {}

  func acknowledgeAlert(id: String, by who: String) -> Bool {
    state.withLock { state in
      state.calls.append("acknowledge \(id) \(who)")
      return state.firing.contains(id)
    }
  }

  func silenceAlerts(named name: String, until: Int64?) {
    state.withLock { $0.calls.append("silence \(name) \(until == nil ? "never" : "until")") }
  }

  /// A report of one second: one topic whose map has this version, and these markers on the timeline.
  static func report(
    _ sequence: Int, mapVersion: Int = 1, markers: [Int] = [], alerts: AlertList = AlertList()
  ) -> MonitorReport {
    let second = Int64(1_700_000_000_000 + sequence * 1000)
    var model = ClusterModel(at: second, sequence: sequence, bootstrapServers: "127.0.0.1:9092")
    model.topics = [TopicView(name: "</script>\u{1F600}\"", isInternal: false, partitions: 1, replicationFactor: 3)]
    return MonitorReport(
      model: model, partitions: PartitionMap(version: mapVersion, at: second, topics: []),
      timeline: Timeline(
        points: [TimelinePoint(at: second, verdict: .healthy)],
        markers: markers.map { Marker(number: $0, at: second, kind: .fault, broker: 2, text: "marker \($0)") }),
      alerts: alerts)
  }
}
