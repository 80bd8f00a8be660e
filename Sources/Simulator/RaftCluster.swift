import Consensus
import Primitives

/// A quorum of simulated nodes with a virtual network and clock; every step is checked and goes into the trace hash.
final class RaftCluster {
  var world: RaftWorld
  let nodes: [RaftSimulatedNode]
  let invariants: RaftInvariants
  var counters = RaftCounters()
  private(set) var now = Instant.zero
  private(set) var traceHash: UInt64 = 0xcbf2_9ce4_8422_2325
  /// What happened, in words; kept only when asked for.
  var narrates = false
  var story: [String] = []

  private var queue = EventQueue<RaftHappening>()
  private let seed: RandomSource
  var network: RandomSource
  var chance: RandomSource
  /// `blocked[from][to]`
  var blocked: [[Bool]]
  private var lastToken = RequestToken(0)
  private var proposals: UInt64 = 0

  init(world: RaftWorld, seed: UInt64) {
    self.world = world
    self.seed = RandomSource(seed: seed)
    network = self.seed.stream("network")
    chance = self.seed.stream("chance")
    let count = world.voters + world.observers
    nodes = (0..<count).map(RaftSimulatedNode.init)
    invariants = RaftInvariants(nodes: count, voters: world.voters)
    blocked = Array(repeating: Array(repeating: false, count: count), count: count)
    for node in nodes {
      node.log.ignoresFlush = world.diskFaults.contains(.flushesNothing)
      start(node.index)
    }
    for disturbance in world.disturbances { schedule(disturbance.kind, mean: disturbance.mean) }
  }

  var voters: [Voter] { nodes.prefix(world.voters).map { ReplicaKey(id: $0.id) } }

  var leaders: [RaftSimulatedNode] { nodes.filter { $0.raft?.role == .leader } }

  /// The leader of the highest epoch.
  var leader: RaftSimulatedNode? { leaders.max { ($0.raft?.epoch ?? .none) < ($1.raft?.epoch ?? .none) } }

  func narrate(_ text: @autoclosure () -> String) {
    if narrates { story.append("[\(now.nanoseconds / 1_000_000) ms] \(text())") }
  }

  // MARK: Time

  /// Lets time pass until `end`, a violation, or the condition, whichever is first. True if the condition came true.
  @discardableResult
  func run(until end: Instant, or condition: () -> Bool = { false }) -> Bool {
    while invariants.violation == nil {
      if condition() { return true }
      guard let next = queue.nextTime, next <= end, let (time, happening) = queue.pop() else { break }
      now = time
      process(happening)
    }
    if invariants.violation == nil { now = max(now, end) }
    return condition()
  }

  private func schedule(_ kind: RaftDisturbanceKind, mean: TimeSpan) {
    let wait = chance.span(in: .zero...(mean * 2))
    let disturbance: RaftDisturbance
    switch kind {
    case .crash: disturbance = .crash
    case .partition: disturbance = .partition
    case .pause: disturbance = .pause
    case .propose: disturbance = .propose
    case .snapshot: disturbance = .snapshot
    case .writeBack: disturbance = .writeBack
    case .resign: disturbance = .resign
    }
    queue.push(.disturbance(disturbance), at: now + wait)
  }

  private func reschedule(_ kind: RaftDisturbanceKind) {
    for disturbance in world.disturbances where disturbance.kind == kind { schedule(kind, mean: disturbance.mean) }
  }

  func after(_ span: TimeSpan, _ happening: RaftHappening) { queue.push(happening, at: now + span) }

  func hash(_ value: UInt64) { traceHash = (traceHash ^ value) &* 0x100_0000_01b3 }

  // MARK: Events

  private func process(_ happening: RaftHappening) {
    hash(UInt64(bitPattern: now.nanoseconds))
    switch happening {
    case .timer(let index, let life):
      let node = nodes[index]
      guard node.life == life, let raft = node.raft else { return }
      if now < node.busyUntil { return queue.push(happening, at: node.busyUntil) }
      node.timerAt = .distantFuture
      if raft.nextDeadline <= now { step(node, .timer) } else { arm(node) }
    case .request(let from, let life, let to, let id, let request):
      let node = nodes[to]
      guard !blocked[from][to] else { return }
      guard node.isAlive else {
        return deliverFailure(to: from, life: life, peer: to, id)
      }
      if now < node.busyUntil { return queue.push(happening, at: node.busyUntil) }
      lastToken.rawValue += 1
      node.origins[lastToken] = RaftSimulatedNode.Origin(from: from, life: life, requestID: id, request: request)
      step(node, .request(lastToken, request))
    case .response(let from, let to, let life, let id, let response):
      let node = nodes[to]
      guard !blocked[from][to], node.life == life, node.isAlive else { return }
      if now < node.busyUntil { return queue.push(happening, at: node.busyUntil) }
      step(node, .response(from: nodes[from].id, id, response))
    case .requestFailed(let index, let life, let peer, let id):
      let node = nodes[index]
      guard node.life == life, node.isAlive else { return }
      if now < node.busyUntil { return queue.push(happening, at: node.busyUntil) }
      step(node, .requestFailed(to: nodes[peer].id, id))
    case .unreachable(let index, let peer):
      let node = nodes[index]
      guard node.isAlive, !nodes[peer].isAlive, !blocked[index][peer] else { return }
      step(node, .peerUnreachable(nodes[peer].id))
    case .disturbance(let disturbance): disturb(disturbance)
    }
  }

  /// One event into one node, its effects carried out, everything checked.
  func step(_ node: RaftSimulatedNode, _ event: RaftEvent) {
    guard node.raft != nil else { return }
    counters.steps += 1
    hash(UInt64(node.index))
    let tears = node.crashesInNextStep
    let before = tears ? node.log : nil
    let flushes = node.log.flushes
    node.effects.removeAll(keepingCapacity: true)
    node.raft?.handle(event, at: now, log: &node.log, into: &node.effects)
    var effects = node.effects
    if let before {
      // The process dies somewhere on the way: some effects were carried out, or not even the log was written.
      effects.removeLast(Int.random(in: 0...effects.count, using: &chance))
      if effects.isEmpty, chance.chance(0.5) { node.log = before }
      counters.tornCrashes += 1
    }
    var wait = TimeSpan.zero
    if node.log.flushes > flushes {
      wait = chance.span(in: world.flush)
      node.busyUntil = max(node.busyUntil, now + wait)
    }
    for effect in effects { carryOut(effect, node, after: wait) }
    invariants.checkNewRecords(node)
    if tears { return crash(node.index) }
    arm(node)
  }

  private func arm(_ node: RaftSimulatedNode) {
    guard let deadline = node.raft?.nextDeadline, deadline < node.timerAt else { return }
    node.timerAt = max(deadline, now)
    queue.push(.timer(node: node.index, life: node.life), at: node.timerAt)
  }

  private func carryOut(_ effect: RaftEffect, _ node: RaftSimulatedNode, after wait: TimeSpan) {
    switch effect {
    case .persist(let state):
      hash(UInt64(UInt32(bitPattern: state.epoch.rawValue)))
      node.disk = state
      invariants.persisted(node.index, state)
    case .send(let peer, let id, let request):
      invariants.sent(node, request)
      narrate(request, from: node, to: peer)
      hash(id.rawValue << 8 | UInt64(UInt32(bitPattern: peer.rawValue)))
      let to = Int(peer.rawValue) - 1
      transmit(
        from: node.index, to: to, after: wait,
        .request(from: node.index, life: node.life, to: to, id, request),
        lost: .requestFailed(node: node.index, life: node.life, peer: to, id))
    case .reply(let token, let response):
      guard let origin = node.origins.removeValue(forKey: token) else {
        return invariants.broken("\(node.id) answered request \(token) twice")
      }
      invariants.replied(node, to: origin.request, response)
      narrate(response, to: origin.request, from: node)
      transmit(
        from: node.index, to: origin.from, after: wait,
        .response(from: node.index, to: origin.from, life: origin.life, origin.requestID, response),
        lost: .requestFailed(node: origin.from, life: origin.life, peer: node.index, origin.requestID))
    case .becameLeader(let epoch, let start):
      counters.elections += 1
      narrate("\(node.id) leads epoch \(epoch) from offset \(start)")
      hash(0x1ead)
      invariants.becameLeader(node, epoch: epoch)
    case .lostLeadership(let epoch):
      narrate("\(node.id) no longer leads epoch \(epoch)")
      counters.proposalsUnknown += node.pending.count
      node.pending = []
      if node.raft?.role == .resigned { counters.resignations += 1 }
    case .leaderChanged(let leader, let epoch):
      narrate("\(node.id) sees leader \(leader.map { "\($0)" } ?? "none") in epoch \(epoch)")
      if leader == nil, node.raft?.role == .unattached { counters.lostElections += 1 }
    case .committed(let offset): committed(node, upTo: offset)
    case .snapshotInstalled(let id):
      counters.snapshotInstalls += 1
      narrate("\(node.id) installed snapshot \(id)")
      invariants.installed(node, id)
      invariants.checkMajority(nodes)
    case .truncated(let offset):
      counters.truncations += 1
      narrate("\(node.id) truncated to \(offset)")
      hash(UInt64(bitPattern: offset.rawValue))
      invariants.truncated(node, to: offset)
      invariants.checkMajority(nodes)
    case .proposed(_, let end): node.pending.append(end)
    case .proposalRefused: counters.proposalsRefused += 1
    case .failed(let failure): invariants.broken("R7: \(node.id) gave up: \(failure)")
    }
  }

  private func committed(_ node: RaftSimulatedNode, upTo offset: Offset) {
    hash(UInt64(bitPattern: offset.rawValue) ^ (node.log.chain(at: offset) ?? 0))
    let end = invariants.committedEnd
    invariants.committed(node, upTo: offset, by: node.raft?.epochStartOffset)
    if invariants.committedEnd > end { invariants.checkMajority(nodes) }
    if node.index >= world.voters { counters.observerCommits += 1 }
    while let first = node.pending.first, first.offset <= offset {
      counters.proposalsAcknowledged += 1
      node.pending.removeFirst()
    }
  }

  // MARK: Network

  private func transmit(from: Int, to: Int, after wait: TimeSpan, _ happening: RaftHappening, lost: RaftHappening) {
    if blocked[from][to] || network.chance(world.loss) {
      counters.losses += 1
      if network.chance(0.5) { after(wait + travel() + travel(), lost) }
      return
    }
    after(wait + travel(), happening)
    if world.duplication > 0, network.chance(world.duplication) {
      counters.duplicates += 1
      after(wait + travel(), happening)
    }
  }

  private func travel() -> TimeSpan {
    let usual = network.span(in: world.delay)
    return world.detour > 0 && network.chance(world.detour) ? usual * Int64.random(in: 2...10, using: &network) : usual
  }

  private func deliverFailure(to node: Int, life: Int, peer: Int, _ id: RequestID) {
    guard !blocked[peer][node] else { return }
    after(travel(), .requestFailed(node: node, life: life, peer: peer, id))
    // A refused connection tells that the process is gone.
    if network.chance(world.deathNotice) { after(travel(), .unreachable(node: node, peer: peer)) }
  }

  // MARK: Disturbances

  func start(_ index: Int) {
    let node = nodes[index]
    guard !node.isAlive else { return }
    node.life += 1
    node.timerAt = .distantFuture
    node.busyUntil = now
    let raft = RaftNode(
      identity: node.key, clusterID: "simulated", voters: voters, configuration: world.configuration,
      persisted: node.disk, log: node.log, random: seed.stream("node \(index) life \(node.life)"), now: now)
    invariants.started(index, highWatermark: raft.highWatermark)
    node.raft = raft
    arm(node)
  }

  /// Ends a pause.
  func wake(_ index: Int) {
    let node = nodes[index]
    node.busyUntil = min(node.busyUntil, now)
    // A timer that came due during the pause was put off to its end.
    node.timerAt = .distantFuture
    arm(node)
  }

  func crash(_ index: Int) {
    let node = nodes[index]
    guard node.isAlive else { return }
    counters.crashes += 1
    narrate("\(node.id) crashes")
    counters.proposalsUnknown += node.pending.count
    node.pending = []
    node.raft = nil
    node.crashesInNextStep = false
    node.origins = [:]
    _ = node.log.crash(&chance)
    if world.diskFaults.contains(.forgetsVote) { node.disk.votedFor = nil }
    invariants.checkMajority(nodes)
    for peer in nodes where peer.isAlive && !blocked[index][peer.index] && network.chance(world.deathNotice) {
      after(travel(), .unreachable(node: peer.index, peer: index))
    }
  }

  func isolate(_ index: Int) {
    for other in nodes.indices where other != index {
      blocked[index][other] = true
      blocked[other][index] = true
    }
  }

  func heal() {
    for from in nodes.indices { for to in nodes.indices { blocked[from][to] = false } }
  }

  /// Proposes one record to the node, whatever its role.
  func propose(to index: Int) {
    proposals += 1
    let bytes = (0..<8).reversed().map { UInt8(truncatingIfNeeded: proposals >> (UInt64($0) * 8)) }
    step(nodes[index], .propose(RequestToken(proposals), epoch: nil, batches: [bytes]))
  }

  func snapshot(_ index: Int, keeping kept: Int64) {
    let node = nodes[index]
    guard let raft = node.raft, let id = node.log.createSnapshot(at: raft.highWatermark) else { return }
    counters.snapshotsCreated += 1
    step(node, .snapshotCreated(id, deleteLogBefore: id.offset - kept))
    invariants.snapshot(node, id)
  }

  private func disturb(_ disturbance: RaftDisturbance) {
    // What was planned before all was healed does not come any more.
    guard !world.disturbances.isEmpty else { return }
    let victim = nodes[Int.random(in: nodes.indices, using: &chance)]
    switch disturbance {
    case .crash:
      reschedule(.crash)
      guard victim.isAlive else { return }
      if chance.chance(0.5) { victim.crashesInNextStep = true } else { crash(victim.index) }
      after(chance.span(in: .milliseconds(20)...(.milliseconds(1200))), .disturbance(.restart(victim.index)))
    case .restart(let index):
      // It may have been doomed to die in a step that never came.
      nodes[index].crashesInNextStep = false
      start(index)
    case .partition:
      reschedule(.partition)
      partition(around: victim.index)
      after(chance.span(in: .milliseconds(50)...(.milliseconds(1500))), .disturbance(.heal))
    case .heal: heal()
    case .pause:
      reschedule(.pause)
      counters.pauses += 1
      victim.busyUntil = max(victim.busyUntil, now + chance.span(in: .milliseconds(10)...(.milliseconds(1000))))
    case .propose:
      reschedule(.propose)
      let target = chance.chance(0.8) ? leaders.randomElement(using: &chance) ?? victim : victim
      if now >= target.busyUntil { propose(to: target.index) }
    case .snapshot:
      reschedule(.snapshot)
      snapshot(victim.index, keeping: Int64.random(in: 0...8, using: &chance))
    case .writeBack:
      reschedule(.writeBack)
      victim.log.writeBack()
    case .resign:
      reschedule(.resign)
      if let leader, now >= leader.busyUntil { step(leader, .resign) }
    }
  }

  /// Cuts one node off, splits the cluster, or blocks single directions.
  private func partition(around victim: Int) {
    counters.partitions += 1
    switch Int.random(in: 0..<4, using: &chance) {
    case 0: isolate(leader?.index ?? victim)
    case 1:
      let side = nodes.map { _ in chance.chance(0.5) }
      for from in nodes.indices { for to in nodes.indices where side[from] != side[to] { blocked[from][to] = true } }
    case 2:
      counters.oneWayPartitions += 1
      for other in nodes.indices where other != victim { blocked[victim][other] = true }
    default:
      counters.oneWayPartitions += 1
      for from in nodes.indices {
        for to in nodes.indices where from != to && chance.chance(0.3) { blocked[from][to] = true }
      }
    }
  }
}
