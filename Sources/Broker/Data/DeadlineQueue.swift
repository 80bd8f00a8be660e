import Primitives

/// Work that is due at a moment: a binary heap. What is no longer wanted simply does nothing when its time comes.
struct DeadlineQueue {
  private struct Entry {
    var due: Instant
    var work: () -> Void
  }

  private var heap: [Entry] = []

  var next: Instant { heap.first?.due ?? .distantFuture }
  var count: Int { heap.count }

  mutating func add(_ due: Instant, _ work: @escaping () -> Void) {
    heap.append(Entry(due: due, work: work))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].due < heap[parent].due else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest work that is due at `now`.
  mutating func takeDue(at now: Instant) -> (() -> Void)? {
    guard let first = heap.first, first.due <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child].due < heap[least].due {
        least = child
      }
      if least == parent { break }
      heap.swapAt(parent, least)
      parent = least
    }
    return first.work
  }
}
