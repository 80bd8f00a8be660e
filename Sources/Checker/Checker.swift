import Primitives

/// What a run's history shows. Every field but the first five must be zero.
public struct Findings: Sendable, Equatable {
  public var sent = 0
  public var acknowledged = 0
  /// Sent, but neither acknowledged nor known to be refused for good: it may be there or not.
  public var unknown = 0
  /// Of the unknown ones, those that are there.
  public var unknownButThere = 0
  /// Records of other runs or other producers.
  public var foreign = 0
  /// Acknowledged and not there.
  public var lost = 0
  /// Copies beyond the first.
  public var duplicated = 0
  /// Records that come after a later one of their key.
  public var reordered = 0
  /// Two values at one offset: two acknowledgements for it, an acknowledged event that is elsewhere, or a log whose
  /// offsets do not rise.
  public var conflicting = 0
  /// Records that are not what was sent, or in another partition.
  public var corrupted = 0
  /// By group, in the order given: how many acknowledged events it did not see.
  public var missed: [GroupMiss] = []
  /// The first events that are lost, for a look at the logs.
  public var firstLost: [Int] = []

  public struct GroupMiss: Sendable, Equatable {
    public var group: String
    public var events: Int

    public init(group: String, events: Int) {
      self.group = group
      self.events = events
    }
  }

  public init() {}

  /// Whether every promise was kept. A run that acknowledged nothing has shown nothing.
  public var holds: Bool {
    acknowledged > 0 && lost == 0 && duplicated == 0 && reordered == 0 && conflicting == 0 && corrupted == 0
      && missed.allSatisfy { $0.events == 0 }
  }
}

/// Judges a history: what was acknowledged must be there, once, in its key's order, where it was acknowledged, and
/// seen by every group.
public enum Checker {
  /// How many lost events are named.
  static let examples = 10

  public static func check(_ history: History) -> Findings {
    var findings = Findings()
    let copies = checkLog(history, &findings)
    checkEvents(history, copies, &findings)
    checkOffsets(history, &findings)
    for group in history.groups {
      var missing = 0
      for event in 0..<history.capacity where history.wasSent(event) && history.offsets[event] >= 0 {
        if !group.seen.indices.contains(event) || !group.seen[event] { missing += 1 }
      }
      findings.missed.append(.init(group: group.name, events: missing))
    }
    return findings
  }

  /// Walks the log as it was read; returns how often each event is there.
  private static func checkLog(_ history: History, _ findings: inout Findings) -> [Int32] {
    var copies = [Int32](repeating: 0, count: history.capacity)
    let keyCount = Int(history.keys.max() ?? -1) + 1
    var lastOfKey = [Int](repeating: -1, count: keyCount)
    var lastOffset: [Int32: Int64] = [:]
    for record in history.found {
      if let last = lastOffset[record.partition], record.offset <= last { findings.conflicting += 1 }
      lastOffset[record.partition] = record.offset
      guard let event = record.event, history.wasSent(event) else {
        findings.foreign += 1
        continue
      }
      if !record.isIntact || record.partition != history.partitions[event] { findings.corrupted += 1 }
      copies[event] += 1
      if copies[event] > 1 {
        findings.duplicated += 1
        continue
      }
      if history.offsets[event] >= 0, history.offsets[event] != record.offset { findings.conflicting += 1 }
      let key = Int(history.keys[event])
      if event < lastOfKey[key] { findings.reordered += 1 } else { lastOfKey[key] = event }
    }
    return copies
  }

  private static func checkEvents(_ history: History, _ copies: [Int32], _ findings: inout Findings) {
    for event in 0..<history.capacity where history.wasSent(event) {
      findings.sent += 1
      if history.offsets[event] < 0 {
        findings.unknown += 1
        if copies[event] > 0 { findings.unknownButThere += 1 }
        continue
      }
      findings.acknowledged += 1
      if copies[event] == 0 {
        findings.lost += 1
        if findings.firstLost.count < examples { findings.firstLost.append(event) }
      }
    }
  }

  /// No offset of a partition was acknowledged twice.
  private static func checkOffsets(_ history: History, _ findings: inout Findings) {
    var acknowledged: [Int32: [Int64]] = [:]
    for event in 0..<history.capacity where history.wasSent(event) && history.offsets[event] >= 0 {
      acknowledged[history.partitions[event], default: []].append(history.offsets[event])
    }
    for partition in acknowledged.keys.sorted() {
      let offsets = (acknowledged[partition] ?? []).sorted()
      for index in offsets.indices.dropFirst() where offsets[index] == offsets[index - 1] { findings.conflicting += 1 }
    }
  }
}
