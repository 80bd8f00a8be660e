import Primitives
import Replication

/// One partition on three simulated brokers and a model controller, with a virtual network and clock; every step is
/// checked and goes into the trace hash.
final class ReplicationCluster {
  static let controllerIndex = 3

  var world: ReplicationWorld
  let brokers: [ReplicationSimulatedBroker]
  var controller: ReplicationModelController
  let invariants = ReplicationInvariants()
  var counters = ReplicationCounters()
  private(set) var now = Instant.zero
  private(set) var traceHash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// What happened, in words; kept only when asked for.
  var narrates = false
  var story: [String] = []

  private var queue = EventQueue<ReplicationHappening>()
  private var network: RandomSource
  var chance: RandomSource
  /// `blocked[from][to]`; the last index is the controller's.
  var blocked = Array(repeating: Array(repeating: false, count: 4), count: 4)
  var producers = (0..<3).map(ReplicationProducer.init)
  var lastValue: UInt64 = 0
  var lastToken: UInt64 = 0
  /// The next leader that wants to take somebody in sees that one lose its page cache.
  var awaitsJoiner = false
  private var publishedVersion = 0
  let partition = TopicIDPartition(UUID128(high: 1, low: 1), PartitionID(0))

  init(world: ReplicationWorld, seed: UInt64) {
    self.world = world
    let source = RandomSource(seed: seed)
    network = source.stream("network")
    chance = source.stream("chance")
    brokers = (0..<3).map { ReplicationSimulatedBroker(index: $0, segmentBytes: world.segmentBytes) }
    controller = ReplicationModelController(minISR: world.configuration.minInSyncReplicas, flaws: world.flaws)
    for broker in brokers {
      broker.log.flaws = world.flaws
      start(broker)
    }
    after(.milliseconds(50), .expireSessions)
    for disturbance in world.disturbances { schedule(disturbance.kind, mean: disturbance.mean) }
  }

  /// The leader of the highest epoch.
  var leader: ReplicationSimulatedBroker? {
    brokers.filter(\.isLeader).max { ($0.replica?.leaderEpoch ?? .none) < ($1.replica?.leaderEpoch ?? .none) }
  }

  func narrate(_ text: @autoclosure () -> String) {
    if narrates { story.append("[\(now)] \(text())") }
  }

  // MARK: Time

  /// Lets time pass until `end`, a violation, or the condition, whichever is first. True if the condition came true.
  @discardableResult
  func run(until end: Instant, or condition: () -> Bool = { false }) -> Bool {
    while invariants.violation == nil {
      if condition() { return true }
      guard let next = queue.nextTime, next <= end, let (time, happening) = queue.pop() else { break }
      now = time
      counters.steps += 1
      hash(UInt64(bitPattern: now.nanoseconds))
      process(happening)
      publish()
      invariants.check(self)
    }
    if invariants.violation == nil { now = max(now, end) }
    return condition()
  }

  func schedule(_ kind: ReplicationDisturbance, mean: TimeSpan) {
    after(chance.span(in: .zero...(mean * 2)), .disturbance(kind))
  }

  func after(_ span: TimeSpan, _ happening: ReplicationHappening) { queue.push(happening, at: now + span) }

  func again(_ happening: ReplicationHappening, at time: Instant) { queue.push(happening, at: time) }

  func hash(_ value: UInt64) { traceHash = (traceHash ^ value) &* 0x100_0000_01b3 }

  // MARK: Network

  /// Sends a message that may be late, twice, or never there.
  func send(from: Int, to: Int, _ happening: ReplicationHappening) {
    guard !blocked[from][to] else { return }
    if network.chance(world.loss) {
      counters.losses += 1
      return
    }
    after(travel(), happening)
    if network.chance(world.duplication) {
      counters.duplicates += 1
      after(travel(), happening)
    }
  }

  private func travel() -> TimeSpan {
    let span = network.span(in: world.delay)
    return network.chance(world.detour) ? span * Int64.random(in: 2...20, using: &network) : span
  }

  /// New metadata sets out to all brokers, each copy at its own pace.
  private func publish() {
    guard controller.version != publishedVersion else { return }
    publishedVersion = controller.version
    narrate(
      "leader \(controller.leader) of epoch \(controller.leaderEpoch), ISR \(controller.isr), ELR \(controller.elr)")
    for broker in brokers where broker.isRegistered { sendMetadata(to: broker) }
  }

  func sendMetadata(to broker: ReplicationSimulatedBroker) {
    guard !blocked[Self.controllerIndex][broker.index] else { return }
    after(
      network.span(in: world.metadataDelay),
      .metadata(to: broker.index, life: broker.life, version: controller.version, controller.metadata))
  }

  // MARK: Events

  private func process(_ happening: ReplicationHappening) {
    let controllerIndex = Self.controllerIndex
    switch happening {
    case .register(let from, let life, let cleanEpoch):
      guard let epoch = controller.register(from, life: life, cleanEpoch: cleanEpoch, at: now) else { return }
      if brokers[from].life == life, brokers[from].debt == .killed { brokers[from].debt = .none }
      send(
        from: controllerIndex, to: from, .registered(to: from, life: life, epoch, version: controller.version))
    case .heartbeat(let from, let epoch):
      controller.heartbeat(from, epoch: epoch, at: now)
      let broker = brokers[from]
      if broker.brokerEpoch == epoch, broker.metadataVersion < controller.version { sendMetadata(to: broker) }
    case .alterPartition(let from, let life, let epoch, let proposal):
      let before = controller.isr
      let answer = controller.alterPartition(proposal, from: from, brokerEpoch: epoch)
      if controller.isr.count < before.count { counters.shrinks += 1 }
      if controller.isr.count > before.count { counters.expansions += 1 }
      if case .failure(let code) = answer {
        counters.refusedProposals += 1
        narrate("controller refuses \(proposal.isr.map(\.id)) of \(from + 1): \(code)")
      } else {
        narrate("ISR is \(controller.isr), ELR \(controller.elr), partition epoch \(controller.partitionEpoch)")
      }
      send(from: controllerIndex, to: from, .alterAnswer(to: from, life: life, proposal, answer))
    case .expireSessions:
      controller.expireSessions(at: now, after: world.session)
      after(.milliseconds(50), .expireSessions)
    case .restart(let index):
      if brokers[index].replica == nil { start(brokers[index]) }
    case .healNetwork:
      blocked = Array(repeating: Array(repeating: false, count: 4), count: 4)
    case .disturbance(let kind): disturb(kind)
    case .registered(let to, let life, _, _), .metadata(let to, let life, _, _), .alterAnswer(let to, let life, _, _),
      .fetchAnswer(let to, let life, _, _, _), .tick(let to, let life), .fetchTimer(let to, let life, _):
      guard brokers[to].life == life else { return }
      deliver(happening, to: brokers[to])
    case .fetch(_, _, let to, _, _), .produce(let to, _):
      deliver(happening, to: brokers[to])
    case .produceTimeout(let batch): again(batch, after: .zero)
    }
  }

  private func deliver(_ happening: ReplicationHappening, to broker: ReplicationSimulatedBroker) {
    guard broker.replica != nil else { return }
    if now < broker.busyUntil { return queue.push(happening, at: broker.busyUntil) }
    hash(UInt64(broker.index))
    handle(happening, by: broker)
  }
}
