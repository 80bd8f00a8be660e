/// The settings of one partition's log, with Kafka's topic setting names and defaults. Times in milliseconds.
///
/// `file.delete.delay.ms` has no place here: files are removed at once, and open slices may still be read.
public struct LogConfig: Equatable, Sendable {
  /// `segment.bytes`.
  public var segmentBytes = 1 << 30
  /// `segment.ms`.
  public var segmentMs: Int64 = 604_800_000
  /// `segment.jitter.ms`: up to so much less than `segment.ms`, so that not all logs roll at once.
  public var segmentJitterMs: Int64 = 0
  /// `min.compaction.lag.ms`: younger records stay as they are.
  public var minCompactionLagMs: Int64 = 0
  /// `max.compaction.lag.ms`: older ones are compacted, however few they are; a segment of a compacted log ends after it.
  public var maxCompactionLagMs: Int64 = .max
  /// `min.cleanable.dirty.ratio`: the part of the log, by bytes, that must be new for a compaction to be worth it.
  public var minCleanableDirtyRatio = 0.5
  /// `segment.index.bytes`: an index of this size is full and ends its segment.
  public var segmentIndexBytes = 10 << 20
  /// `index.interval.bytes`.
  public var indexIntervalBytes = 4096
  /// `retention.ms`; −1 for ever.
  public var retentionMs: Int64 = 604_800_000
  /// `retention.bytes`; −1 without limit.
  public var retentionBytes: Int64 = -1
  /// `delete.retention.ms`: how long a tombstone stays in a compacted log.
  public var deleteRetentionMs: Int64 = 86_400_000
  /// `max.message.bytes`.
  public var maxMessageBytes = 1_048_588
  /// `cleanup.policy` contains `delete`.
  public var deletes = true
  /// `cleanup.policy` contains `compact`.
  public var compacts = false
  /// `message.timestamp.type` is `LogAppendTime`.
  public var stampsAppendTime = false
  /// `flush.messages`: unflushed records that make the log be synced.
  public var flushMessages: Int64 = .max
  /// `flush.ms`: the longest time that a record stays unsynced.
  public var flushMs: Int64 = .max
  /// `producer.id.expiration.ms`, a broker setting.
  public var producerIDExpirationMs: Int64 = 86_400_000

  public init() {}
}

/// What can go wrong in a partition's log.
public enum LogError: Error, Equatable, Sendable {
  /// The disk failed: the log is unusable until it is opened anew.
  case file(FileError)
  /// A batch that was durable is bad: nothing was cut off, the copy must come from another replica.
  case damaged(segment: Int64, position: Int, reason: String)
  /// The offset lies before the log's start or behind its end.
  case offsetOutOfRange(Int64, start: Int64, end: Int64)
  /// A follower's batch does not begin at the log's end.
  case unexpectedOffset(first: Int64, expected: Int64)
  /// Bytes handed in for appending are not whole, valid batches.
  case invalidBatch(String)
  /// A file that only we write has content that we did not.
  case malformedFile(path: String, reason: String)
  /// The directory belongs to another cluster, node or process.
  case refused(String)
  /// An earlier write or sync failed; the log takes nothing more.
  case failed
}
