import Primitives
import Replication

/// What a broker's shell does around the core.
extension ReplicationCluster {
  func start(_ broker: ReplicationSimulatedBroker) {
    broker.life += 1
    broker.metadataVersion = 0
    reopen(broker)
    broker.replica = PartitionReplica(
      partition: partition, localID: broker.id, brokerEpoch: .none, configuration: world.configuration,
      highWatermark: min(broker.storedHighWatermark, broker.log.logEndOffset))
    narrate("\(broker.id) starts, log ends at \(broker.log.logEndOffset)")
    after(.milliseconds(1), .tick(broker.index, life: broker.life))
  }

  /// The new process opens its log; a snapshot of producers may be missing or damaged.
  private func reopen(_ broker: ReplicationSimulatedBroker) {
    if chance.chance(world.snapshotDamage), broker.log.spoilSnapshot(using: &chance) { counters.spoiledSnapshots += 1 }
    let lost = broker.log.reopen(
      wasClean: broker.cleanEpoch != .none || broker.life == 1, keepsAll: !broker.losesPageCache, now: now)
    broker.losesPageCache = false
    counters.recordsLostInCrashes += lost
    if lost > 0 { narrate("\(broker.id) has lost \(lost) records") }
  }

  func handle(_ happening: ReplicationHappening, by broker: ReplicationSimulatedBroker) {
    switch happening {
    case .registered(_, _, let epoch, let version):
      guard broker.brokerEpoch == .none else { return }
      broker.brokerEpoch = epoch
      broker.replica?.brokerEpoch = epoch
      // Older metadata was meant for an earlier life.
      broker.metadataVersion = version - 1
      broker.cleanEpoch = .none
      beat(broker)
    case .metadata(_, _, let version, let metadata):
      guard broker.isRegistered, version > broker.metadataVersion else { return }
      broker.metadataVersion = version
      let wasLeader = broker.isLeader
      broker.replica?.apply(metadata, at: now, log: &broker.log, into: &broker.effects)
      if broker.isLeader != wasLeader {
        narrate("\(broker.id) \(broker.isLeader ? "leads" : "no longer leads") in epoch \(metadata.leaderEpoch)")
      }
    case .alterAnswer(_, _, let proposal, let answer):
      broker.replica?.alterPartitionResult(
        answer, to: proposal, at: now, logEndOffset: broker.log.logEndOffset, into: &broker.effects)
    case .fetch(let from, let life, _, let epoch, let question):
      answer(question, from: from, life: life, epoch, by: broker)
    case .fetchAnswer(_, _, let question, let answer, let records):
      take(answer, records, to: question, by: broker)
    case .produce(_, let batch): take(batch, by: broker)
    case .tick:
      broker.replica?.tick(at: now, logEndOffset: broker.log.logEndOffset, into: &broker.effects)
      after(.milliseconds(50), .tick(broker.index, life: broker.life))
      beat(broker)
    case .fetchTimer(_, _, let generation):
      if generation == broker.fetchGeneration { fetch(broker) }
    case .register, .heartbeat, .alterPartition, .expireSessions, .restart, .healNetwork, .disturbance,
      .produceTimeout:
      break
    }
    settle(broker)
  }

  private func beat(_ broker: ReplicationSimulatedBroker) {
    if broker.isRegistered {
      send(from: broker.index, to: Self.controllerIndex, .heartbeat(from: broker.index, broker.brokerEpoch))
    } else {
      send(
        from: broker.index, to: Self.controllerIndex,
        .register(from: broker.index, life: broker.life, cleanEpoch: broker.cleanEpoch))
    }
  }

  // MARK: following

  func fetch(_ broker: ReplicationSimulatedBroker) {
    guard let leader = broker.fetchesFrom, let request = broker.replica?.nextFetch(log: broker.log) else { return }
    fetchAgain(broker, after: .milliseconds(100))
    let question = ReplicationFetch(request: request, generation: broker.fetchGeneration)
    send(
      from: broker.index, to: leader,
      .fetch(from: broker.index, life: broker.life, to: leader, broker.brokerEpoch, question))
  }

  private func fetchAgain(_ broker: ReplicationSimulatedBroker, after span: TimeSpan) {
    broker.fetchGeneration += 1
    after(span, .fetchTimer(broker.index, life: broker.life, generation: broker.fetchGeneration))
  }

  private func answer(
    _ question: ReplicationFetch, from: Int, life: Int, _ epoch: BrokerEpoch, by broker: ReplicationSimulatedBroker
  ) {
    let request = question.request
    let decision = broker.replica?.followerFetch(
      from: BrokerID(Int32(from + 1)), brokerEpoch: epoch, currentLeaderEpoch: request.currentLeaderEpoch,
      fetchOffset: request.fetchOffset, lastFetchedEpoch: request.lastFetchedEpoch,
      logStartOffset: request.logStartOffset, at: now, log: broker.log, into: &broker.effects)
    var records: [UInt8] = []
    let answer: FetchAnswer
    switch decision {
    case .read(let start, let end, let highWatermark, let logStart):
      records = broker.log.read(from: start, upTo: end, maxBytes: world.fetchSize * 100)
      answer = FetchAnswer(highWatermark: highWatermark, logStartOffset: logStart)
    case .diverging(let epoch, let end, let highWatermark, let logStart):
      answer = FetchAnswer(
        divergingEpoch: epoch, divergingEndOffset: end, highWatermark: highWatermark, logStartOffset: logStart)
    case .error(let code): answer = FetchAnswer(error: code, highWatermark: .none, logStartOffset: .none)
    case nil: return
    }
    send(from: broker.index, to: from, .fetchAnswer(to: from, life: life, question, answer, records))
  }

  private func take(
    _ answer: FetchAnswer, _ records: [UInt8], to question: ReplicationFetch,
    by broker: ReplicationSimulatedBroker
  ) {
    let request = question.request
    let isNewest = question.generation == broker.fetchGeneration
    let end = broker.log.logEndOffset
    switch broker.replica?.fetchResponse(answer, to: request, log: &broker.log, into: &broker.effects) {
    case .append:
      broker.log.appendAsFollower(records, now: now)
      broker.replica?.appendedFromLeader(answer, log: &broker.log, into: &broker.effects)
      guard isNewest else { return }
      if records.isEmpty { fetchAgain(broker, after: .milliseconds(10)) } else { fetch(broker) }
    case .truncated:
      counters.truncationsByEpoch += 1
      narrate("\(broker.id) cuts its log from \(end) to \(broker.log.logEndOffset)")
      if isNewest { fetch(broker) }
    case .retryLater: if isNewest { fetchAgain(broker, after: .milliseconds(20)) }
    case .outOfRange: invariants.broken("P5: \(broker.id) asks for \(request.fetchOffset), out of its leader's range")
    case .ignore, nil: break
    }
  }

  // MARK: effects

  func settle(_ broker: ReplicationSimulatedBroker) {
    while !broker.effects.isEmpty {
      let effects = broker.effects
      broker.effects.removeAll(keepingCapacity: true)
      for effect in effects { carryOut(effect, of: broker) }
    }
  }

  private func carryOut(_ effect: ReplicationEffect, of broker: ReplicationSimulatedBroker) {
    switch effect {
    case .acknowledge(let token, let code): answered(token, code, by: broker)
    case .highWatermarkAdvanced(let offset):
      hash(UInt64(bitPattern: offset.rawValue))
      broker.log.real?.advance(highWatermark: offset)
      invariants.committed(broker, upTo: offset)
    case .alterPartition(let proposal):
      narrate("\(broker.id) proposes ISR \(proposal.isr.map(\.id))")
      send(
        from: broker.index, to: Self.controllerIndex,
        .alterPartition(from: broker.index, life: broker.life, broker.brokerEpoch, proposal))
      crashJoiner(of: proposal)
    case .startFetching(let leader, _):
      broker.fetchesFrom = Int(leader.rawValue) - 1
      fetch(broker)
    case .stopFetching: broker.fetchesFrom = nil
    case .truncated(let offset, let isBelow):
      if isBelow { invariants.broken("P6: \(broker.id) cut its log to \(offset), below its high watermark") }
    case .logFailed(let failure): invariants.broken("P9: the log of \(broker.id) failed: \(failure.reason)")
    case .leadershipLost: break
    }
  }
}
