import Primitives

/// The future, earliest first; at the same instant in the order of arrival.
struct EventQueue<Happening> {
  private struct Item {
    var time: Instant
    var sequence: UInt64
    var slot: Int
  }

  private var heap: [Item] = []
  private var slots: [Happening?] = []
  private var free: [Int] = []
  private var sequence: UInt64 = 0

  var nextTime: Instant? { heap.first?.time }

  mutating func push(_ happening: Happening, at time: Instant) {
    let slot: Int
    if let reused = free.popLast() {
      slot = reused
      slots[slot] = happening
    } else {
      slot = slots.count
      slots.append(happening)
    }
    sequence += 1
    heap.append(Item(time: time, sequence: sequence, slot: slot))
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard isEarlier(heap[child], heap[parent]) else { break }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  mutating func pop() -> (Instant, Happening)? {
    guard let first = heap.first, let last = heap.popLast(), let happening = slots[first.slot] else { return nil }
    if !heap.isEmpty {
      heap[0] = last
      var parent = 0
      while true {
        var child = parent * 2 + 1
        guard child < heap.count else { break }
        if child + 1 < heap.count, isEarlier(heap[child + 1], heap[child]) { child += 1 }
        guard isEarlier(heap[child], heap[parent]) else { break }
        heap.swapAt(child, parent)
        parent = child
      }
    }
    slots[first.slot] = nil
    free.append(first.slot)
    return (first.time, happening)
  }

  private func isEarlier(_ a: Item, _ b: Item) -> Bool { (a.time, a.sequence) < (b.time, b.sequence) }
}
