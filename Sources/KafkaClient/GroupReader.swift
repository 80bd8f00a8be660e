import CRDKafka

/// A member of a consumer group for hands and scripts (librdkafka): whole records, nulls and headers told apart, and
/// only what the caller marked as done is committed. Used by one thread at a time, which also closes it.
public final class GroupReader {
  public struct Record: Sendable {
    public var topic: String
    public var partition: Int32
    public var offset: Int64
    /// Milliseconds since 1970; −1 when the record has none.
    public var timestamp: Int64
    public var key: [UInt8]?
    public var value: [UInt8]?
    public var headers: [(name: [UInt8], value: [UInt8]?)]
  }

  public enum Event {
    case record(Record)
    /// All that is there of every assigned partition was read.
    case atEnd
    /// librdkafka complains and goes on by itself.
    case trouble(ClientError)
    case nothing
  }

  private let client: OpaquePointer
  private var ended: [String: Set<Int32>] = [:]
  private var isClosed = false

  /// - Parameter fromStart: where a partition begins that the group has no offset of.
  public init(bootstrapServers: String, topic: String, group: String, fromStart: Bool, instanceID: String? = nil)
    throws(ClientError)
  {
    var settings =
      [
        ClientSetting("bootstrap.servers", bootstrapServers), ClientSetting("client.id", "streamsocial-consume"),
        ClientSetting("group.id", group), ClientSetting("enable.auto.commit", "true"),
        ClientSetting("auto.commit.interval.ms", "1000"), ClientSetting("enable.auto.offset.store", "false"),
        ClientSetting("auto.offset.reset", fromStart ? "earliest" : "latest"),
        ClientSetting("enable.partition.eof", "true"), ClientSetting("check.crcs", "true"),
        ClientSetting("session.timeout.ms", "10000"),
      ] + Producer.quickRecovery
    if let instanceID { settings.append(ClientSetting("group.instance.id", instanceID)) }
    client = try ClientConfiguration.client(RD_KAFKA_CONSUMER, try ClientConfiguration.make(settings))
    rd_kafka_poll_set_consumer(client)
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, topic, -1)
    let error = rd_kafka_subscribe(client, list)
    guard error == RD_KAFKA_RESP_ERR_NO_ERROR else { throw ClientError(error, doing: "join \(group)") }
  }

  deinit { close() }

  /// Waits for the next record or event; blocks. Throws what will not get better by waiting.
  public func next(timeoutMilliseconds: Int32) throws(ClientError) -> Event {
    guard let message = rd_kafka_consumer_poll(client, timeoutMilliseconds) else { return .nothing }
    defer { rd_kafka_message_destroy(message) }
    let topic = message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? ""
    switch message.pointee.err {
    case RD_KAFKA_RESP_ERR_NO_ERROR:
      ended[topic]?.remove(message.pointee.partition)
      return .record(record(message, topic))
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
      ended[topic, default: []].insert(message.pointee.partition)
      return hasReadAll ? .atEnd : .nothing
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_INVALID_GROUP_ID,
      RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL, RD_KAFKA_RESP_ERR__FATAL:
      throw ClientError(message.pointee.err, doing: "consume")
    default: return .trouble(ClientError(message.pointee.err, doing: "consume"))
    }
  }

  /// The record was dealt with: the group's offset goes past it with the next commit.
  public func done(_ record: Record) {
    let list = rd_kafka_topic_partition_list_new(1)
    defer { rd_kafka_topic_partition_list_destroy(list) }
    rd_kafka_topic_partition_list_add(list, record.topic, record.partition).pointee.offset = record.offset + 1
    // Refused for a partition that was taken away meanwhile: its next owner reads this record again.
    _ = rd_kafka_offsets_store(client, list)
  }

  /// Commits what is done, leaves the group, ends the client. Blocks.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    rd_kafka_consumer_close(client)
    rd_kafka_destroy(client)
  }

  private var hasReadAll: Bool {
    var assigned: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    guard rd_kafka_assignment(client, &assigned) == RD_KAFKA_RESP_ERR_NO_ERROR, let assigned else { return false }
    defer { rd_kafka_topic_partition_list_destroy(assigned) }
    for index in 0..<Int(assigned.pointee.cnt) {
      let entry = assigned.pointee.elems[index]
      guard ended[String(cString: entry.topic)]?.contains(entry.partition) ?? false else { return false }
    }
    return assigned.pointee.cnt > 0
  }

  private func record(_ message: UnsafeMutablePointer<rd_kafka_message_t>, _ topic: String) -> Record {
    var kind = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
    let time = rd_kafka_message_timestamp(message, &kind)
    return Record(
      topic: topic, partition: message.pointee.partition, offset: message.pointee.offset,
      timestamp: kind == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : time,
      key: Self.bytes(message.pointee.key, message.pointee.key_len),
      value: Self.bytes(message.pointee.payload, message.pointee.len), headers: Self.headers(message))
  }

  private static func bytes(_ start: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    start.map { Array(UnsafeRawBufferPointer(start: $0, count: count)) }
  }

  private static func headers(_ message: UnsafeMutablePointer<rd_kafka_message_t>) -> [(
    name: [UInt8], value: [UInt8]?
  )] {
    var list: OpaquePointer?
    guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
    var result: [(name: [UInt8], value: [UInt8]?)] = []
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var size = 0
    while rd_kafka_header_get_all(list, result.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR,
      let found = name
    {
      result.append((Array(String(cString: found).utf8), bytes(value, size)))
    }
    return result
  }
}
