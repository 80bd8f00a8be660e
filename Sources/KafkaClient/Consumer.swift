import CRDKafka

/// A record as it was read.
public struct ConsumedRecord: Sendable, Equatable {
  /// Index into the consumer's topics.
  public var topic: Int
  public var partition: Int32
  public var offset: Int64
  public var key: [UInt8]
  public var value: [UInt8]
  public var headers: [Header]

  public struct Header: Sendable, Equatable {
    public var name: String
    public var value: [UInt8]
  }
}

/// A consumer (librdkafka): a member of a group, or a reader of given partitions. Used by one thread at a time, which
/// also closes it.
public final class Consumer {
  public enum Mode: Sendable {
    /// Subscribes as a member of the group, commits every half second, starts at the beginning.
    case group(String)
    /// Reads given partitions from their first offset; commits nothing.
    case reader([(topic: Int, partition: Int32)])
  }

  /// What one poll brought.
  public struct Batch {
    public var records: [ConsumedRecord] = []
    /// Partitions whose end was reached (readers only).
    public var ends: [(topic: Int, partition: Int32)] = []
    /// What librdkafka complained about; it goes on by itself.
    public var errors: [ClientError] = []
  }

  private let client: OpaquePointer
  private let queue: OpaquePointer
  private let topics: [String]
  private let wantsHeaders: Bool
  private var messages = [UnsafeMutablePointer<rd_kafka_message_t>?](repeating: nil, count: 1000)
  private var isClosed = false

  public init(
    bootstrapServers: String, topics: [String], mode: Mode, settings: [ClientSetting] = []
  ) throws(ClientError) {
    var all =
      [
        ClientSetting("bootstrap.servers", bootstrapServers), ClientSetting("client.id", "streamsocial-consumer"),
        ClientSetting("fetch.wait.max.ms", "100"), ClientSetting("check.crcs", "true"),
        ClientSetting("fetch.error.backoff.ms", "50"), ClientSetting("queued.max.messages.kbytes", "16384"),
      ] + Producer.quickRecovery
    switch mode {
    case .group(let group):
      all += [
        ClientSetting("group.id", group), ClientSetting("enable.auto.commit", "true"),
        ClientSetting("auto.commit.interval.ms", "500"), ClientSetting("auto.offset.reset", "earliest"),
        ClientSetting("session.timeout.ms", "10000"), ClientSetting("heartbeat.interval.ms", "1000"),
      ]
      wantsHeaders = false
    case .reader:
      all += [
        ClientSetting("group.id", "streamsocial-reader"), ClientSetting("enable.auto.commit", "false"),
        ClientSetting("enable.partition.eof", "true"), ClientSetting("auto.offset.reset", "error"),
      ]
      wantsHeaders = true
    }
    let client = try ClientConfiguration.client(RD_KAFKA_CONSUMER, try ClientConfiguration.make(all + settings))
    rd_kafka_poll_set_consumer(client)
    guard let queue = rd_kafka_queue_get_consumer(client) else {
      rd_kafka_destroy(client)
      throw ClientError(code: -1, "a consumer without a queue")
    }
    self.client = client
    self.queue = queue
    self.topics = topics
    let list = rd_kafka_topic_partition_list_new(8)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    let error: rd_kafka_resp_err_t
    switch mode {
    case .group:
      for topic in topics { rd_kafka_topic_partition_list_add(list, topic, -1) }
      error = rd_kafka_subscribe(client, list)
    case .reader(let partitions):
      for (topic, partition) in partitions {
        rd_kafka_topic_partition_list_add(list, topics[topic], partition).pointee.offset = Int64(
          RD_KAFKA_OFFSET_BEGINNING)
      }
      error = rd_kafka_assign(client, list)
    }
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw ClientError(error, doing: "subscribe") }
  }

  deinit { close() }

  /// Waits up to `timeoutMilliseconds` for up to a thousand records.
  public func poll(timeoutMilliseconds: Int32) -> Batch {
    var batch = Batch()
    let capacity = messages.count
    let count = messages.withUnsafeMutableBufferPointer {
      rd_kafka_consume_batch_queue(queue, timeoutMilliseconds, $0.baseAddress, capacity)
    }
    guard count > 0 else { return batch }
    for index in 0..<Int(count) {
      guard let message = messages[index] else { continue }
      take(message, into: &batch)
      rd_kafka_message_destroy(message)
    }
    return batch
  }

  /// Leaves the group, commits what was read. Blocks.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    rd_kafka_queue_destroy(queue)
    rd_kafka_consumer_close(client)
    rd_kafka_destroy(client)
  }

  private func take(_ message: UnsafeMutablePointer<rd_kafka_message_t>, into batch: inout Batch) {
    let error = message.pointee.err
    let topic = index(of: message.pointee.rkt)
    if error == RD_KAFKA_RESP_ERR_NO_ERROR, let topic {
      batch.records.append(
        ConsumedRecord(
          topic: topic, partition: message.pointee.partition, offset: message.pointee.offset,
          key: bytes(message.pointee.key, message.pointee.key_len),
          value: bytes(message.pointee.payload, message.pointee.len), headers: wantsHeaders ? headers(message) : []))
    } else if error == RD_KAFKA_RESP_ERR__PARTITION_EOF, let topic {
      batch.ends.append((topic, message.pointee.partition))
    } else if error != RD_KAFKA_RESP_ERR_NO_ERROR {
      batch.errors.append(ClientError(error, doing: "consume"))
    }
  }

  private func index(of topic: OpaquePointer?) -> Int? {
    guard let topic, let name = rd_kafka_topic_name(topic) else { return nil }
    let text = String(cString: name)
    return topics.firstIndex(of: text)
  }

  private func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8] {
    guard let start, count > 0 else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }

  private func headers(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> [ConsumedRecord.Header] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    var result: [ConsumedRecord.Header] = []
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(list, result.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
      let found = name
    {
      result.append(ConsumedRecord.Header(name: String(cString: found), value: bytes(value, size)))
    }
    return result
  }
}
