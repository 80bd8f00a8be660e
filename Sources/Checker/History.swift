import Primitives

/// Everything that is known about one run: what was sent, what was acknowledged, what is in the log, and what each
/// group of consumers saw. Events are numbered from 0 in the order of sending, partitions and keys from 0 as the
/// caller likes; all else is arrays by those numbers.
///
/// It knows nothing of how events are made or moved, so it cannot share a mistake with either.
public struct History: Sendable {
  /// One record as an independent reader found it.
  public struct Found: Sendable, Equatable {
    public var partition: Int32
    public var offset: Int64
    /// Nil for a record that is none of this run's.
    public var event: Int?
    /// Whether key, value and headers are what was sent.
    public var isIntact: Bool

    public init(partition: Int32, offset: Int64, event: Int?, isIntact: Bool = true) {
      self.partition = partition
      self.offset = offset
      self.event = event
      self.isIntact = isIntact
    }
  }

  static let none: Int64 = -1

  /// How many events were sent, at most; numbers from here on are foreign.
  public let capacity: Int
  /// By event: the key whose order it belongs to; −1 when it was not sent.
  private(set) var keys: [Int32]
  private(set) var partitions: [Int32]
  /// By event: the acknowledged offset; −1 when it was not acknowledged.
  private(set) var offsets: [Int64]
  private(set) var found: [Found] = []
  private(set) var groups: [(name: String, seen: [Bool])] = []

  public init(capacity: Int) {
    self.capacity = max(0, capacity)
    keys = [Int32](repeating: -1, count: self.capacity)
    partitions = keys
    offsets = [Int64](repeating: Self.none, count: self.capacity)
  }

  /// The event was handed to the client. Events of one `key` (0 or more) go to one partition and keep their order.
  public mutating func sent(_ event: Int, key: Int32, partition: Int32) {
    guard keys.indices.contains(event) else { return }
    keys[event] = key
    partitions[event] = partition
  }

  /// The cluster acknowledged the event at an offset of its partition.
  public mutating func acknowledged(_ event: Int, offset: Int64) {
    guard offsets.indices.contains(event) else { return }
    offsets[event] = offset
  }

  /// A record of the final read; call in the order of reading.
  public mutating func read(_ record: Found) { found.append(record) }

  /// What a group saw, by event.
  public mutating func group(_ name: String, saw seen: [Bool]) { groups.append((name, seen)) }

  func wasSent(_ event: Int) -> Bool { keys.indices.contains(event) && keys[event] >= 0 }
}
