/// Rates of topics and errors from what grows between rounds; what is not known stays so.
struct Traffic: Sendable {
  /// A rate is shown for so long after its partition's leader last answered. Milliseconds.
  static let rateAge: Int64 = 3_000
  /// Large clusters are asked in turns: sizes that were asked lately still hold. Milliseconds.
  static let sizeAge: Int64 = 10_000
  /// Large pages are not read in every round; their rates hold in between. Milliseconds.
  static let errorsAge: Int64 = 6_000

  private struct Log: Sendable {
    var end: Int64
    var start: Int64?
    var at: Int64
    var rate: Double?
  }

  /// Topics whose events are not users' traffic.
  let unaccountedTopics: Set<String>
  private var logs: [String: [Int32: Log]] = [:]
  private var counters = Rates<String>()
  /// By broker, then error.
  private var errors: [Int32: (at: Int64, rates: [String: Double])] = [:]

  init(unaccountedTopics: Set<String>) { self.unaccountedTopics = unaccountedTopics }

  mutating func observe(_ observation: ClusterObservation, topics: [PartitionMap.Topic], dead: Set<Int32>) {
    let at = observation.at
    for extent in observation.extents ?? [] {
      let before = logs[extent.topic]?[extent.partition]
      var log = Log(end: extent.end, start: extent.start ?? before?.start, at: at)
      // A log that became shorter was cut or made anew: it has no rate until it is seen again.
      if let before, at > before.at, extent.end >= before.end {
        log.rate = Double(extent.end - before.end) * 1000 / Double(at - before.at)
      }
      logs[extent.topic, default: [:]][extent.partition] = log
    }
    if observation.metadata != nil {
      let names = Set(topics.map(\.name))
      for name in logs.keys.sorted() where !names.contains(name) { logs[name] = nil }
    }
    counters.forget(olderThan: 60_000, at: at)
  }

  /// By name.
  func topics(_ topics: [PartitionMap.Topic], dead: Set<Int32>, at: Int64) -> [TopicView] {
    topics.map { topic in
      var view = TopicView(
        name: topic.name, isInternal: topic.isInternal, partitions: topic.partitions.count,
        replicationFactor: topic.partitions.map(\.replicas.count).max() ?? 0)
      view.minISR = topic.minISR
      let known = logs[topic.name] ?? [:]
      var events: Int64? = 0
      var rate: Double?
      for partition in topic.partitions {
        if partition.leader < 0 || dead.contains(partition.leader) { view.offline += 1 }
        if partition.isr.count(where: { !dead.contains($0) }) < partition.replicas.count { view.underReplicated += 1 }
        let log = known[partition.id]
        if let log, let start = log.start, at - log.at <= Self.sizeAge {
          events = events.map { $0 + max(0, log.end - start) }
        } else {
          events = nil
        }
        // Nothing is written where nobody leads.
        guard partition.leader >= 0, !dead.contains(partition.leader) else { continue }
        if let log, let latest = log.rate, at - log.at <= Self.rateAge { rate = (rate ?? 0) + latest }
      }
      view.events = events
      view.eventsInPerSecond = rate
      return view
    }.sorted { $0.name < $1.name }
  }

  /// All but events and bytes out.
  mutating func view(_ observation: ClusterObservation, _ topics: [TopicView]) -> TrafficView {
    var view = TrafficView()
    let users = topics.filter { !$0.isInternal && !unaccountedTopics.contains($0.name) }
    let rates = users.compactMap(\.eventsInPerSecond)
    if !rates.isEmpty || users.isEmpty && observation.metadata != nil {
      view.eventsInPerSecond = rates.reduce(0, +)
    }
    view.targetPerSecond = observation.targetPerSecond
    view.errorsPerSecond = errorRates(observation)
    return view
  }

  private mutating func errorRates(_ observation: ClusterObservation) -> [TrafficView.ErrorRate] {
    for metrics in observation.metrics {
      var rates: [String: Double] = [:]
      for (code, total) in metrics.errorsTotal.sorted(by: { $0.key < $1.key }) {
        let key = "error \(metrics.broker) \(code)"
        let rate = counters.observe(key, total, absentAt: errors[metrics.broker]?.at, at: observation.at)
        if let rate, rate > 0 { rates[code] = rate }
      }
      errors[metrics.broker] = (observation.at, rates)
    }
    errors = errors.filter { observation.at - $0.value.at <= Self.errorsAge }
    var rates: [String: Double] = [:]
    for (_, broker) in errors.sorted(by: { $0.key < $1.key }) {
      for (code, rate) in broker.rates { rates[code, default: 0] += rate }
    }
    for broker in observation.canary?.brokers ?? [] where broker.ok == false {
      rates[broker.error ?? "no answer", default: 0] += 1
    }
    return rates.sorted { $0.key < $1.key }.map { .init(code: $0.key, perSecond: $0.value) }
  }

  /// Growth per second of a broker's counter by name; nil when there is none yet.
  mutating func rate(_ broker: Int32, _ name: String, _ total: Double?, at: Int64) -> Double? {
    guard let total else { return nil }
    return counters.observe("\(name) \(broker)", total, at: at)
  }
}
