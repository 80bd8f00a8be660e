import Primitives

/// When each append has taken too long: one timeout for all, so the order of deadlines is that of the appends.
struct AppendTimeouts: Sendable {
  private var entries: [(deadline: Instant, append: AppendToken)] = []
  private var head = 0

  var first: (deadline: Instant, append: AppendToken)? { head < entries.count ? entries[head] : nil }

  mutating func append(_ append: AppendToken, deadline: Instant) { entries.append((deadline, append)) }

  mutating func removeFirst() {
    head += 1
    if head == entries.count {
      entries.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 1024, head * 2 >= entries.count {
      entries.removeFirst(head)
      head = 0
    }
  }

  mutating func removeAll() {
    entries = []
    head = 0
  }
}
