import Primitives
import Records

/// One partition's log on disk, in Kafka's files: segments with their indexes, leader epochs, producer state.
///
/// Owned by one thread; every call is synchronous and appends only to the page cache: call ``flush()`` where durability
/// is promised. After a ``LogError/file(_:)`` from a write the log refuses everything: it must be closed and opened anew.
public final class PartitionLog {
  public let directory: String
  public var config: LogConfig
  /// The first offset that readers may ask for.
  public private(set) var logStartOffset: Offset = .zero
  /// The offset that the next record gets.
  public private(set) var logEndOffset: Offset = .zero
  /// Everything below is durable.
  public private(set) var recoveryPoint: Offset = .zero
  public private(set) var epochs = EpochCache()
  public private(set) var producers = ProducerStateTable()
  /// Bytes of all `.log` files.
  public private(set) var sizeInBytes = 0

  init(directory: String, config: LogConfig) {
    self.directory = directory
    self.config = config
  }

  /// Opens a partition's folder, creating it when absent.
  ///
  /// After an unclean stop everything from the recovery point on is read, verified and, at the first bad byte, cut off;
  /// indexes, epochs and producer state are rebuilt. A bad batch below the recovery point is damage, not a torn tail:
  /// ``LogError/damaged(segment:position:reason:)``, and nothing is changed.
  ///
  /// - Parameters:
  ///   - recoveryPoint: from `recovery-point-offset-checkpoint`; 0 when unknown.
  ///   - logStartOffset: from `log-start-offset-checkpoint`; nil for the first segment's base.
  ///   - wasCleanShutdown: whether `.kafka_cleanshutdown` was there.
  ///   - now: wall clock, milliseconds since 1970.
  public static func open(
    directory: String, config: LogConfig, fileSystem: any FileSystem, recoveryPoint: Offset, logStartOffset: Offset?,
    wasCleanShutdown: Bool, now: Int64
  ) throws(LogError) -> PartitionLog { throw .failed }

  /// The epoch of the newest entry of the epoch cache.
  public var latestEpoch: LeaderEpoch? { epochs.latest }
  /// The largest epoch at most `epoch` and its end; nil when it cannot be told.
  public func endOffset(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)? {
    epochs.endOffset(for: epoch, logEndOffset: logEndOffset)
  }

  /// A leader's append: stamps offsets and `leaderEpoch` into the batches, which were validated, and writes them in one
  /// call. `now` in milliseconds since 1970.
  public func append(
    _ batches: UnsafeMutableRawBufferPointer, leaderEpoch: LeaderEpoch, now: Int64
  ) throws(LogError) -> AppendResult { throw .failed }

  /// A new leader's first act: notes that `epoch` begins at the log's end.
  public func beginEpoch(_ epoch: LeaderEpoch) throws(LogError) {}

  /// A follower's append: batches as the leader has them, whose checksums are verified here.
  public func appendAsFollower(
    _ batches: UnsafeRawBufferPointer, now: Int64
  ) throws(LogError) -> AppendResult { throw .failed }

  /// Whole batches from the one that contains `from`, ending below `upTo`; nil when there is nothing.
  public func locate(
    from: Offset, maxBytes: Int, upTo: Offset, minOneBatch: Bool
  ) throws(LogError) -> LogSlice? { throw .failed }

  /// Drops everything from `offset` on, or from the batch that contains it.
  public func truncate(to offset: Offset) throws(LogError) {}
  /// Drops everything and begins anew at `offset`.
  public func truncateFully(startingAt offset: Offset) throws(LogError) {}
  /// Makes records below `offset` invisible; their segments go with ``deleteOldSegments(now:highWatermark:)``.
  public func advanceLogStart(to offset: Offset) throws(LogError) {}
  /// Makes everything appended durable and moves the recovery point to the log's end.
  public func flush() throws(LogError) {}
  /// The first record whose timestamp is at least `timestamp`.
  public func offset(forTimestamp timestamp: Int64) throws(LogError) -> TimestampedOffset? { throw .failed }
  /// The record with the largest timestamp (ListOffsets −3).
  public func maxTimestampOffset() throws(LogError) -> TimestampedOffset? { throw .failed }
  /// What read_committed consumers may read up to.
  public func lastStableOffset(highWatermark: Offset) -> Offset {
    min(highWatermark, producers.firstUnstableOffset(highWatermark: highWatermark) ?? highWatermark)
  }
  /// Retention by time, by size and below the log's start; returns how many segments went.
  public func deleteOldSegments(now: Int64, highWatermark: Offset) throws(LogError) -> Int { throw .failed }
  /// Keeps the last value of each key in all closed segments below `upTo`. Returns the bytes saved.
  public func compact(now: Int64, upTo: Offset) throws(LogError) -> Int { throw .failed }
  /// Aborted transactions that overlap `from..<to`.
  public func abortedTransactions(from: Offset, to: Offset) throws(LogError) -> [AbortedTransaction] { throw .failed }
  /// Ends the log's use; when `clean`, flushes and writes a producer snapshot.
  public func close(clean: Bool) throws(LogError) {}
  /// Removes all files and the folder.
  public func delete() throws(LogError) {}
}
