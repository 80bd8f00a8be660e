import Primitives

/// Where each leader epoch began in a log: strictly increasing in epoch and in start offset (KIP-101, KIP-279).
public struct EpochCache: Equatable, Sendable {
  public struct Entry: Equatable, Sendable {
    public var epoch: LeaderEpoch
    public var startOffset: Offset

    public init(epoch: LeaderEpoch, startOffset: Offset) {
      self.epoch = epoch
      self.startOffset = startOffset
    }
  }

  public private(set) var entries: [Entry] = []

  public init() {}

  /// The newest epoch; nil when none is known.
  public var latest: LeaderEpoch? { entries.last?.epoch }

  /// Notes that `epoch` begins at `startOffset`. Entries that contradict it (same or later epoch, same or later start)
  /// are dropped; an epoch that is older than a kept one is ignored. Returns whether anything changed.
  @discardableResult
  public mutating func assign(_ epoch: LeaderEpoch, startOffset: Offset) -> Bool {
    guard epoch.rawValue >= 0, startOffset.rawValue >= 0 else { return false }
    if let last = entries.last, last.epoch > epoch, last.startOffset < startOffset { return false }
    var isChanged = false
    while let last = entries.last {
      if last.epoch == epoch, last.startOffset <= startOffset { return isChanged }
      guard last.epoch >= epoch || last.startOffset >= startOffset else { break }
      entries.removeLast()
      isChanged = true
    }
    entries.append(Entry(epoch: epoch, startOffset: startOffset))
    return true
  }

  /// The largest epoch that is at most `epoch` and the offset where it ends; nil when that cannot be told.
  ///
  /// The newest epoch ends at the log's end; an epoch newer than all is unknown; one older than all ends where the
  /// first known one begins and answers itself (Kafka's LeaderEpochFileCache.endOffsetFor).
  public func endOffset(
    for epoch: LeaderEpoch, logEndOffset: Offset
  ) -> (epoch: LeaderEpoch, offset: Offset)? {
    guard epoch.rawValue >= 0, let last = entries.last, epoch <= last.epoch else { return nil }
    if epoch == last.epoch { return (epoch, logEndOffset) }
    guard let next = entries.firstIndex(where: { $0.epoch > epoch }) else { return nil }
    if next == 0 { return (epoch, entries[0].startOffset) }
    return (entries[next - 1].epoch, entries[next].startOffset)
  }

  /// The epoch of the record at `offset`; nil when it is not known.
  public func epoch(at offset: Offset) -> LeaderEpoch? {
    entries.last { $0.startOffset <= offset }?.epoch
  }

  /// The largest known epoch below `epoch`.
  public func epoch(before epoch: LeaderEpoch) -> LeaderEpoch? {
    entries.last { $0.epoch < epoch }?.epoch
  }

  /// Drops epochs that begin at or after `endOffset`. Returns whether anything changed.
  @discardableResult
  public mutating func truncate(to endOffset: Offset) -> Bool {
    let before = entries.count
    while let last = entries.last, last.startOffset >= endOffset { entries.removeLast() }
    return entries.count != before
  }

  /// The log now begins at `startOffset`: keeps the epoch that covers it and lifts its start.
  @discardableResult
  public mutating func advanceStart(to startOffset: Offset) -> Bool {
    guard let covering = entries.lastIndex(where: { $0.startOffset <= startOffset }) else { return false }
    if covering == 0, entries[0].startOffset == startOffset { return false }
    entries.removeFirst(covering)
    entries[0].startOffset = startOffset
    return true
  }

  public mutating func removeAll() { entries.removeAll() }

  /// The text of `leader-epoch-checkpoint`.
  public var checkpoint: String {
    entries.reduce(into: "0\n\(entries.count)\n") { $0 += "\($1.epoch) \($1.startOffset)\n" }
  }

  /// Reads the text of `leader-epoch-checkpoint`; nil when it is malformed. An empty text has no entries: Kafka leaves
  /// such a file for a partition that never had a leader.
  public init?(checkpoint text: String) {
    if text.isEmpty { return }
    guard let rows = CheckpointText.rows(text, columns: 2) else { return nil }
    for row in rows {
      guard let epoch = Int32(row[0]), let start = Int64(row[1]), epoch >= 0, start >= 0 else { return nil }
      if let last = entries.last, last.epoch.rawValue >= epoch || last.startOffset.rawValue >= start { return nil }
      entries.append(Entry(epoch: LeaderEpoch(epoch), startOffset: Offset(start)))
    }
  }
}

/// Kafka's checkpoint files: a line with version 0, a line with the number of rows, then the rows.
enum CheckpointText {
  static func rows(_ text: String, columns: Int) -> [[Substring]]? {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    // Without its last line feed the file was cut off, perhaps within a number.
    guard lines.count >= 3, lines.last?.isEmpty == true, lines[0] == "0", let count = Int(lines[1]), count >= 0,
      count <= lines.count - 2
    else {
      return nil
    }
    let rows = lines[2..<2 + count].map { $0.split(separator: " ") }
    guard rows.allSatisfy({ $0.count == columns }), lines[(2 + count)...].allSatisfy(\.isEmpty) else { return nil }
    return rows
  }
}
