import CommitLog
import EventLoop
import Primitives

/// Makes the logs of new partitions off the loop, some at a time and in order, and hands them over one by one.
///
/// A topic of many partitions means thousands of small file operations, each of which may wait for the file system's
/// journal; on the loop they would hold up every client. Until its log is there, a partition is not hosted.
final class PartitionOpener {
  private let plane: DataPlane
  private var waiting: [TopicIDPartition] = []
  private var known: Set<TopicIDPartition> = []
  private var waiters: [TopicIDPartition: [() -> Void]] = [:]
  private var isBusy = false
  private var whenIdle: (() -> Void)?
  private static let batch = 32

  init(_ plane: DataPlane) { self.plane = plane }

  /// Makes the partition's log, unless it is being made.
  func open(_ id: TopicIDPartition) {
    guard known.insert(id).inserted else { return }
    waiting.append(id)
    // At the end of the turn: a topic's partitions go together.
    if waiting.count == 1, !isBusy { plane.atEndOfTurn { [weak self] in self?.next() } }
  }

  /// The partition is about to be here, and this broker leads it.
  func isOpeningAsLeader(_ id: TopicIDPartition) -> Bool {
    known.contains(id) && plane.image.partition(id)?.leader == plane.nodeID
  }

  /// Runs `work`, after all such work before it, when the partition is here or will not be.
  func whenOpen(_ id: TopicIDPartition, _ work: @escaping () -> Void) { waiters[id, default: []].append(work) }

  private func opened(_ id: TopicIDPartition) {
    known.remove(id)
    for work in waiters.removeValue(forKey: id) ?? [] { work() }
  }

  /// Runs `work` once all that was asked for is there; only the newest such work is run.
  func afterAll(_ work: @escaping () -> Void) {
    if known.isEmpty { return work() }
    whenIdle = work
  }

  private func next() {
    guard !isBusy, !plane.isClosed else { return }
    var plans: [NewLog] = []
    while plans.count < Self.batch, !waiting.isEmpty {
      let ids = waiting.prefix(Self.batch - plans.count)
      waiting.removeFirst(ids.count)
      for id in ids {
        // What is no longer wanted, or lives here by now, is passed over.
        if let plan = plane.planLog(id) { plans.append(plan) } else { opened(id) }
      }
    }
    guard !plans.isEmpty else { return finish() }
    isBusy = true
    let wallClock = plane.wallClock
    plane.loop.offload { [plans] in
      plans.map { $0.make(wallClock: wallClock) }
    } then: { [weak self] made in
      guard let self, !self.plane.isClosed else { return }
      self.isBusy = false
      for one in made {
        self.plane.logMade(one)
        self.opened(one.plan.id)
      }
      self.next()
    }
  }

  private func finish() {
    guard waiting.isEmpty, let work = whenIdle else { return }
    whenIdle = nil
    work()
  }
}
