import Primitives
import Replication

/// What must hold of a partition after every step. Committed is what any leader's high watermark has passed.
///
/// - P1: ISR and ELR are disjoint, the ELR is empty while enough are in sync, nobody in the ISR is fenced.
/// - P3, P4, P6: every member of ISR and ELR has every committed record, and what was acknowledged is committed. A
///   member whose page cache was just lost is excused until its restart is known: then it is no member.
/// - P5: below its high watermark every log is the same. P7: a record once consumed is always that record.
/// - P8: a leader's high watermark does not go back. P9: it does not pass its log's end.
/// - P11: the epoch index is what the records say, but for at most one empty newest epoch.
/// - P14: what a log remembers of its producers is what a replay of it gives; among committed batches each producer's
///   epochs and sequences follow one another without a gap and without a second time. S1, S4: the disk gives back what
///   was put there.
/// - P12: acknowledged is only below the high watermark and while enough replicas are in sync.
final class ReplicationInvariants {
  private struct Leadership {
    var life = 0
    var epoch = LeaderEpoch.none
    var highWatermark = Offset.zero
  }

  private(set) var violation: String?
  private(set) var committed: [ReplicationSimulatedLog.Record] = []
  private var chains: [UInt64] = []
  private(set) var acknowledgedValues: Set<UInt64> = []
  /// The last committed sequence of each producer.
  private var committedSequences: [ProducerID: (epoch: Int16, last: Int32)] = [:]
  private var leaderships = Array(repeating: Leadership(), count: 3)

  var committedEnd: Offset { Offset(Int64(committed.count)) }

  func broken(_ text: @autoclosure () -> String) {
    if violation == nil { violation = text() }
  }

  func require(_ holds: Bool, _ text: @autoclosure () -> String) {
    if !holds { broken(text()) }
  }

  private func chain(at end: Offset, of log: ReplicationSimulatedLog) -> UInt64? {
    end == .zero ? log.chain(at: end) : chains[Int(end.rawValue) - 1]
  }

  // MARK: events

  func committed(_ broker: ReplicationSimulatedBroker, upTo end: Offset) {
    require(end <= broker.log.logEndOffset, "P9: \(broker.id) committed \(end) beyond its log")
    guard broker.isLeader, violation == nil else { return }
    for batch in broker.log.batches(from: committedEnd, upTo: end) { committed(batch) }
    for record in broker.log.records(from: committedEnd, upTo: end) {
      committed.append(record)
      chains.append(broker.log.chain(at: committedEnd) ?? 0)
    }
  }

  func acknowledged(_ token: ReplicationSimulatedBroker.Token, by broker: ReplicationSimulatedBroker, minISR: Int) {
    let inSync = broker.replica?.isr.count ?? 0
    require(inSync >= minISR, "P12: \(broker.id) acknowledged \(token.offset) with \(inSync) in sync")
    require(
      token.offset < broker.highWatermark,
      "P12: \(broker.id) acknowledged \(token.offset), its high watermark is \(broker.highWatermark)")
    guard token.offset < committedEnd else { return broken("P4: acknowledged \(token.offset) is not committed") }
    require(
      committed[Int(token.offset.rawValue)].value == token.batch.value * 4,
      "P4: acknowledged \(token.batch.value) at \(token.offset), where something else is committed")
    acknowledgedValues.insert(token.batch.value)
  }

  private func committed(_ batch: ReplicationSimulatedLog.Batch) {
    let id = batch.producer
    if let known = committedSequences[id] {
      let follows =
        batch.producerEpoch == known.epoch
        ? batch.sequence == known.last + 1 : batch.producerEpoch > known.epoch && batch.sequence == 0
      require(
        follows,
        "P14: committed sequence \(batch.sequence) of epoch \(batch.producerEpoch) of producer \(id) at \(batch.base), "
          + "after sequence \(known.last) of epoch \(known.epoch)")
    }
    committedSequences[id] = (batch.producerEpoch, batch.lastSequence)
  }

  /// A leader took a batch for one that it has at `offset`.
  func recognised(_ batch: ReplicationProduce, at offset: Offset, in log: ReplicationSimulatedLog) {
    require(
      log.records(from: offset, upTo: offset + 1).first?.value == batch.value * 4,
      "P14: sequence \(batch.sequence) of producer \(batch.id) was taken for what is at \(offset)")
  }

  func consumed(
    _ records: [(offset: Offset, record: ReplicationSimulatedLog.Record)], at broker: ReplicationSimulatedBroker
  ) {
    for (place, record) in records {
      let offset = Int(place.rawValue)
      guard offset < committed.count, committed[offset] == record else {
        return broken("P7: \(broker.id) showed a consumer something uncommitted at \(offset)")
      }
    }
  }

  // MARK: states

  func check(_ cluster: ReplicationCluster) {
    guard violation == nil else { return }
    cluster.settleDebts()
    let controller = cluster.controller
    for broker in cluster.brokers {
      let isMember = controller.isr.contains(broker.id) || controller.elr.contains(broker.id)
      if isMember, broker.debt != .lossy {
        require(
          broker.log.chain(at: committedEnd) == chain(at: committedEnd, of: broker.log),
          "P3: \(broker.id) of ISR \(controller.isr), ELR \(controller.elr) lacks records below \(committedEnd)")
      }
      if let text = broker.log.violation { return broken("\(text) (\(broker.id))") }
      guard broker.replica != nil else { continue }
      checkEpochs(broker)
      checkHighWatermark(broker)
    }
    require(
      controller.elr.isEmpty || controller.isr.count < cluster.world.configuration.minInSyncReplicas,
      "P1: ELR \(controller.elr) beside ISR \(controller.isr)")
    require(!controller.isr.contains(where: controller.elr.contains), "P1: ISR and ELR overlap")
    require(
      controller.leader == .none || controller.isr.allSatisfy { !controller.brokers[Int($0.rawValue) - 1].isFenced },
      "P1: a fenced broker in ISR \(controller.isr)")
  }

  private func checkHighWatermark(_ broker: ReplicationSimulatedBroker) {
    let highWatermark = broker.highWatermark
    require(highWatermark <= broker.log.logEndOffset, "P9: high watermark of \(broker.id) is beyond its log")
    guard highWatermark <= committedEnd else { return broken("P5: \(broker.id) believes \(highWatermark) committed") }
    require(
      broker.log.chain(at: highWatermark) == chain(at: highWatermark, of: broker.log),
      "P5: the log of \(broker.id) differs below its high watermark \(highWatermark)")
    guard broker.isLeader, let epoch = broker.replica?.leaderEpoch else { return }
    let known = leaderships[broker.index]
    if known.life == broker.life, known.epoch == epoch {
      require(highWatermark >= known.highWatermark, "P8: high watermark of leader \(broker.id) went back")
    }
    leaderships[broker.index] = Leadership(life: broker.life, epoch: epoch, highWatermark: highWatermark)
  }

  /// Each epoch of the index must be that of its first and last record: as epochs never fall, it then is that of all.
  private func checkEpochs(_ broker: ReplicationSimulatedBroker) {
    let log = broker.log
    require(!log.isDisordered, "P11: epochs fall in the log of \(broker.id)")
    require(
      log.logEndOffset == .zero || log.epochs.first?.startOffset == .zero,
      "P11: first records of \(broker.id) have no epoch")
    for (index, entry) in log.epochs.enumerated() {
      let isLast = index + 1 == log.epochs.count
      if isLast, entry.startOffset == log.logEndOffset { continue }
      let end = isLast ? log.logEndOffset : log.epochs[index + 1].startOffset
      guard entry.startOffset < end, end <= log.logEndOffset else {
        return broken("P11: epoch \(entry.epoch) of \(broker.id) has no records")
      }
      require(
        log.records[Int(entry.startOffset.rawValue)].epoch == entry.epoch
          && log.records[Int(end.rawValue) - 1].epoch == entry.epoch,
        "P11: epoch \(entry.epoch) of \(broker.id) is not that of its records")
    }
  }
}
