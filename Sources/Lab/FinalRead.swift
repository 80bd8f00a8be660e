import Checker
import KafkaClient
import Social

/// Reads every partition from its first to its last offset with a fresh client, and compares each record with the
/// event that should be there.
enum FinalRead {
  /// How long nothing may come before the read is given up.
  static let patienceNanoseconds: Int64 = 30_000_000_000

  /// All partitions of all topics.
  static let partitions: [(topic: Int, partition: Int32)] = SocialTopic.allCases.flatMap { topic in
    (0..<topic.partitionCount).map { (topic: topic.rawValue, partition: $0) }
  }

  /// Adds what is there to the history; blocks. Throws when the log cannot be read to its end.
  static func read(bootstrapServers: String, traffic: Traffic, into history: inout History) throws(ClientError) {
    let consumer = try Consumer(
      bootstrapServers: bootstrapServers, topics: SocialTopic.allCases.map(\.name), mode: .reader(partitions))
    defer { consumer.close() }
    var open = Set(partitions.map { number($0.topic, $0.partition) })
    var lastNews = MonotonicClock.nanoseconds
    var lastError: ClientError?
    while !open.isEmpty {
      let batch = consumer.poll(timeoutMilliseconds: 100)
      lastError = batch.errors.last ?? lastError
      for record in batch.records { history.read(found(record, traffic, capacity: history.capacity)) }
      for end in batch.ends { open.remove(number(end.topic, end.partition)) }
      if !batch.records.isEmpty || !batch.ends.isEmpty { lastNews = MonotonicClock.nanoseconds }
      if MonotonicClock.nanoseconds - lastNews > patienceNanoseconds {
        throw lastError ?? ClientError(code: -185, "\(open.count) partitions could not be read to their end")
      }
    }
  }

  static func number(_ topic: Int, _ partition: Int32) -> Int32 {
    (SocialTopic(rawValue: topic)?.firstPartition ?? 0) + partition
  }

  private static func found(_ record: ConsumedRecord, _ traffic: Traffic, capacity: Int) -> History.Found {
    let partition = number(record.topic, record.partition)
    guard let identity = EventIdentity(body: record.value), identity.run == traffic.run, identity.sequence < capacity
    else { return History.Found(partition: partition, offset: record.offset, event: nil) }
    let event = traffic.event(identity.sequence)
    let isIntact =
      event.body == record.value && event.key == record.key && event.headers.count == record.headers.count
      && zip(event.headers, record.headers).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    return History.Found(
      partition: partition, offset: record.offset, event: identity.sequence, isIntact: isIntact)
  }
}
