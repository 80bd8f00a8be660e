import CommitLog
import Controller
import EventLoop
import Primitives

/// The partitions' logs of this node on disk: opened at start, made and removed as the metadata says, checkpointed.
final class LogStore {
  let directory: LogDirectory
  private let files: any FileSystem
  private let configuration: BrokerConfiguration
  private let log: Logger
  private let wasCleanShutdown: Bool
  private var recoveryPoints: [TopicPartition: Offset] = [:]
  private var logStarts: [TopicPartition: Offset] = [:]
  /// Logs found at start that no partition has claimed yet.
  private var unclaimed: [TopicIDPartition: (name: TopicPartition, log: PartitionLog)] = [:]
  private(set) var open: [TopicPartition: PartitionLog] = [:]
  private var highWatermarks: [TopicPartition: Offset] = [:]
  private var areHighWatermarksDirty = false
  /// The recovery points as they were written last: only one that falls below these must be written at once.
  private var storedRecoveryPoints: [TopicPartition: Offset] = [:]
  private var storedLogStarts: [TopicPartition: Offset] = [:]
  /// High watermarks as they were checkpointed last: where a restarted replica begins to count.
  private(set) var storedHighWatermarks: [TopicPartition: Offset] = [:]
  /// Partitions that have a row in the file of high watermarks.
  private var withStoredHighWatermark: Set<TopicPartition> = []
  private var nextCheckpoint = Instant.zero
  private var nextHighWatermarkCheckpoint = Instant.zero
  private var nextLogStartCheckpoint = Instant.zero
  private var nextRetention = Instant.zero
  private var random: RandomSource
  private var removals: [(due: Instant, folder: String)] = []
  private var isClosed = false
  /// The loop that this store belongs to, for what is done elsewhere.
  weak var loop: EventLoop?

  init(
    directory: LogDirectory, files: any FileSystem, configuration: BrokerConfiguration, wasCleanShutdown: Bool,
    random: RandomSource, log: Logger
  ) {
    self.directory = directory
    self.files = files
    self.configuration = configuration
    self.wasCleanShutdown = wasCleanShutdown
    self.random = random
    self.log = log
  }

  /// Opens every log that is there, recovering those that were not closed in order.
  func load(wallClock: Int64) throws(LogError) {
    recoveryPoints = try checkpoint(.recoveryPoint)
    logStarts = try checkpoint(.logStart)
    storedHighWatermarks = try checkpoint(.replication)
    withStoredHighWatermark = Set(storedHighWatermarks.keys)
    storedRecoveryPoints = recoveryPoints
    let cleaned = try checkpoint(.cleaner)
    storedLogStarts = logStarts
    var count = 0
    var scanned = 0
    for folder in try directory.partitions() {
      switch folder.state {
      case .deleted: try directory.removeFolder(named: folder.name)
      case .other: continue
      case .live:
        guard let topic = folder.topicID else {
          log.warn("partition folder without a topic id is left alone", "folder=\(folder.name)")
          continue
        }
        if folder.partition.topic == QuorumWire.topic { continue }
        let opened = try openLog(folder.partition, config: LogConfig(), wallClock: wallClock)
        unclaimed[TopicIDPartition(topic, folder.partition.partition)] = (folder.partition, opened)
        opened.cleanedUpTo = min(cleaned[folder.partition] ?? .zero, opened.logEndOffset)
        highWatermarks[folder.partition] = storedHighWatermarks[folder.partition]
        scanned += opened.recoveredBytes
        count += 1
      }
    }
    log.info("logs opened", "partitions=\(count) clean=\(wasCleanShutdown) scanned_bytes=\(scanned)")
  }

  /// A checkpoint's rows; one that is damaged counts as missing: it only saves work.
  private func checkpoint(_ kind: LogDirectory.Checkpoint) throws(LogError) -> [TopicPartition: Offset] {
    do throws(LogError) { return try directory.read(kind) } catch {
      guard case .malformedFile(let path, let reason) = error else { throw error }
      log.warn("checkpoint is damaged and not used", "file=\(path) reason=\"\(reason)\"")
      return [:]
    }
  }

  private func openLog(_ name: TopicPartition, config: LogConfig, wallClock: Int64) throws(LogError) -> PartitionLog {
    let opened = try PartitionLog.open(
      directory: directory.folder(of: name), config: config, fileSystem: files,
      recoveryPoint: recoveryPoints[name] ?? .zero, logStartOffset: logStarts[name],
      wasCleanShutdown: wasCleanShutdown, now: wallClock)
    open[name] = opened
    return opened
  }

  /// The log of a partition as it was found at start; nil when there was none.
  func claim(_ id: TopicIDPartition, config: LogConfig) -> PartitionLog? {
    let found = unclaimed.removeValue(forKey: id)
    found?.log.config = config
    return found?.log
  }

  /// Makes room for the log of a new partition and says how to make it.
  func plan(_ id: TopicIDPartition, topic: String, config: LogConfig) -> NewLog {
    let name = TopicPartition(topic, id.partition)
    // A log of an earlier topic of that name makes room.
    if let stale = unclaimed.first(where: { $0.value.name == name }) {
      unclaimed[stale.key] = nil
      remove(stale.value.log, id: stale.key, name: name)
    }
    recoveryPoints[name] = nil
    logStarts[name] = nil
    // What the files say of an earlier log of that name must not be taken for this one's after a crash.
    if storedRecoveryPoints[name] != nil { writeRecoveryPoints(durable: true) }
    if storedLogStarts[name] != nil { writeLogStarts(durable: true) }
    storedHighWatermarks[name] = nil
    if withStoredHighWatermark.contains(name) { writeHighWatermarks(durable: true) }
    return NewLog(id: id, name: name, config: config, directory: directory, files: files)
  }

  /// A log that was made as planned is this store's from now on.
  func adopt(_ log: PartitionLog, name: TopicPartition) { open[name] = log }

  /// Renames the folder at once; its files go a little later, off the loop. Should a loss of power undo the renaming, the
  /// log is one that the metadata does not know.
  func remove(_ partition: PartitionLog, id: TopicIDPartition, name: TopicPartition) {
    open[name] = nil
    highWatermarks[name] = nil
    do throws(LogError) {
      try partition.close(clean: false)
      let folder = try directory.markDeleted(name, unique: UUID128.random(using: &random), durable: false)
      removals.append((now + .seconds(1), folder))
    } catch {
      log.error("log cannot be removed", "partition=\(name) reason=\"\(error)\"")
    }
  }

  private func removeFolders(_ folders: [String]) {
    let work = FolderRemoval(directory: directory, folders: folders)
    guard let loop else { return }
    let log = log
    loop.offload {
      work.perform()
    } then: { failures in
      for (folder, reason) in failures { log.warn("folder cannot be removed", "folder=\(folder) reason=\"\(reason)\"") }
    }
  }

  /// Logs of partitions that are not this broker's: while it was away their topics were deleted, or the replicas moved.
  func removeStrays(keeping image: MetadataImage) {
    for (id, found) in unclaimed.sorted(by: { $0.key < $1.key }) {
      let registration = image.partition(id)
      if registration?.replicas.contains(configuration.nodeID) == true { continue }
      unclaimed[id] = nil
      let reason = registration == nil ? "its topic was deleted" : "its replica moved away"
      log.info("log removed", "partition=\(found.name) reason=\"\(reason)\"")
      remove(found.log, id: id, name: found.name)
    }
  }

  func noteHighWatermark(_ offset: Offset, of name: TopicPartition) {
    highWatermarks[name] = offset
    areHighWatermarksDirty = true
  }

  // MARK: from time to time

  private var now: Instant = .zero

  func tick(at moment: Instant, wallClock: Int64) {
    now = moment
    let due = removals.prefix { $0.due <= moment }.map(\.folder)
    if !due.isEmpty {
      removals.removeFirst(due.count)
      removeFolders(due)
    }
    if moment >= nextHighWatermarkCheckpoint {
      nextHighWatermarkCheckpoint = moment + configuration.span("replica.high.watermark.checkpoint.interval.ms")
      if areHighWatermarksDirty { writeHighWatermarks(durable: false) }
      areHighWatermarksDirty = false
    }
    if moment >= nextCheckpoint {
      nextCheckpoint = moment + configuration.span("log.flush.offset.checkpoint.interval.ms")
      writeRecoveryPoints(durable: false)
      if open.values.contains(where: { $0.cleanedUpTo > .zero }) { write(.cleaner, cleanedOffsets) }
    }
    if moment >= nextLogStartCheckpoint {
      nextLogStartCheckpoint = moment + configuration.span("log.flush.start.offset.checkpoint.interval.ms")
      writeLogStarts(durable: false)
    }
    if moment >= nextRetention {
      if nextRetention > .zero { retain(wallClock) }
      nextRetention = moment + configuration.span("log.retention.check.interval.ms")
    }
  }

  /// After a log was cut: a recovery point that fell below the one on disk is written before anything is appended.
  func logWasCut(_ name: TopicPartition) {
    guard let log = open[name], log.recoveryPoint < storedRecoveryPoints[name] ?? .zero else { return }
    writeRecoveryPoints(durable: true)
  }

  /// A crash may bring back what was cut and is not durably gone: no high watermark that is stored lies behind such a cut.
  private var highWatermarksToStore: [TopicPartition: Offset] {
    var stored = highWatermarks
    for (name, partition) in open {
      if let cut = partition.unflushedCut, let known = stored[name], known > cut { stored[name] = cut }
    }
    return stored
  }

  private func writeRecoveryPoints(durable: Bool) {
    storedRecoveryPoints = open.mapValues(\.recoveryPoint)
    write(.recoveryPoint, storedRecoveryPoints, durable: durable)
  }

  private func writeHighWatermarks(durable: Bool) {
    let offsets = highWatermarksToStore
    withStoredHighWatermark = Set(offsets.keys)
    write(.replication, offsets, durable: durable)
  }

  private var cleanedOffsets: [TopicPartition: Offset] {
    open.compactMapValues { $0.config.compacts && $0.cleanedUpTo > .zero ? $0.cleanedUpTo : nil }
  }

  private func writeLogStarts(durable: Bool) {
    storedLogStarts = logStartOffsets
    write(.logStart, storedLogStarts, durable: durable)
  }

  /// As in Kafka only where records were deleted below the first segment's end; else the first segment's name says it.
  private var logStartOffsets: [TopicPartition: Offset] {
    open.compactMapValues { log in
      log.logStartOffset > log.segmentBaseOffsets.first ?? .zero ? log.logStartOffset : nil
    }
  }

  private func write(
    _ kind: LogDirectory.Checkpoint, _ offsets: [TopicPartition: Offset], durable: Bool = false
  ) {
    guard !isClosed else { return }
    // A sync on this loop would hold up everybody. What a loss of power takes back is a lower bound, and that is safe:
    // only after a cut must the new, smaller recovery point be the one that is found.
    do throws(LogError) { try directory.write(kind, offsets, durable: durable) } catch {
      log.error("checkpoint cannot be written", "kind=\(kind) reason=\"\(error)\"")
    }
  }

  private func retain(_ wallClock: Int64) {
    for (name, partition) in open.sorted(by: { $0.key < $1.key }) {
      let highWatermark = highWatermarks[name] ?? partition.logStartOffset
      partition.expireProducers(now: wallClock)
      do throws(LogError) {
        if partition.config.deletes {
          let removed = try partition.deleteOldSegments(now: wallClock, highWatermark: highWatermark)
          if removed > 0 { log.info("old segments removed", "partition=\(name) segments=\(removed)") }
        }
        if partition.config.compacts {
          let saved = try partition.compact(now: wallClock, upTo: highWatermark)
          if saved > 0 { log.info("log compacted", "partition=\(name) bytes_saved=\(saved)") }
        }
      } catch {
        log.error("retention failed", "partition=\(name) reason=\"\(error)\"")
      }
    }
  }

  /// Closes every log in order and, if none failed, leaves the mark of a clean stop; then runs `done`.
  ///
  /// The syncs are what takes long, and several at a time share the file system's work: the logs are closed by four
  /// threads, as nobody uses them any more. One with a sync under way belongs to the loop until that has ended.
  func close(brokerEpoch: BrokerEpoch, done: @escaping () -> Void) {
    isClosed = true
    guard let loop else { return done() }
    let logs = open.sorted { $0.key < $1.key }.map { (name: $0.key, log: $0.value) }
    let here = LogClosing(logs: logs.filter(\.log.isFlushing))
    let elsewhere = logs.filter { !$0.log.isFlushing }
    var failures = here.perform()
    var left = Self.closingThreads
    for thread in 0..<left {
      let share = stride(from: thread, to: elsewhere.count, by: Self.closingThreads).map { elsewhere[$0] }
      let closing = LogClosing(logs: share)
      loop.offload {
        closing.perform()
      } then: { failed in
        failures += failed
        left -= 1
        guard left == 0 else { return }
        self.finishClosing(brokerEpoch, failures)
        done()
      }
    }
  }

  private static let closingThreads = 4

  private func finishClosing(_ brokerEpoch: BrokerEpoch, _ failures: [(name: TopicPartition, error: LogError)]) {
    for (name, error) in failures {
      log.error("log not closed in order", "partition=\(name) reason=\"\(error)\"")
    }
    do throws(LogError) {
      try directory.write(.recoveryPoint, open.mapValues(\.recoveryPoint))
      try directory.write(.logStart, logStartOffsets)
      try directory.write(.cleaner, cleanedOffsets)
      try directory.write(.replication, highWatermarksToStore)
      if failures.isEmpty { try directory.markCleanShutdown(brokerEpoch: brokerEpoch) }
    } catch {
      log.error("no mark of a clean stop", "reason=\"\(error)\"")
    }
  }
}

/// Logs that are closed on a thread of their own: unchecked, for their loop has let go of them.
private struct LogClosing: @unchecked Sendable {
  let logs: [(name: TopicPartition, log: PartitionLog)]

  /// Those that could not be closed in order.
  func perform() -> [(name: TopicPartition, error: LogError)] {
    logs.compactMap { name, log in
      do throws(LogError) {
        try log.close(clean: true)
        return nil
      } catch {
        return (name, error)
      }
    }
  }
}
