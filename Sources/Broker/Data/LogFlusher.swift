import CommitLog
import EventLoop
import Primitives

/// Makes the partitions' logs durable while the broker runs, as Kafka does: what a segment's end left behind in the
/// background, and more than that only for topics that ask for it.
///
/// - A segment that ended is synced off the loop; then the recovery point stands at the next one's start, so that after a
///   kill only the active segment is scanned.
/// - `flush.messages`: once so many records are not synced, the log is synced before anything that was appended in this
///   turn of the loop is answered or, on a follower, acknowledged by its next fetch. All appends of a turn share the sync.
/// - `flush.ms`: synced off the loop once the oldest record has waited so long, give or take a tick.
///
/// A sync that fails ends the broker, through `storageFailed`.
final class LogFlusher {
  private let plane: DataPlane
  private var due: [HostedPartition] = []
  private var afterSync: [() -> Void] = []
  /// Partitions with `flush.ms` whose log has something to sync, and when.
  private var timed: [ObjectIdentifier: (due: Instant, partition: HostedPartition)] = [:]

  init(_ plane: DataPlane) { self.plane = plane }

  /// To be called after every append.
  func appended(_ partition: HostedPartition, at now: Instant) {
    let log = partition.log
    if log.hasEndedSegmentsToFlush { flush(partition, .endedSegments) }
    if log.unflushedRecords >= log.config.flushMessages {
      if due.isEmpty { plane.atEndOfTurn { [weak self] in self?.syncDue() } }
      if due.last !== partition { due.append(partition) }
    } else if log.config.flushMs < .max, timed[ObjectIdentifier(partition)] == nil {
      timed[ObjectIdentifier(partition)] = (now + .milliseconds(log.config.flushMs), partition)
    }
  }

  /// Runs `work` once what was appended to the partition in this turn is as durable as its topic asks for; false when
  /// nothing has to be waited for, and then `work` is not run.
  func isAwaited(_ partition: HostedPartition, then work: @escaping () -> Void) -> Bool {
    guard due.contains(where: { $0 === partition }) else { return false }
    afterSync.append(work)
    return true
  }

  /// Starts the flushes whose time has come.
  func tick(at now: Instant) {
    guard !timed.isEmpty else { return }
    for (key, entry) in timed where entry.due <= now {
      if flush(entry.partition, .everything) { timed[key] = nil }
    }
  }

  private func syncDue() {
    let partitions = due
    due.removeAll(keepingCapacity: true)
    for partition in partitions where isHosted(partition) {
      let begun = plane.now
      do throws(LogError) { try partition.log.flush() } catch { plane.storageFailed(partition, error) }
      plane.metrics.synced(since: begun, at: plane.now)
    }
    let work = afterSync
    afterSync.removeAll(keepingCapacity: true)
    for item in work { item() }
  }

  /// Begins a sync off the loop; false when one is under way, so that this one has to wait.
  @discardableResult
  private func flush(_ partition: HostedPartition, _ scope: LogFlush.Scope) -> Bool {
    guard isHosted(partition) else { return true }
    let started: LogFlush?
    do throws(LogError) { started = try partition.log.beginFlush(scope) } catch {
      plane.storageFailed(partition, error)
      return true
    }
    guard let flush = started else { return partition.log.unflushedRecords == 0 }
    let begun = plane.now
    plane.loop.offload {
      flush.perform()
    } then: { [weak self] failure in
      guard let self else { return }
      self.plane.metrics.synced(since: begun, at: self.plane.now)
      do throws(LogError) { try partition.log.finishFlush(flush, failure) } catch {
        if self.isHosted(partition) { self.plane.storageFailed(partition, error) }
        return
      }
      // More segments may have ended meanwhile, and nobody may append for a long time.
      if partition.log.hasEndedSegmentsToFlush { self.flush(partition, .endedSegments) }
    }
    return true
  }

  /// Nothing that happens to a log that was removed meanwhile matters any more.
  private func isHosted(_ partition: HostedPartition) -> Bool { plane.partitions[partition.id] === partition }
}
