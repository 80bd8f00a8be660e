import Primitives

/// The fetch sessions that a broker keeps, at most so many, each under an id of its own (KIP-227).
///
/// Who may push out whom, as Kafka has it: a session that was not used for two minutes makes room for anybody. Else the
/// least valuable of those that may go does, if the new one is worth more: followers' sessions (privileged)
/// are worth more than consumers', many partitions more than few. Nobody pushes out a consumer's session younger than two
/// minutes but a follower; nobody a follower's younger than that.
///
/// Looking for one to push out walks over all of them, which only a full cache has to do.
package struct FetchSessionCache<Session: AnyObject> {
  private struct Entry {
    var session: Session
    var isPrivileged: Bool
    var size: Int
    var created: Instant
    var lastUsed: Instant
  }

  /// Kafka's MIN_INCREMENTAL_FETCH_SESSION_EVICTION_MS.
  private static var protection: TimeSpan { .milliseconds(120_000) }

  private let slots: Int
  private var random: RandomSource
  private var entries: [Int32: Entry] = [:]
  /// Sessions that had to make room, since the start.
  package private(set) var evictions = 0

  package init(slots: Int, random: RandomSource) {
    self.slots = slots
    self.random = random
  }

  package var count: Int { entries.count }
  package var partitionCount: Int { entries.values.reduce(0) { $0 + $1.size } }

  package subscript(id: Int32) -> Session? { entries[id]?.session }

  /// Takes in a session of `size` partitions if there is room or can be made.
  ///
  /// - Returns: its id, positive and not in use, and the session that had to go; nil when there is no room.
  package mutating func insert(
    _ session: Session, isPrivileged: Bool, size: Int, at now: Instant
  ) -> (id: Int32, evicted: Session?)? {
    var evicted: Session?
    if entries.count >= slots {
      guard let victim = victim(isPrivileged: isPrivileged, size: size, at: now) else { return nil }
      evicted = entries.removeValue(forKey: victim)?.session
      evictions += 1
    }
    var id: Int32
    repeat { id = Int32.random(in: 1...Int32.max, using: &random) } while entries[id] != nil
    entries[id] = Entry(session: session, isPrivileged: isPrivileged, size: size, created: now, lastUsed: now)
    return (id, evicted)
  }

  /// The session was used and has `size` partitions now.
  package mutating func touch(_ id: Int32, size: Int, at now: Instant) {
    entries[id]?.lastUsed = now
    entries[id]?.size = size
  }

  package mutating func remove(_ id: Int32) -> Session? { entries.removeValue(forKey: id)?.session }

  private func victim(isPrivileged: Bool, size: Int, at now: Instant) -> Int32? {
    func isOlder(_ a: (key: Int32, value: Entry), _ b: (key: Int32, value: Entry)) -> Bool {
      (a.value.lastUsed, a.key) < (b.value.lastUsed, b.key)
    }
    guard let oldest = entries.min(by: isOlder) else { return nil }
    if now - oldest.value.lastUsed > Self.protection { return oldest.key }
    let evictable = entries.filter { _, entry in
      // Kafka looks at the age when the session is used, not when somebody wants its place.
      entry.lastUsed - entry.created > Self.protection || (isPrivileged && !entry.isPrivileged)
    }
    func worth(_ entry: Entry, _ id: Int32) -> (Int, Int, Int32) { (entry.isPrivileged ? 1 : 0, entry.size, id) }
    guard let least = evictable.min(by: { worth($0.value, $0.key) < worth($1.value, $1.key) }),
      (isPrivileged ? 1 : 0, size, 0) >= worth(least.value, least.key)
    else { return nil }
    return least.key
  }
}

/// The numbers of a session's requests.
package enum FetchEpoch {
  /// Asks for all, and for a session.
  package static let initial: Int32 = 0
  /// Asks for all, and for no session.
  package static let final: Int32 = -1

  /// 1 comes after the largest number; after `final` there is none.
  package static func next(after epoch: Int32) -> Int32 {
    if epoch < 0 { return final }
    return epoch == .max ? 1 : epoch + 1
  }
}
