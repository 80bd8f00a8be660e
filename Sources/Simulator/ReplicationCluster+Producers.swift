import CommitLog
import Primitives
import Records
import Replication

/// What clients write, and what a leader does with it.
extension ReplicationCluster {
  /// A producer has something to write.
  func produce() {
    let index = Int.random(in: 0..<producers.count, using: &chance)
    if chance.chance(0.02) { beginEpoch(index) }
    lastValue += 1
    guard let batch = producers[index].next(value: lastValue, count: Int.random(in: 1...3, using: &chance)) else {
      return
    }
    offer(batch)
  }

  private func beginEpoch(_ index: Int) {
    counters.producerEpochs += 1
    producers[index].beginEpoch()
    narrate("producer \(index + 1) begins epoch \(producers[index].epoch)")
  }

  /// Sends a batch to a broker that believes to lead, or to any when none does. The request may be lost, or be there a
  /// second time much later.
  func offer(_ batch: ReplicationProduce, after span: TimeSpan = .zero) {
    let leaders = brokers.filter(\.isLeader)
    let target = (leaders.isEmpty ? brokers : leaders).randomElement(using: &chance)?.index ?? 0
    let request = ReplicationHappening.produce(to: target, batch)
    let travel = chance.span(in: world.delay)
    if !chance.chance(world.loss) { after(span + travel, request) }
    if chance.chance(world.duplication) { after(span + travel * Int64.random(in: 2...60, using: &chance), request) }
    after(span + world.requestTimeout + .milliseconds(100), .produceTimeout(batch))
  }

  func again(_ batch: ReplicationProduce, after span: TimeSpan) {
    guard let next = producers[batch.producer].again(batch) else { return }
    offer(next, after: span)
  }

  // MARK: the leader

  /// As the real broker judges it; each flaw plants a mistake.
  private func judge(_ header: RecordBatchHeader, by log: ReplicationSimulatedLog) -> ProducerStateTable.Verdict {
    let table = log.producers
    let verdict = table.check(header, isFromClient: true)
    let flaws = world.flaws
    switch verdict {
    case .refuse(.invalidProducerEpoch, _) where flaws.contains(.ignoresProducerEpoch): return .append
    case .refuse(.outOfOrderSequenceNumber, _) where flaws.contains(.acceptsGaps):
      let last = table.producer(header.producerID)?.lastSequence ?? -1
      return header.baseSequence > last ? .append : verdict
    case .duplicate where flaws.contains(.remembersFourBatches):
      let batches = table.producer(header.producerID)?.batches ?? []
      let isForgotten = batches.count == 5 && batches.first?.firstSequence == header.baseSequence
      return isForgotten ? .refuse(.outOfOrderSequenceNumber, "forgotten") : verdict
    case .duplicate where flaws.contains(.appendsDuplicates): return .append
    default: return verdict
    }
  }

  func take(_ batch: ReplicationProduce, by broker: ReplicationSimulatedBroker) {
    let bytes = ReplicationSimulatedLog.build(
      batch.value, count: batch.count, producer: batch.id, epoch: batch.epoch, sequence: batch.sequence, now: now)
    let header = bytes.withUnsafeBytes { raw in raw.baseAddress.map { RecordBatchHeader.read(at: $0) } }
    guard let header else { return invariants.broken("a batch could not be built") }
    let verdict = judge(header, by: broker.log)
    guard let epoch = broker.replica?.leaderEpoch, broker.admits(verdict) else {
      counters.refusedProduces += 1
      return again(batch, after: .milliseconds(20))
    }
    if epoch < controller.leaderEpoch { counters.zombieProduces += 1 }
    switch verdict {
    case .append:
      guard let offset = broker.log.append(bytes, epoch: epoch, now: now) else { return }
      broker.replica?.appended(logEndOffset: broker.log.logEndOffset, at: now, into: &broker.effects)
      waitFor(batch, at: offset, upTo: offset + Int64(batch.count), by: broker)
    case .duplicate(let first, let last, _):
      counters.duplicatesRecognised += 1
      invariants.recognised(batch, at: first, in: broker.log)
      waitFor(batch, at: first, upTo: last + 1, by: broker)
    case .refuse(.invalidProducerEpoch, _): counters.staleEpochRefusals += 1
    case .refuse:
      counters.outOfOrderRefusals += 1
      invariants.require(
        !broker.log.history.mustKnow(batch.id, batch.epoch, sequence: batch.sequence),
        "P14: \(broker.id) refused sequence \(batch.sequence) of producer \(batch.id), one of its last five")
      if batch.epoch == producers[batch.producer].epoch, producers[batch.producer].isOldest(batch) {
        beginEpoch(batch.producer)
      } else {
        again(batch, after: .milliseconds(20))
      }
    }
  }

  private func waitFor(
    _ batch: ReplicationProduce, at offset: Offset, upTo end: Offset, by broker: ReplicationSimulatedBroker
  ) {
    lastToken += 1
    broker.waiting[lastToken] = ReplicationSimulatedBroker.Token(batch: batch, offset: offset)
    broker.replica?.awaitReplication(
      token: lastToken, upTo: end, deadline: now + world.requestTimeout, into: &broker.effects)
    if world.flaws.contains(.acknowledgeAtAppend) {
      broker.effects.append(.acknowledge(token: lastToken, .none))
    }
  }

  /// A produce request is answered.
  func answered(_ token: UInt64, _ code: ErrorCode, by broker: ReplicationSimulatedBroker) {
    guard let waiting = broker.waiting.removeValue(forKey: token) else { return }
    hash(token)
    guard code == .none else { return again(waiting.batch, after: .milliseconds(20)) }
    counters.acknowledged += 1
    invariants.acknowledged(waiting, by: broker, minISR: world.configuration.minInSyncReplicas)
    // The answer may be lost; the producer then sends the same batch again.
    if chance.chance(world.loss) {
      again(waiting.batch, after: .milliseconds(50))
    } else {
      producers[waiting.batch.producer].acknowledged(waiting.batch)
    }
  }
}
