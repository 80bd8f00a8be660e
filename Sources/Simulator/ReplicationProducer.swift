import Primitives

/// A batch that a producer wants in the log; sent again it is the same one.
struct ReplicationProduce: Hashable {
  var producer: Int
  var epoch: Int16
  var sequence: Int32
  var count: Int
  var value: UInt64
  var attempt = 0

  var id: ProducerID { ProducerID(Int64(producer) + 1) }
}

/// An idempotent producer: at most five batches are unanswered, each sent again, as it was, until it is answered.
///
/// When its oldest batch is refused as out of order, it begins a new epoch (KIP-360): what was unanswered stays of
/// unknown fate.
struct ReplicationProducer {
  let index: Int
  private(set) var epoch: Int16 = 0
  private var nextSequence: Int32 = 0
  private(set) var inFlight: [ReplicationProduce] = []

  init(index: Int) { self.index = index }

  mutating func next(value: UInt64, count: Int) -> ReplicationProduce? {
    guard inFlight.count < 5 else { return nil }
    let batch = ReplicationProduce(producer: index, epoch: epoch, sequence: nextSequence, count: count, value: value)
    nextSequence += Int32(count)
    inFlight.append(batch)
    return batch
  }

  private func index(of batch: ReplicationProduce) -> Int? {
    inFlight.firstIndex { $0.epoch == batch.epoch && $0.sequence == batch.sequence }
  }

  mutating func acknowledged(_ batch: ReplicationProduce) {
    if let index = index(of: batch) { inFlight.remove(at: index) }
  }

  /// The batch to send again; nil when it was answered, or this was not its newest attempt.
  mutating func again(_ batch: ReplicationProduce) -> ReplicationProduce? {
    guard let index = index(of: batch), inFlight[index].attempt == batch.attempt else { return nil }
    inFlight[index].attempt += 1
    return inFlight[index]
  }

  func isOldest(_ batch: ReplicationProduce) -> Bool { index(of: batch) == 0 }

  mutating func beginEpoch() {
    epoch += 1
    nextSequence = 0
    inFlight = []
  }
}
