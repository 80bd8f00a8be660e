import Primitives
import Replication

/// Crashes, partitions, pauses; clients.
extension ReplicationCluster {
  func disturb(_ kind: ReplicationDisturbance) {
    guard let mean = world.disturbances.first(where: { $0.kind == kind })?.mean else { return }
    schedule(kind, mean: mean)
    guard let broker = brokers.randomElement(using: &chance) else { return }
    switch kind {
    case .produce: produce()
    case .consume: consume(from: broker)
    case .writeBack:
      broker.log.writeBack(writesCheckpoint: chance.chance(0.7))
    case .kill: kill(broker)
    case .crash: crash(broker)
    case .stop: stop(broker)
    case .crashOfJoiner: awaitsJoiner = true
    case .partition: divide()
    case .pause:
      guard broker.replica != nil else { return }
      let target = chance.chance(0.5) ? leader ?? broker : broker
      target.busyUntil = now + .milliseconds(Int64.random(in: 50...1200, using: &chance))
      counters.pauses += 1
      narrate("\(target.id) is paused until \(target.busyUntil)")
    }
  }

  // MARK: deaths

  private func restartLater(_ broker: ReplicationSimulatedBroker, within longest: Int64 = 900) {
    after(.milliseconds(Int64.random(in: 1...longest, using: &chance)), .restart(broker.index))
  }

  /// The process dies, its page cache lives on. The controller takes it for unclean all the same; so while another
  /// broker's page cache is lost and not yet made good, that would be one too many.
  func kill(_ broker: ReplicationSimulatedBroker) {
    guard broker.replica != nil, !brokers.contains(where: { $0 !== broker && $0.debt == .lossy }) else { return }
    counters.kills += 1
    narrate("\(broker.id) is killed")
    broker.die()
    broker.cleanEpoch = .none
    if broker.debt == .none { broker.debt = .killed }
    restartLater(broker)
  }

  /// The process stops in good order; the file that says so names its registration.
  func stop(_ broker: ReplicationSimulatedBroker) {
    guard broker.isRegistered else { return }
    counters.cleanStops += 1
    narrate("\(broker.id) stops")
    let epoch = broker.brokerEpoch
    broker.log.close()
    broker.die()
    broker.cleanEpoch = epoch
    restartLater(broker)
  }

  /// The machine dies with its page cache. Within KIP-966's budget of min ISR − 1, which is one here.
  func crash(_ broker: ReplicationSimulatedBroker, restartWithin longest: Int64 = 900) {
    let others = (controller.isr + controller.elr).filter { $0 != broker.id }
    guard broker.replica != nil, !others.isEmpty, brokers.allSatisfy({ $0.debt == .none }) else { return }
    counters.lossyCrashes += 1
    broker.die()
    broker.cleanEpoch = .none
    broker.debt = .lossy
    broker.log.disk.crash(using: &chance)
    broker.losesPageCache = true
    narrate("\(broker.id) crashes with its page cache")
    restartLater(broker, within: longest)
  }

  /// Carries out a crash that waited for a proposal to take somebody in.
  func crashJoiner(of proposal: AlterPartitionProposal) {
    guard awaitsJoiner, let joiner = proposal.isr.first(where: { !controller.isr.contains($0.id) }) else { return }
    awaitsJoiner = false
    crash(brokers[Int(joiner.id.rawValue) - 1], restartWithin: 20)
  }

  /// A lost page cache is made good once the controller has the broker in the ISR again, in its new life.
  func settleDebts() {
    for broker in brokers where broker.debt == .lossy {
      let isKnown = controller.brokers[broker.index].life == broker.life && broker.replica != nil
      if isKnown, controller.isr.contains(broker.id) { broker.debt = .none }
    }
  }

  // MARK: network

  private func divide() {
    counters.partitions += 1
    let lonely = Int.random(in: 0..<3, using: &chance)
    let isOneWay = chance.chance(0.3)
    // Cut off from everybody, from the controller alone, or from the other brokers alone.
    let peers = [[0, 1, 2, 3], [3], [0, 1, 2]].randomElement(using: &chance) ?? []
    for peer in peers where peer != lonely {
      blocked[lonely][peer] = true
      if !isOneWay { blocked[peer][lonely] = true }
    }
    narrate("\(lonely + 1) is cut off from \(peers)\(isOneWay ? ", one way" : "")")
    after(.milliseconds(Int64.random(in: 50...1000, using: &chance)), .healNetwork)
  }

  // MARK: consumers

  private func consume(from broker: ReplicationSimulatedBroker) {
    guard let replica = broker.replica, now >= broker.busyUntil else { return }
    let start = Offset(Int64.random(in: 0...broker.log.logEndOffset.rawValue, using: &chance))
    let decision = replica.consumerFetch(currentLeaderEpoch: .none, offset: start, log: broker.log)
    guard case .read(let from, let upTo, _, _) = decision else { return }
    let bytes = broker.log.read(from: from, upTo: upTo, maxBytes: 1 << 16)
    let batches = ReplicationSimulatedLog.parse(bytes)
    let records = batches.flatMap { batch, values, epoch in
      values.enumerated().map { (batch.base + Int64($0), ReplicationSimulatedLog.Record(value: $1, epoch: epoch)) }
    }
    counters.consumedRecords += records.count
    if !broker.isLeader { counters.consumedFromFollowers += records.count }
    invariants.consumed(records, at: broker)
  }
}
