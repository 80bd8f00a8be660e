import Controller
import Records

/// A topic's settings as this broker's file and Kafka's defaults have them.
enum TopicSettings {
  /// Kafka 4.3's defaults by name; `min.insync.replicas` comes from the broker's setting.
  static let defaults: [(name: String, kind: BrokerSetting.Kind, standard: String)] = [
    ("cleanup.policy", .list, "delete"),
    ("compression.type", .string, "producer"),
    ("delete.retention.ms", .long, "86400000"),
    ("file.delete.delay.ms", .long, "60000"),
    ("flush.messages", .long, "9223372036854775807"),
    ("flush.ms", .long, "9223372036854775807"),
    ("index.interval.bytes", .int, "4096"),
    ("max.compaction.lag.ms", .long, "9223372036854775807"),
    ("max.message.bytes", .int, "1048588"),
    ("message.timestamp.after.max.ms", .long, "3600000"),
    ("message.timestamp.before.max.ms", .long, "9223372036854775807"),
    ("message.timestamp.type", .string, "CreateTime"),
    ("min.cleanable.dirty.ratio", .double, "0.5"),
    ("min.compaction.lag.ms", .long, "0"),
    ("min.insync.replicas", .int, "1"),
    ("preallocate", .boolean, "false"),
    ("retention.bytes", .long, "-1"),
    ("retention.ms", .long, "604800000"),
    ("segment.bytes", .int, "1073741824"),
    ("segment.index.bytes", .int, "10485760"),
    ("segment.jitter.ms", .long, "0"),
    ("segment.ms", .long, "604800000"),
    ("unclean.leader.election.enable", .boolean, "false"),
  ]

  /// Settings of a topic that are checked, kept and shown, and change nothing, with the reason; said once for each topic.
  static let withoutEffect: [(name: String, reason: String)] = [
    ("preallocate", "segments grow as they are written"),
    ("file.delete.delay.ms", "files go at once, as soon as no reader holds them"),
    ("compression.gzip.level", "the library's own level is used"),
    ("compression.lz4.level", "the library's own level is used"),
    ("compression.zstd.level", "the library's own level is used"),
    ("remote.storage.enable", "there is no tiered storage"),
    ("local.retention.ms", "there is no tiered storage"),
    ("local.retention.bytes", "there is no tiered storage"),
    ("leader.replication.throttled.replicas", "replication is not throttled"),
    ("follower.replication.throttled.replicas", "replication is not throttled"),
  ]

  static func standard(_ name: String) -> String? { defaults.first { $0.name == name }?.standard }

  /// What `compression.type` asks for; nil for `producer`.
  static func codec(_ name: String?) -> CompressionCodec? {
    switch name {
    case "uncompressed": CompressionCodec.none
    case "gzip": .gzip
    case "snappy": .snappy
    case "lz4": .lz4
    case "zstd": .zstd
    default: nil
    }
  }

  /// What the broker's file, or this broker's own default, says for a topic's setting; nil when it says nothing.
  static func fromFile(_ name: String, _ configuration: BrokerConfiguration) -> String? {
    switch name {
    case "retention.ms":
      if let value = configuration.string("log.retention.ms") { return value }
      if let minutes = configuration.string("log.retention.minutes").flatMap({ Int64($0) }) {
        return "\(minutes * 60_000)"
      }
      return configuration.string("log.retention.hours").flatMap { Int64($0) }.map {
        $0 < 0 ? "-1" : "\($0 * 3_600_000)"
      }
    case "segment.ms":
      if let value = configuration.string("log.roll.ms") { return value }
      return configuration.string("log.roll.hours").flatMap { Int64($0) }.map { "\($0 * 3_600_000)" }
    default:
      return TopicConfigRules.brokerSynonym(of: name).flatMap { configuration.string($0) }
    }
  }
}
