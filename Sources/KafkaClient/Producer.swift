import CRDKafka
import Synchronization

/// A record to be sent.
public struct OutgoingRecord: Sendable {
  /// Index into the producer's topics.
  public var topic: Int
  public var partition: Int32
  /// Empty: no key.
  public var key: [UInt8]
  public var value: [UInt8]
  public var headers: [(name: String, value: [UInt8])]

  public init(
    topic: Int, partition: Int32, key: [UInt8], value: [UInt8], headers: [(name: String, value: [UInt8])] = []
  ) {
    self.topic = topic
    self.partition = partition
    self.key = key
    self.value = value
    self.headers = headers
  }
}

/// An idempotent producer that waits for all in-sync replicas (librdkafka). Records are numbered by the caller, from 0
/// to `capacity`; `deliveries` tells what became of each.
///
/// A thread of its own serves the delivery reports until `close`. One thread sends.
public final class Producer: Sendable {
  /// What a client needs to notice a new leader within tens of milliseconds instead of librdkafka's seconds. Metadata
  /// is asked for all the time: a partition that had nothing on its way when its leader died is not asked for
  /// otherwise.
  public static let quickRecovery: [ClientSetting] = [
    ClientSetting("reconnect.backoff.ms", "10"), ClientSetting("reconnect.backoff.max.ms", "100"),
    ClientSetting("topic.metadata.refresh.interval.ms", "100"),
    ClientSetting("topic.metadata.refresh.fast.interval.ms", "20"),
    ClientSetting("socket.connection.setup.timeout.ms", "2000"), ClientSetting("socket.nagle.disable", "true"),
    ClientSetting("log_level", "2"),
  ]

  private struct Handles: @unchecked Sendable {
    let client: OpaquePointer
    let topics: [OpaquePointer]
  }

  private let handles: Handles
  private let book: DeliveryBook
  private let isClosing = Atomic<Bool>(false)
  private let pollerHasEnded = Atomic<Bool>(false)

  public init(
    bootstrapServers: String, topics: [String], capacity: Int, settings: [ClientSetting] = []
  ) throws(ClientError) {
    let book = DeliveryBook(capacity: capacity)
    let configuration = try ClientConfiguration.make(
      [
        ClientSetting("bootstrap.servers", bootstrapServers), ClientSetting("client.id", "streamsocial-producer"),
        ClientSetting("acks", "all"), ClientSetting("enable.idempotence", "true"), ClientSetting("linger.ms", "5"),
        ClientSetting("retry.backoff.ms", "20"), ClientSetting("message.timeout.ms", "120000"),
        ClientSetting("queue.buffering.max.messages", "2000000"),
        ClientSetting("queue.buffering.max.kbytes", "1048576"),
      ] + Self.quickRecovery + settings)
    rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(book).toOpaque())
    rd_kafka_conf_set_dr_msg_cb(configuration, noteDelivery)
    let client = try ClientConfiguration.client(RD_KAFKA_PRODUCER, configuration)
    var handles: [OpaquePointer] = []
    for name in topics {
      guard let topic = rd_kafka_topic_new(client, name, nil) else {
        let error = ClientError(rd_kafka_last_error(), doing: "topic \(name)")
        for topic in handles { rd_kafka_topic_destroy(topic) }
        rd_kafka_destroy(client)
        throw error
      }
      handles.append(topic)
    }
    self.book = book
    self.handles = Handles(client: client, topics: handles)
    WorkerThread.start { [self] in
      while !isClosing.load(ordering: .acquiring) { rd_kafka_poll(self.handles.client, 20) }
      pollerHasEnded.store(true, ordering: .releasing)
    }
  }

  /// Sends one record without a number to each given partition and waits until all are acknowledged, so that the first
  /// real ones pay neither for connections and metadata nor for the producer's id (which librdkafka asks for once a
  /// second until it has one). Blocks; throws when it takes longer than the limit.
  public func warmUp(
    _ partitions: [(topic: Int, partition: Int32)], value: [UInt8], timeoutMilliseconds: Int64 = 60_000
  ) throws(ClientError) {
    let deadline = MonotonicClock.nanoseconds + timeoutMilliseconds * 1_000_000
    for (topic, partition) in partitions {
      let record = OutgoingRecord(topic: topic, partition: partition, key: [], value: value)
      guard try send(record, number: -1) else { throw ClientError(code: -184, "the queue is full") }
    }
    while book.warmUps.load(ordering: .acquiring) < partitions.count {
      guard MonotonicClock.nanoseconds < deadline else {
        throw ClientError(code: -185, "not every partition acknowledges")
      }
      MonotonicClock.sleep(until: MonotonicClock.nanoseconds + 2_000_000)
    }
  }

  /// Queues a record; false when the queue is full. One numbered −1 leaves no report.
  public func send(_ record: OutgoingRecord, number: Int) throws(ClientError) -> Bool {
    let headers = rd_kafka_headers_new(record.headers.count)
    for header in record.headers {
      header.value.withUnsafeBytes { value in
        _ = rd_kafka_header_add(headers, header.name, -1, value.baseAddress, value.count)
      }
    }
    let error = record.key.withUnsafeBytes { key in
      record.value.withUnsafeBytes { value in
        streamsocial_produce(
          handles.client, handles.topics[record.topic], record.partition, key.isEmpty ? nil : key.baseAddress,
          key.count, value.baseAddress, value.count, headers, UnsafeMutableRawPointer(bitPattern: number + 1))
      }
    }
    if error == RD_KAFKA_RESP_ERR_NO_ERROR { return true }
    rd_kafka_headers_destroy(headers)
    if error == RD_KAFKA_RESP_ERR__QUEUE_FULL { return false }
    throw ClientError(error, doing: "produce")
  }

  public var acknowledgedCount: Int { book.acknowledged.load(ordering: .acquiring) }
  public var failedCount: Int { book.failed.load(ordering: .acquiring) }
  /// Records queued or on their way.
  public var pendingCount: Int { Int(rd_kafka_outq_len(handles.client)) }

  /// By number; complete once `flush` returned true.
  public var deliveries: [Delivery] { book.all }

  /// Waits until every record has its report; blocks. False when some are still on their way.
  public func flush(timeoutMilliseconds: Int32) -> Bool {
    rd_kafka_flush(handles.client, timeoutMilliseconds) == RD_KAFKA_RESP_ERR_NO_ERROR
  }

  /// Ends the client; what is still queued is dropped. Nothing may be sent afterwards. Blocks.
  public func close() {
    guard !isClosing.exchange(true, ordering: .acquiringAndReleasing) else { return }
    while !pollerHasEnded.load(ordering: .acquiring) {
      MonotonicClock.sleep(until: MonotonicClock.nanoseconds + 2_000_000)
    }
    for topic in handles.topics { rd_kafka_topic_destroy(topic) }
    rd_kafka_destroy(handles.client)
  }
}
