import BrokerCore
import CommitLog
import Consensus
import Controller
import Primitives
import Replication
import Wire

/// Three whole nodes and their clients, with a virtual network, clocks and disks; every step is a pure function of the
/// seed.
final class SimulatedCluster {
  static let clients = 3
  static let nodeCount = 3

  var world: ClusterWorld
  let nodes: [SimulatedNode]
  let invariants = ClusterInvariants()
  var counters = ClusterCounters()
  var now: Instant { time.now }
  /// Shared with what outlives a step and must not hold the cluster.
  let time = VirtualTime()
  private(set) var traceHash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// What happened, in words; kept only when asked for.
  var narrates = false
  var story: [String] = []

  private var queue = EventQueue<() -> Void>()
  private var network: RandomSource
  var chance: RandomSource
  let source: RandomSource
  /// `blocked[from][to]`; the last index is the clients'.
  var blocked = Array(repeating: Array(repeating: false, count: 4), count: 4)
  var slow = Array(repeating: Array(repeating: false, count: 4), count: 4)
  private var lastToken: UInt64 = 0
  // Clients
  var producers = (0..<4).map(ReplicationProducer.init)
  var lastEvent = 0
  var consumer = SimulatedConsumer()
  var isCalm = false

  init(world: ClusterWorld, seed: UInt64) {
    self.world = world
    source = RandomSource(seed: seed)
    network = source.stream("network")
    chance = source.stream("chance")
    nodes = (0..<Self.nodeCount).map(SimulatedNode.init)
    for node in nodes { node.disk.ignoresSyncs = world.flaws.contains(.syncsNothing) }
  }

  func narrate(_ text: @autoclosure () -> String) {
    if narrates { story.append("[\(now)] \(text())") }
  }

  func nextToken() -> UInt64 {
    lastToken += 1
    return lastToken
  }

  // MARK: time

  /// Lets time pass until `end`, a violation, or the condition, whichever is first. True if the condition came true.
  @discardableResult
  func run(until end: Instant, or condition: () -> Bool = { false }) -> Bool {
    while invariants.violation == nil {
      if condition() { return true }
      guard let next = queue.nextTime, next <= end, let (moment, work) = queue.pop() else { break }
      time.now = moment
      counters.steps += 1
      hash(UInt64(bitPattern: now.nanoseconds))
      work()
    }
    if invariants.violation == nil { time.now = max(now, end) }
    return condition()
  }

  /// Lets go of what is still to happen, which holds the cluster: nothing runs any more.
  func end() {
    queue = EventQueue()
    for node in nodes { node.process = nil }
  }

  func after(_ span: TimeSpan, _ work: @escaping () -> Void) { queue.push(work, at: now + span) }

  func hash(_ value: UInt64) { traceHash = (traceHash ^ value) &* 0x100_0000_01b3 }

  /// A node's own clock, which may be fast or slow.
  func clock(_ node: SimulatedNode) -> Instant {
    Instant(nanoseconds: now.nanoseconds / 1000 * world.clockRates[node.index])
  }

  func wallClock(_ node: SimulatedNode) -> Int64 { time.wallClock(skew: world.wallClockSkews[node.index]) }

  /// Runs `work` in the node's present process, unless that has died; a paused one does it later.
  func on(_ node: SimulatedNode, life: Int, _ work: @escaping (NodeProcess) -> Void) {
    guard node.life == life, let process = node.process else { return }
    if now < node.busyUntil { return queue.push({ self.on(node, life: life, work) }, at: node.busyUntil) }
    hash(UInt64(node.index))
    work(process)
  }

  func after(_ span: TimeSpan, on node: SimulatedNode, _ work: @escaping (NodeProcess) -> Void) {
    let life = node.life
    after(span) { self.on(node, life: life, work) }
  }

  // MARK: network

  func travel(from: Int, to: Int) -> TimeSpan? {
    guard !blocked[from][to], !network.chance(world.loss) else { return nil }
    var span = network.span(in: world.delay)
    if slow[from][to] { span = span + network.span(in: .milliseconds(50)...(.milliseconds(300))) }
    return network.chance(world.detour) ? span * Int64.random(in: 2...20, using: &network) : span
  }

  /// A request: `work` runs in whatever process the target has then; `refused` at the sender when it has none.
  func send(
    from: Int, to node: SimulatedNode, _ work: @escaping (NodeProcess) -> Void, refused: @escaping () -> Void = {}
  ) {
    guard let span = travel(from: from, to: node.index) else { return }
    after(span) {
      guard node.process != nil else {
        if let back = self.travel(from: node.index, to: from) { self.after(back, refused) }
        return
      }
      self.on(node, life: node.life, work)
    }
  }

  /// An answer to a process that may not be there any more.
  func answer(from: Int, to node: SimulatedNode, life: Int, _ work: @escaping (NodeProcess) -> Void) {
    guard let span = travel(from: from, to: node.index) else { return }
    after(span) { self.on(node, life: life, work) }
  }

  /// An answer to a client.
  func answerClient(from: Int, _ work: @escaping () -> Void) {
    guard let span = travel(from: from, to: Self.clients) else { return }
    after(span, work)
  }
}

/// The one clock that all others go by.
final class VirtualTime {
  var now = Instant.zero

  /// Milliseconds since 1970, wrong by `skew` of them.
  func wallClock(skew: Int64) -> Int64 { 1_790_000_000_000 + now.nanoseconds / 1_000_000 + skew }
}
