import Metrics
import Primitives
import Records

/// What Kafka counts as BrokerTopicMetrics, of one topic or of all.
struct TopicCounters: Sendable {
  var messagesIn = 0
  var bytesIn = 0
  /// To consumers; followers' bytes are counted apart.
  var bytesOut = 0
  /// Of batches larger than the topic allows.
  var bytesRejected = 0
  /// Partitions asked for, not requests, as in Kafka.
  var produceRequests = 0
  var failedProduceRequests = 0
  var fetchRequests = 0
  var failedFetchRequests = 0
}

/// One topic's counters, shared by its partitions here. They live as long as this broker has a partition of the topic.
final class TopicMetrics {
  let name: String
  var counters = TopicCounters()
  var partitions = 0

  init(_ name: String) { self.name = name }
}

/// Counters of the data loop.
struct DataCounters: Sendable {
  var connections = 0
  var connectionsCreated = 0
  /// All topics together, those included that are not here any more.
  var all = TopicCounters()
  var replicationBytesIn = 0
  var replicationBytesOut = 0
  var invalidMagicRecords = 0
  var invalidChecksumRecords = 0
  var invalidOffsetOrSequenceRecords = 0
  /// Records without a key, refused by compacted topics.
  var recordsWithoutKey = 0
  /// Produce requests' partitions whose time was up before enough replicas had them.
  var expiredProduces = 0
  /// Long polls that ended because their time was up.
  var expiredConsumerFetches = 0
  var expiredFollowerFetches = 0
  /// Long polls that wait now.
  var waitingFetches = 0
  var isrShrinks = 0
  var isrExpands = 0
  var failedISRUpdates = 0
  /// Syncs of partitions' logs, from the order to the end; microseconds.
  var syncs = WindowedHistogram()
}

/// What the data loop counts, and owns: plain numbers, copied when somebody asks.
final class DataMetrics {
  var counts = DataCounters()
  private(set) var topics: [TopicID: TopicMetrics] = [:]

  /// A batch that was refused because of what it is. Kafka counts the batch, since its records cannot be counted.
  func count(_ error: RecordError, requiresKeys: Bool) {
    switch error {
    // The other rule for records, on timestamps, has a code of its own.
    case .rejectedRecords(.invalidRecord, let rejections) where requiresKeys:
      counts.recordsWithoutKey += rejections.count
    case .unsupportedMagic: counts.invalidMagicRecords += 1
    case .crcMismatch: counts.invalidChecksumRecords += 1
    default: break
    }
  }

  /// A partition's log has been made durable.
  func synced(since begun: Instant, at now: Instant) {
    counts.syncs.record(UInt64(max(0, (now - begun).nanoseconds)) / 1000, at: now)
  }

  /// The counters of a topic that a partition here belongs to.
  func topic(_ id: TopicID, name: String) -> TopicMetrics {
    let topic = topics[id] ?? TopicMetrics(name)
    topics[id] = topic
    topic.partitions += 1
    return topic
  }

  /// A partition of the topic is not here any more.
  func leave(_ id: TopicID) {
    guard let topic = topics[id] else { return }
    topic.partitions -= 1
    if topic.partitions == 0 { topics[id] = nil }
  }
}
