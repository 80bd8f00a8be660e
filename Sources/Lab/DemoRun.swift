import Checker
import ClusterHost
import KafkaClient
import Primitives
import Social

/// The main job: a cluster takes social traffic, loses a broker at a third of the time, gets it back at two thirds, and
/// is then held to every acknowledgement that it gave.
public final class DemoRun: Sendable {
  /// What a progress line shows.
  public struct Progress: Sendable {
    public var phase: String
    public var seconds: Double
    public var sent: Int
    public var acknowledged: Int
    /// Of the group that is furthest behind; nil without groups.
    public var slowestGroup: Int?
  }

  let options: DemoOptions
  let engine: any ClusterEngine
  let meter = ProcessMeter()
  let report: @Sendable (Progress) -> Void

  /// How long clusters may take to become whole, and groups to read what is left.
  static let limit = Duration.seconds(60)

  /// What somebody who looks on may want to mark.
  public enum Happening: Sendable {
    /// All brokers serve; nothing was sent yet.
    case ready(any ClusterEngine)
    /// From now on so many events a second are due; nil: no more.
    case target(Double?)
    case killed(Int32)
    case restarted(Int32)
    /// The brokers are about to be stopped.
    case ending
  }

  private let observer: @Sendable (Happening) -> Void
  /// Ends of brokers that the schedule did not ask for.
  let surprises = BrokerSurprises()

  public init(
    _ options: DemoOptions, observer: @escaping @Sendable (Happening) -> Void = { _ in },
    progress: @escaping @Sendable (Progress) -> Void
  ) throws {
    self.options = options
    engine = try options.cluster.makeEngine()
    report = progress
    self.observer = observer
    (engine as? LocalCluster)?.onBrokerExit { [surprises] in surprises.ended($0, $1) }
  }

  func tell(_ happening: Happening) { observer(happening) }

  /// Runs it all; the cluster is stopped in any case. Throws when the run could not be made or judged.
  public func run() async throws -> DemoResult {
    do {
      var result = try await runWhileUp()
      result.notes += surprises.close()
      tell(.ending)
      let stop = MonotonicClock.nanoseconds
      await engine.stop()
      if engine.canInjectFaults { result.shutdownMilliseconds = MonotonicClock.nanoseconds.milliseconds(since: stop) }
      return result
    } catch {
      tell(.ending)
      await engine.stop()
      throw error
    }
  }

  private func runWhileUp() async throws -> DemoResult {
    var result = DemoResult(options)
    show("starting", 0)
    let begin = MonotonicClock.nanoseconds
    try await engine.start()
    try await DemoTopics.create(bootstrapServers: engine.bootstrapServers, hot: options.hotBroker, limit: Self.limit)
    result.readyMilliseconds = MonotonicClock.nanoseconds.milliseconds(since: begin)
    tell(.ready(engine))

    let wall = WallClock.milliseconds
    let traffic = Traffic(
      seed: options.seed, run: UInt64(clamping: wall), startMilliseconds: wall, rate: options.rate)
    let groups = DemoOptions.groups.prefix(options.groupCount).map {
      GroupThread(
        group: $0, bootstrapServers: engine.bootstrapServers, run: traffic.run, capacity: options.eventCount)
    }
    let producer = try Producer(
      bootstrapServers: engine.bootstrapServers, topics: SocialTopic.allCases.map(\.name),
      capacity: options.eventCount)
    defer {
      for group in groups { group.stop() }
      producer.close()
    }
    try await WorkerThread.run { () throws(ClientError) in
      try producer.warmUp(FinalRead.partitions, value: Array("{\"warm_up\":true}".utf8))
    }
    for group in groups { group.start() }

    let load = LoadThread(traffic: traffic, producer: producer, count: options.eventCount)
    load.run()
    surprises.begin(at: load.start)
    tell(.target(Double(options.rate)))
    do {
      let meter = Task { await meterUntilCancelled() }
      defer { meter.cancel() }
      let faults = try await Faults(self, load: load).inject(into: &result) { [self] phase in
        show(phase, load, producer, groups)
      }
      await settle(load, producer, groups, &result)
      try await judge(traffic, load, producer, groups, faults, &result)
    } catch {
      // The producer must not end under the thread that uses it.
      await load.stop()
      throw error
    }
    return result
  }

  /// Waits until all is sent, every record has its report, and the groups have read what was acknowledged.
  private func settle(_ load: LoadThread, _ producer: Producer, _ groups: [GroupThread], _ result: inout DemoResult)
    async
  {
    while !load.hasEnded {
      show("producing", load, producer, groups)
      try? await Task.sleep(for: .milliseconds(100))
    }
    show("starting what is down", load, producer, groups)
    await surprises.mend(engine)
    if let error = load.error { result.troubles.append("the producer gave up: \(error)") }
    tell(.target(nil))
    show("waiting for acknowledgements", load, producer, groups)
    _ = await WorkerThread.run { producer.flush(timeoutMilliseconds: 125_000) }
    let deadline = ContinuousClock.now + Self.limit
    while ContinuousClock.now < deadline, groups.contains(where: { $0.count < producer.acknowledgedCount }) {
      show("waiting for groups", load, producer, groups)
      try? await Task.sleep(for: .milliseconds(20))
    }
    for group in groups { group.stop() }
    while groups.contains(where: { !$0.hasEnded }), ContinuousClock.now < deadline + .seconds(15) {
      try? await Task.sleep(for: .milliseconds(10))
    }
  }

  private func judge(
    _ traffic: Traffic, _ load: LoadThread, _ producer: Producer, _ groups: [GroupThread], _ faults: Faults.Times,
    _ result: inout DemoResult
  ) async throws {
    show("checking", load, producer, groups)
    let sent = load.events
    let deliveries = producer.deliveries
    let servers = engine.bootstrapServers
    let capacity = options.eventCount
    let seen = groups.map { (name: $0.group, events: $0.events) }
    result.findings = try await WorkerThread.run { () throws(ClientError) in
      var history = History(capacity: capacity)
      for (number, event) in sent.enumerated() {
        history.sent(number, key: event.key, partition: event.partition)
        if deliveries[number].offset >= 0 { history.acknowledged(number, offset: deliveries[number].offset) }
      }
      for group in seen { history.group(group.name, saw: group.events) }
      try FinalRead.read(bootstrapServers: servers, traffic: traffic, into: &history)
      return Checker.check(history)
    }
    result.measurements = Measurements(
      deliveries: deliveries, sent: sent, traffic: traffic, start: load.start, seconds: options.durationSeconds,
      kill: faults.kill, restart: faults.restart)
    for group in groups {
      if let error = group.error, result.findings.missed.contains(where: { $0.group == group.group && $0.events > 0 }) {
        result.troubles.append("\(group.group): \(error)")
      }
    }
    result.generatorLateMilliseconds = Double(load.worstDelayNanoseconds) / 1_000_000
    result.residentBytesMax = meter.residentBytesMax
    result.brokerCPUSeconds = meter.cpuSeconds
  }

  private func meterUntilCancelled() async {
    while !Task.isCancelled {
      sampleProcesses()
      try? await Task.sleep(for: .milliseconds(500))
    }
  }

  func sampleProcesses() { meter.sample(engine.brokerIDs.compactMap { engine.processID(of: $0) }) }

  private func show(_ phase: String, _ seconds: Double) {
    report(Progress(phase: phase, seconds: seconds, sent: 0, acknowledged: 0, slowestGroup: nil))
  }

  private func show(_ phase: String, _ load: LoadThread, _ producer: Producer, _ groups: [GroupThread]) {
    report(
      Progress(
        phase: phase, seconds: MonotonicClock.nanoseconds.milliseconds(since: load.start) / 1000, sent: load.sent,
        acknowledged: producer.acknowledgedCount, slowestGroup: groups.map(\.count).min()))
  }
}
