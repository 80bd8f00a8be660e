import Primitives

/// The groups by the moment at which each wants to be looked at: a binary heap, equal moments in the order of ids.
///
/// An entry is never taken out early. A group knows the moment for which it is scheduled; entries with another moment
/// are passed over when they come up, so that a heartbeat, which only moves a deadline back, costs nothing here.
struct DeadlineQueue: Sendable {
  struct Entry: Comparable, Sendable {
    var deadline: Instant
    var group: String
    static func < (a: Entry, b: Entry) -> Bool { (a.deadline, a.group) < (b.deadline, b.group) }
  }

  private var heap: [Entry] = []

  var first: Entry? { heap.first }

  mutating func insert(_ entry: Entry) {
    heap.append(entry)
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child] < heap[parent] else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the first entry if its moment has come.
  mutating func popFirst(until now: Instant) -> Entry? {
    guard let first = heap.first, first.deadline <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && heap[child] < heap[least] {
        least = child
      }
      if least == parent { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  mutating func removeAll() { heap.removeAll() }
}
