/// A setting that this broker honours: Kafka's name, its type and its default here.
struct BrokerSetting: Sendable {
  enum Kind: String, Sendable { case boolean, string, int, short, long, double, list }

  let name: String
  let kind: Kind
  /// Nil when there is none.
  let standard: String?

  private init(_ name: String, _ kind: Kind, _ standard: String?) {
    self.name = name
    self.kind = kind
    self.standard = standard
  }

  /// All of them, by name. Defaults are Kafka's but for those that `docs/operations.md` lists with their reasons.
  static let all: [BrokerSetting] = [
    BrokerSetting("advertised.listeners", .list, nil),
    BrokerSetting("auto.create.topics.enable", .boolean, "true"),
    BrokerSetting("broker.heartbeat.interval.ms", .int, "250"),
    BrokerSetting("broker.id", .int, nil),
    BrokerSetting("broker.rack", .string, nil),
    BrokerSetting("broker.session.timeout.ms", .int, "1500"),
    BrokerSetting("cluster.id", .string, nil),
    BrokerSetting("compression.gzip.level", .int, "-1"),
    BrokerSetting("compression.lz4.level", .int, "9"),
    BrokerSetting("compression.type", .string, "producer"),
    BrokerSetting("compression.zstd.level", .int, "3"),
    BrokerSetting("connections.max.idle.ms", .long, "600000"),
    BrokerSetting("controlled.shutdown.enable", .boolean, "true"),
    BrokerSetting("controller.listener.names", .list, "CONTROLLER"),
    BrokerSetting("controller.quorum.election.backoff.max.ms", .int, "200"),
    BrokerSetting("controller.quorum.election.timeout.ms", .int, "400"),
    BrokerSetting("controller.quorum.fetch.timeout.ms", .int, "2000"),
    BrokerSetting("controller.quorum.request.timeout.ms", .int, "2000"),
    BrokerSetting("controller.quorum.voters", .list, nil),
    BrokerSetting("default.replication.factor", .int, "3"),
    BrokerSetting("delete.topic.enable", .boolean, "true"),
    BrokerSetting("fetch.max.bytes", .int, "57671680"),
    BrokerSetting("group.initial.rebalance.delay.ms", .int, "0"),
    BrokerSetting("group.max.session.timeout.ms", .int, "1800000"),
    BrokerSetting("group.max.size", .int, "2147483647"),
    BrokerSetting("group.min.session.timeout.ms", .int, "6000"),
    BrokerSetting("inter.broker.listener.name", .string, nil),
    BrokerSetting("leader.imbalance.check.interval.seconds", .long, "5"),
    BrokerSetting("auto.leader.rebalance.enable", .boolean, "true"),
    BrokerSetting("listener.security.protocol.map", .list, nil),
    BrokerSetting("listeners", .list, "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9192"),
    BrokerSetting("log.cleanup.policy", .list, "delete"),
    BrokerSetting("log.cleaner.delete.retention.ms", .long, "86400000"),
    BrokerSetting("log.cleaner.max.compaction.lag.ms", .long, "9223372036854775807"),
    BrokerSetting("log.cleaner.min.cleanable.ratio", .double, "0.5"),
    BrokerSetting("log.cleaner.min.compaction.lag.ms", .long, "0"),
    BrokerSetting("log.dir", .string, nil),
    BrokerSetting("log.dirs", .list, nil),
    BrokerSetting("log.flush.interval.messages", .long, "9223372036854775807"),
    BrokerSetting("log.flush.interval.ms", .long, nil),
    BrokerSetting("log.flush.offset.checkpoint.interval.ms", .int, "60000"),
    BrokerSetting("log.flush.start.offset.checkpoint.interval.ms", .int, "60000"),
    BrokerSetting("log.index.interval.bytes", .int, "4096"),
    BrokerSetting("log.level", .string, "info"),
    BrokerSetting("log.message.timestamp.after.max.ms", .long, "3600000"),
    BrokerSetting("log.message.timestamp.before.max.ms", .long, "9223372036854775807"),
    BrokerSetting("log.message.timestamp.type", .string, "CreateTime"),
    BrokerSetting("log.preallocate", .boolean, "false"),
    BrokerSetting("log.retention.bytes", .long, "-1"),
    BrokerSetting("log.retention.check.interval.ms", .long, "300000"),
    BrokerSetting("log.retention.hours", .int, "168"),
    BrokerSetting("log.retention.minutes", .int, nil),
    BrokerSetting("log.retention.ms", .long, nil),
    BrokerSetting("log.roll.hours", .int, "168"),
    BrokerSetting("log.roll.jitter.ms", .long, "0"),
    BrokerSetting("log.roll.ms", .long, nil),
    BrokerSetting("log.segment.bytes", .int, "1073741824"),
    BrokerSetting("log.segment.delete.delay.ms", .long, "60000"),
    BrokerSetting("max.incremental.fetch.session.cache.slots", .int, "1000"),
    BrokerSetting("message.max.bytes", .int, "1048588"),
    BrokerSetting("metadata.log.max.record.bytes.between.snapshots", .long, "20971520"),
    BrokerSetting("metadata.max.idle.interval.ms", .int, "500"),
    BrokerSetting("min.insync.replicas", .int, "2"),
    BrokerSetting("node.id", .int, nil),
    BrokerSetting("num.partitions", .int, "3"),
    BrokerSetting("offset.metadata.max.bytes", .int, "4096"),
    BrokerSetting("offsets.retention.check.interval.ms", .long, "600000"),
    BrokerSetting("offsets.retention.minutes", .int, "10080"),
    BrokerSetting("offsets.topic.num.partitions", .int, "50"),
    BrokerSetting("offsets.topic.replication.factor", .short, "3"),
    BrokerSetting("offsets.topic.segment.bytes", .int, "104857600"),
    BrokerSetting("process.roles", .list, "broker,controller"),
    BrokerSetting("producer.id.expiration.ms", .int, "86400000"),
    BrokerSetting("replica.fetch.backoff.ms", .int, "50"),
    BrokerSetting("replica.fetch.max.bytes", .int, "1048576"),
    BrokerSetting("replica.fetch.min.bytes", .int, "1"),
    BrokerSetting("replica.fetch.response.max.bytes", .int, "10485760"),
    BrokerSetting("replica.fetch.wait.max.ms", .int, "500"),
    BrokerSetting("replica.high.watermark.checkpoint.interval.ms", .long, "5000"),
    BrokerSetting("replica.lag.time.max.ms", .long, "5000"),
    BrokerSetting("replica.selector.class", .string, nil),
    BrokerSetting("socket.request.max.bytes", .int, "104857600"),
    BrokerSetting("streamsocial.metrics.listener", .string, nil),
    BrokerSetting("unclean.leader.election.enable", .boolean, "false"),
  ]

  /// Settings that are known, checked and shown, and change nothing; said at the start when the file has them.
  static let withoutEffect: [String: String] = [
    "log.preallocate": "segments grow as they are written",
    "log.segment.delete.delay.ms": "files of deleted segments go at once, as soon as no reader holds them",
    "compression.gzip.level": "the library's own level is used",
    "compression.lz4.level": "the library's own level is used",
    "compression.zstd.level": "the library's own level is used",
  ]

  static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

  /// What is wrong with a value, in words; nil when it is fine.
  func problem(with value: String) -> String? {
    switch kind {
    case .boolean: return ["true", "false"].contains(value.lowercased()) ? nil : "must be true or false"
    case .int: return Int32(value) != nil ? nil : "must be a 32-bit number"
    case .short: return Int16(value) != nil ? nil : "must be a 16-bit number"
    case .long: return Int64(value) != nil ? nil : "must be a 64-bit number"
    case .double: return Double(value) != nil ? nil : "must be a number"
    case .string, .list: return nil
    }
  }
}
