import CommitLog
import Primitives

/// What clients want and what goes wrong, by chance.
extension SimulatedCluster {
  func schedule(_ kind: ClusterDisturbance, mean: TimeSpan) {
    after(chance.span(in: .zero...(mean * 2))) { self.disturb(kind, mean: mean) }
  }

  private func disturb(_ kind: ClusterDisturbance, mean: TimeSpan) {
    // When all is healed only clients go on.
    let isClient = kind == .consume || kind == .writeBack
    guard !isCalm || isClient else { return }
    schedule(kind, mean: mean)
    guard let node = nodes.randomElement(using: &chance) else { return }
    switch kind {
    case .produce: produceSomething()
    case .consume: consumeSomething()
    case .writeBack: writeBack(node)
    case .kill: kill(node)
    case .powerLoss: losePower(node)
    case .stop: stop(node)
    case .accidentsInARow: befall(node)
    case .reassign: reassignSomething()
    case .partition: divide()
    case .slowLink:
      counters.slowLinks += 1
      let (from, to) = (Int.random(in: 0...3, using: &chance), Int.random(in: 0...3, using: &chance))
      slow[from][to] = true
      after(.milliseconds(Int64.random(in: 50...1000, using: &chance))) { self.slow[from][to] = false }
    case .pause:
      guard node.process != nil else { return }
      counters.pauses += 1
      node.busyUntil = now + .milliseconds(Int64.random(in: 50...1200, using: &chance))
      narrate("\(node.id) is paused until \(node.busyUntil)")
    case .diskFull, .syncFailure:
      guard mayDie(node) else { return }
      if kind == .diskFull { node.disk.capacity = 1 } else { node.disk.failNextSync = true }
      narrate("the disk of \(node.id) \(kind == .diskFull ? "is full" : "will fail a sync")")
      if kind == .diskFull {
        after(.milliseconds(Int64.random(in: 50...500, using: &chance))) {
          if node.process != nil { node.disk.capacity = nil }
        }
      }
    }
  }

  private func writeBack(_ node: SimulatedNode) {
    guard let process = node.process, now >= node.busyUntil, !node.isUnsynced else { return }
    for partition in process.sortedPartitions where node.process === process {
      do throws(LogError) {
        try partition.log.flush()
        if chance.chance(0.7) { node.recoveryPoints[partition.name] = partition.log.recoveryPoint }
      } catch { fail(node, "\(error)") }
    }
  }

  // MARK: deaths

  /// The budget of KIP-966: one lossy death (min ISR − 1) until it is made good, and no unclean one beside it.
  private func mayDie(_ node: SimulatedNode) -> Bool { node.process != nil && areOthersSound(node) }

  private func areOthersSound(_ node: SimulatedNode) -> Bool {
    settleDebts()
    // A disk that is about to fail is a death to come.
    return nodes.allSatisfy {
      $0 === node || $0.debt == .none && $0.disk.capacity == nil && !$0.disk.failNextSync
    }
  }

  /// A death is made good once the metadata knows the new life, and a lost page cache once that is in the ISR of all
  /// that it is to hold.
  private func settleDebts() {
    for node in nodes where node.debt != .none {
      guard let process = node.process, process.brokerEpoch != .none,
        invariants.image.broker(node.id)?.epoch == process.brokerEpoch
      else { continue }
      let isInSync = invariants.image.topics.values.allSatisfy {
        $0.partitions.allSatisfy { $0.isr.contains(node.id) || !$0.replicas.contains(node.id) }
      }
      if node.debt == .killed || isInSync { node.debt = .none }
    }
  }

  private func kill(_ node: SimulatedNode) {
    guard mayDie(node) else { return }
    counters.kills += 1
    narrate("\(node.id) is killed")
    die(node)
    if node.debt == .none { node.debt = .killed }
    restartLater(node)
  }

  private func losePower(_ node: SimulatedNode) {
    guard mayDie(node), node.debt == .none else { return }
    losePageCache(node)
  }

  /// The process may be there or not.
  private func losePageCache(_ node: SimulatedNode) {
    // Of each partition somebody else must have everything.
    for topic in invariants.image.topics.values {
      for partition in topic.partitions where (partition.isr + partition.elr).allSatisfy({ $0 == node.id }) { return }
    }
    counters.powerLosses += 1
    narrate("\(node.id) loses power")
    die(node)
    node.debt = .lossy
    node.disk.crash(using: &chance)
    restartLater(node)
  }

  /// What was acknowledged may lie nowhere but in page caches all that time: nothing is written back in between.
  private func befall(_ node: SimulatedNode) {
    guard mayDie(node), node.debt == .none else { return }
    let life = node.life
    node.isUnsynced = true
    cutOff(node.index, from: Bool.random(using: &chance) ? [0, 1, 2, 3] : [0, 1, 2])
    after(.milliseconds(Int64.random(in: 20...800, using: &chance))) {
      guard !self.isCalm, node.life == life, self.mayDie(node), node.debt == .none else {
        node.isUnsynced = false
        return
      }
      self.kill(node)
      self.after(.milliseconds(Int64.random(in: 1...1000, using: &self.chance))) {
        node.isUnsynced = false
        guard !self.isCalm, node.debt != .lossy, self.areOthersSound(node) else { return }
        self.counters.accidentsInARow += 1
        self.losePageCache(node)
      }
    }
  }

  private func stop(_ node: SimulatedNode) {
    guard let process = node.process, process.brokerEpoch != .none, now >= node.busyUntil, mayDie(node),
      node.debt == .none, node.disk.capacity == nil
    else { return }
    let epoch = process.brokerEpoch
    do throws(LogError) {
      for partition in process.sortedPartitions {
        try partition.log.close(clean: true)
        node.recoveryPoints[partition.name] = partition.log.recoveryPoint
      }
      for (id, log) in process.unclaimed.sorted(by: { $0.key < $1.key }) {
        try log.close(clean: true)
        if let name = node.folders[id] { node.recoveryPoints[name] = log.recoveryPoint }
      }
    } catch { return fail(node, "\(error)") }
    process.metadataLog.close()
    counters.stops += 1
    narrate("\(node.id) stops")
    let isSound = node.disk.failedSyncs == 0
    die(node)
    if isSound { node.cleanEpoch = epoch } else { node.debt = .killed }
    restartLater(node)
  }

  // MARK: network

  private func divide() {
    counters.partitions += 1
    let lonely = Int.random(in: 0..<Self.nodeCount, using: &chance)
    let isOneWay = chance.chance(0.3)
    let others = [[0, 1, 2, 3], [0, 1, 2], [(lonely + 1) % 3]].randomElement(using: &chance) ?? []
    cutOff(lonely, from: others, isOneWay: isOneWay)
  }

  private func cutOff(_ lonely: Int, from others: [Int], isOneWay: Bool = false) {
    for other in others where other != lonely {
      blocked[lonely][other] = true
      if !isOneWay { blocked[other][lonely] = true }
    }
    narrate("\(lonely + 1) is cut off from \(others.map { $0 + 1 })\(isOneWay ? ", one way" : "")")
    after(.milliseconds(Int64.random(in: 50...1500, using: &chance))) { self.connectAll() }
  }

  func connectAll() {
    blocked = Array(repeating: Array(repeating: false, count: 4), count: 4)
  }

  /// All that is wrong ends.
  func heal() {
    isCalm = true
    narrate("all is healed")
    world.loss = 0
    world.duplication = 0
    world.detour = 0
    connectAll()
    slow = Array(repeating: Array(repeating: false, count: 4), count: 4)
    for node in nodes {
      node.busyUntil = now
      node.isUnsynced = false
      node.disk.capacity = nil
      node.disk.failNextSync = false
      start(node)
    }
  }
}
