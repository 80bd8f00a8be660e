import CommitLog
import Primitives

/// What a replay of a log would remember of its producers: an account independent of `ProducerStateTable`.
struct ReplicationProducerHistory {
  struct Producer {
    var epoch: Int16
    /// The last five of this epoch, oldest first.
    var batches: [ReplicationSimulatedLog.Batch] = []
    /// How many of these the real table must have; a snapshot keeps but the last one.
    var known = 0
  }

  private(set) var producers: [ProducerID: Producer] = [:]

  mutating func append(_ batch: ReplicationSimulatedLog.Batch) {
    guard batch.producer != .none else { return }
    var producer = producers[batch.producer] ?? Producer(epoch: batch.producerEpoch)
    if producer.epoch != batch.producerEpoch { producer = Producer(epoch: batch.producerEpoch) }
    if producer.batches.count == 5 { producer.batches.removeFirst() }
    producer.batches.append(batch)
    producer.known = min(5, producer.known + 1)
    producers[batch.producer] = producer
  }

  /// Takes note of how far back a table that was made anew goes; an answer tells what is wrong with it.
  mutating func adopt(_ table: ProducerStateTable) -> String? {
    for id in producers.keys.sorted() {
      let kept = min(table.producer(id)?.batches.count ?? 0, producers[id]?.batches.count ?? 0)
      producers[id]?.known = max(1, kept)
      if let text = difference(from: table, of: id) { return text }
    }
    let strangers = table.producers.keys.filter { producers[$0] == nil }.sorted()
    return strangers.isEmpty ? nil : "producers \(strangers) are remembered, of whom the log has nothing"
  }

  /// What the table has of a producer that the log does not say, or the other way round.
  func difference(from table: ProducerStateTable, of id: ProducerID) -> String? {
    guard let expected = producers[id] else { return nil }
    guard let found = table.producer(id) else { return "producer \(id) is forgotten" }
    guard found.epoch == expected.epoch else {
      return "producer \(id): epoch \(found.epoch), the log has \(expected.epoch)"
    }
    let wanted = expected.batches.suffix(expected.known)
    let isEqual =
      wanted.count == found.batches.count
      && zip(wanted, found.batches).allSatisfy {
        $0.base == $1.firstOffset && $0.end == $1.lastOffset + 1 && $0.sequence == $1.firstSequence
          && $0.lastSequence == $1.lastSequence
      }
    return isEqual
      ? nil
      : "producer \(id): \(found.batches.map { "\($0.firstSequence)@\($0.firstOffset)" }) is remembered, "
        + "the log has \(wanted.map { "\($0.sequence)@\($0.base)" })"
  }

  /// The batch was appended, and the broker must know it.
  func mustKnow(_ id: ProducerID, _ epoch: Int16, sequence: Int32) -> Bool {
    guard let producer = producers[id], producer.epoch == epoch else { return false }
    return producer.batches.suffix(producer.known).contains { $0.sequence == sequence }
  }
}
