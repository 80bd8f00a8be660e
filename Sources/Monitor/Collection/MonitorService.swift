import KafkaClient
import Synchronization

/// Watches a cluster: a round a second from the first answer to `stop`, each a report for whoever subscribed.
public final class MonitorService: MonitorSource {
  /// Rounds, of which one is a second: starting three brokers takes a second or two, and Apache Kafka's ten.
  private static let startRounds = 15

  private let options: MonitorOptions
  private let bootstrap: [ServerAddress]
  private let canary: Canary?
  private let webhooks: Webhooks?
  private let state: Mutex<State>
  /// What asks for the next round: its time has come, or something happened that should be seen at once.
  private let wakes: (stream: AsyncStream<Void>, continuation: AsyncStream<Void>.Continuation)

  private struct State {
    var health: ClusterHealth
    var alerts: AlertBook
    var timeline = TimelineRecorder()
    var latest: MonitorReport?
    var target: Double?
    var subscribers: [(number: Int, body: @Sendable (MonitorReport) -> Void)] = []
    var nextSubscriber = 0
    var task: Task<Void, Never>?
  }

  /// Nil when `bootstrapServers` is no list of addresses.
  public init?(_ options: MonitorOptions) {
    guard let bootstrap = ServerAddress.list(options.bootstrapServers) else { return nil }
    self.options = options
    self.bootstrap = bootstrap
    let wakes = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.wakes = wakes
    canary = options.canary.map { Canary(settings: $0) { wakes.continuation.yield() } }
    webhooks =
      options.webhooks.isEmpty
      ? nil
      : Webhooks(
        options.webhooks, key: options.webhookKey, authorities: options.webhookAuthorities, say: options.webhookTrouble)
    let unaccounted = options.canary.map { Set([$0.topic]) } ?? []
    state = Mutex(
      State(
        health: ClusterHealth(
          bootstrapServers: options.bootstrapServers, unaccountedTopics: unaccounted, limits: options.alerts,
          commands: options.commands, startRounds: Self.startRounds),
        alerts: AlertBook(settings: options.alerts, commands: options.commands)))
  }

  public func start() {
    canary?.start()
    let collector = ClusterCollector(options, bootstrap: bootstrap) { [wakes] in wakes.continuation.yield() }
    let task = Task.detached { [weak self, wakes] in
      var next = ContinuousClock.now
      var woken = wakes.stream.makeAsyncIterator()
      while !Task.isCancelled {
        guard let interval = await self?.round(collector) else { return }
        // A round that was asked for between two others moves neither; one that took too long is not made up for.
        if next <= .now { next = max(next + .milliseconds(interval), .now) }
        let timer = Task { [next] in
          do { try await Task.sleep(until: next, clock: .continuous) } catch { return }
          wakes.continuation.yield()
        }
        await woken.next()
        timer.cancel()
      }
    }
    state.withLock { $0.task = task }
  }

  public func stop() {
    state.withLock { state in
      state.task?.cancel()
      state.task = nil
      state.subscribers = []
    }
    canary?.stop()
    webhooks?.stop()
  }

  private func round(_ collector: ClusterCollector) async -> Int64 {
    var observation = await collector.observe(now: { WallClock.milliseconds })
    if let canary {
      if let metadata = observation.metadata { canary.update(metadata) }
      observation.canary = canary.view()
    }
    let (report, changes, subscribers) = state.withLock { state in
      observation.targetPerSecond = state.target
      let (model, map) = state.health.observe(observation)
      let alerts = state.alerts.judge(model, at: observation.at)
      let changes = state.alerts.changes
      state.timeline.record(model, partitions: map, fired: changes.filter { $0.state == .firing })
      var report = MonitorReport(model: model, partitions: map, timeline: state.timeline.timeline, alerts: alerts)
      report.extents = observation.extents ?? []
      state.latest = report
      return (report, changes, state.subscribers)
    }
    webhooks?.send(changes, model: report.model)
    for subscriber in subscribers { subscriber.body(report) }
    return options.interval
  }

  // MARK: - MonitorSource

  public var latest: MonitorReport? { state.withLock { $0.latest } }

  public func subscribe(_ body: @escaping @Sendable (MonitorReport) -> Void) -> MonitorSubscription {
    let number = state.withLock { state in
      state.nextSubscriber += 1
      state.subscribers.append((state.nextSubscriber, body))
      return state.nextSubscriber
    }
    return MonitorSubscription { [weak self] in
      self?.state.withLock { $0.subscribers.removeAll { $0.number == number } }
    }
  }

  public func group(named name: String) -> GroupView? { state.withLock { $0.health.group(named: name) } }

  public func mark(_ kind: Marker.Kind, broker: Int32?, text: String) {
    state.withLock { $0.timeline.mark(kind, broker: broker, text: text, at: WallClock.milliseconds) }
  }

  public func setTarget(_ eventsPerSecond: Double?) { state.withLock { $0.target = eventsPerSecond } }

  public func acknowledgeAlert(id: String, by who: String) -> Bool {
    state.withLock { state in
      defer { state.latest?.alerts = state.alerts.list }
      return state.alerts.acknowledge(id: id, by: who, at: WallClock.milliseconds)
    }
  }

  public func silenceAlerts(named name: String, until: Int64?) {
    state.withLock { state in
      state.alerts.silence(named: name, until: until)
      state.latest?.alerts = state.alerts.list
    }
  }
}
