/// What a topic's settings may be: Kafka 4.3's 33 public ones with their types and ranges.
public enum TopicConfigRules {
  public enum Rule: Sendable {
    case int(ClosedRange<Int64>)
    case long(ClosedRange<Int64>)
    /// A whole number in a range, or this one besides it.
    case intOr(ClosedRange<Int64>, Int64)
    case double(ClosedRange<Double>)
    case boolean
    case oneOf([String])
    /// A comma-separated list of these.
    case listOf([String])
    /// `partition:broker` pairs, or `*`.
    case throttledReplicas
  }

  private static let int32Max = Int64(Int32.max)
  private static let int64 = Int64.min...Int64.max

  /// The rule of a setting; nil when there is no such setting of a topic.
  public static func rule(_ name: String) -> Rule? {
    switch name {
    case "cleanup.policy": .listOf(["compact", "delete"])
    case "compression.gzip.level": .intOr(1...9, -1)
    case "compression.lz4.level": .int(1...17)
    case "compression.type": .oneOf(["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"])
    case "compression.zstd.level": .int(-131072...22)
    case "delete.retention.ms", "file.delete.delay.ms", "flush.ms", "message.timestamp.after.max.ms",
      "message.timestamp.before.max.ms", "min.compaction.lag.ms", "segment.jitter.ms":
      .long(0...Int64.max)
    case "flush.messages", "max.compaction.lag.ms", "segment.ms": .long(1...Int64.max)
    case "index.interval.bytes", "max.message.bytes": .int(0...int32Max)
    case "local.retention.bytes", "local.retention.ms": .long(-2...Int64.max)
    case "message.timestamp.type": .oneOf(["CreateTime", "LogAppendTime"])
    case "min.cleanable.dirty.ratio": .double(0...1)
    case "min.insync.replicas": .int(1...int32Max)
    case "preallocate", "remote.log.copy.disable", "remote.log.delete.on.disable", "remote.storage.enable",
      "unclean.leader.election.enable":
      .boolean
    case "retention.bytes": .long(int64)
    case "retention.ms": .long(-1...Int64.max)
    case "segment.bytes": .int(1_048_576...int32Max)
    case "segment.index.bytes": .int(4...int32Max)
    case "follower.replication.throttled.replicas", "leader.replication.throttled.replicas": .throttledReplicas
    default: nil
    }
  }

  /// The broker setting that stands in for a topic's, when it can be set in the metadata.
  public static func brokerSynonym(of name: String) -> String? {
    switch name {
    case "segment.bytes": "log.segment.bytes"
    case "segment.ms": "log.roll.ms"
    case "segment.jitter.ms": "log.roll.jitter.ms"
    case "segment.index.bytes": "log.index.size.max.bytes"
    case "flush.messages": "log.flush.interval.messages"
    case "flush.ms": "log.flush.interval.ms"
    case "retention.bytes": "log.retention.bytes"
    case "retention.ms": "log.retention.ms"
    case "max.message.bytes": "message.max.bytes"
    case "index.interval.bytes": "log.index.interval.bytes"
    case "delete.retention.ms": "log.cleaner.delete.retention.ms"
    case "min.compaction.lag.ms": "log.cleaner.min.compaction.lag.ms"
    case "max.compaction.lag.ms": "log.cleaner.max.compaction.lag.ms"
    case "file.delete.delay.ms": "log.segment.delete.delay.ms"
    case "min.cleanable.dirty.ratio": "log.cleaner.min.cleanable.ratio"
    case "cleanup.policy": "log.cleanup.policy"
    case "unclean.leader.election.enable", "min.insync.replicas", "compression.type", "compression.gzip.level",
      "compression.lz4.level", "compression.zstd.level":
      name
    case "preallocate": "log.preallocate"
    case "message.timestamp.type": "log.message.timestamp.type"
    case "message.timestamp.before.max.ms": "log.message.timestamp.before.max.ms"
    case "message.timestamp.after.max.ms": "log.message.timestamp.after.max.ms"
    case "local.retention.ms": "log.local.retention.ms"
    case "local.retention.bytes": "log.local.retention.bytes"
    default: nil
    }
  }

  /// Why a value is not allowed; nil when it is.
  public static func problem(_ name: String, _ value: String) -> String? {
    guard let rule = rule(name) else { return "Unknown topic config name: \(name)" }
    let trimmed = trim(value)
    let ok: Bool =
      switch rule {
      case .int(let range): Int32(trimmed).map { range.contains(Int64($0)) } ?? false
      case .long(let range): Int64(trimmed).map { range.contains($0) } ?? false
      case .intOr(let range, let other):
        Int32(trimmed).map { range.contains(Int64($0)) || Int64($0) == other } ?? false
      case .double(let range): Double(trimmed).map { range.contains($0) } ?? false
      case .boolean: ["true", "false"].contains(trimmed.lowercased())
      case .oneOf(let values): values.contains(trimmed)
      case .listOf(let values):
        list(trimmed).allSatisfy { values.contains($0) } && Set(list(trimmed)).count == list(trimmed).count
      case .throttledReplicas: trimmed == "*" || list(trimmed).allSatisfy(isReplicaPair)
      }
    return ok ? nil : "Invalid value \(value) for configuration \(name)"
  }

  static func list(_ value: String) -> [String] {
    trim(value).isEmpty ? [] : value.split(separator: ",", omittingEmptySubsequences: false).map { trim(String($0)) }
  }

  private static func isReplicaPair(_ text: String) -> Bool {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    return parts.count == 2 && parts.allSatisfy { Int32($0).map { $0 >= 0 } ?? false }
  }

  static func trim(_ text: String) -> String {
    var slice = Substring(text)
    while slice.first?.isWhitespace == true { slice.removeFirst() }
    while slice.last?.isWhitespace == true { slice.removeLast() }
    return String(slice)
  }
}
