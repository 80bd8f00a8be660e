/// Follows the consumer groups: lag in events and in time, its trend, and a verdict by progress, not by a limit.
///
/// The verdict (after Burrow's rules, with what the protocol shows: OffsetFetch gives no commit times) over the last
/// `window`, for each partition; a group's is its worst partition's:
///
/// | verdict | when |
/// |---|---|
/// | OK | no lag now, or the lag fell at some time within the window while commits moved |
/// | WARN | commits move, and from each to the next within the window the lag grew, or stayed |
/// | STALLED | lag, members, and no commit moved for `stillness` and for longer than its last ten moves took |
/// | STOPPED | lag, no members, and no commit moved for as long |
/// | UNKNOWN | seen for less than `stillness`, or nothing committed yet, or its coordinator or the partition's leader did not answer |
///
/// Burrow's window is a partition's last ten commits: who has not committed for longer than those took has stopped. So
/// a group that commits every minute is not taken for dead after a quarter of one.
public struct GroupProgress: Sendable {
  static let window: Int64 = 60_000
  static let stillness: Int64 = 15_000
  /// Burrow's: commits that say what is usual for a partition.
  static let movesMax = 10
  /// However slowly it committed before. Milliseconds.
  static let stillnessMax: Int64 = 600_000
  /// A group's figures from before its coordinator fell silent are shown as unknown, and dropped after so long.
  static let forgetAfter: Int64 = 300_000
  /// Once all coordinators answer and none names a group, it is remembered for so much longer. Milliseconds.
  static let absentAfter: Int64 = 10_000

  struct Sample: Sendable {
    var at: Int64
    var committed: Int64
    var lag: Int64
  }

  struct Track: Sendable {
    var samples: [Sample] = []
    var committedSince: Int64
    var committed: Int64
    /// When its commits moved, the latest last, at most `movesMax`.
    var moves: [Int64] = []
  }

  fileprivate struct Memory: Sendable {
    var view: GroupView
    var tracks: [ClusterHealth.TopicPartition: Track] = [:]
    var seenAt: Int64
    var consumed: [(at: Int64, total: Int64)] = []
    var lastCount = 0
  }

  private var groups: [String: Memory] = [:]
  private var ends: [ClusterHealth.TopicPartition: EndHistory] = [:]
  /// What all groups together consume per second; nil until two rounds have seen them, and while some group's
  /// coordinator does not answer.
  private(set) var consumedPerSecond: Double?

  /// One round. What `observed` does not name is shown as unknown. `isComplete`: it names all that there are.
  mutating func observe(
    _ observed: [ClusterObservation.Group], isComplete: Bool, extents: [ClusterObservation.Extent]?, at: Int64
  ) -> [GroupView] {
    for extent in extents ?? [] {
      ends[.init(topic: extent.topic, partition: extent.partition), default: EndHistory()].note(extent.end, at: at)
    }
    for group in observed { observe(group, at: at) }
    let seen = Set(observed.map(\.name))
    for name in groups.keys.sorted() where !seen.contains(name) {
      guard var memory = groups[name] else { continue }
      if at - memory.seenAt > (isComplete ? Self.absentAfter : Self.forgetAfter) {
        groups[name] = nil
        continue
      }
      memory.becomeUnknown(at: at)
      groups[name] = memory
    }
    let rates = groups.values.compactMap(\.view.consumedPerSecond)
    consumedPerSecond = rates.isEmpty || groups.values.contains { $0.view.isSilent } ? nil : rates.reduce(0, +)
    return groups.sorted { $0.key < $1.key }.map { entry in
      var view = entry.value.view
      view.partitions = nil
      return view
    }
  }

  func group(named name: String) -> GroupView? { groups[name]?.view }

  private mutating func observe(_ group: ClusterObservation.Group, at: Int64) {
    var memory =
      groups[group.name]
      ?? Memory(
        view: GroupView(name: group.name, progress: .unknown, since: at), seenAt: at)
    memory.seenAt = at
    guard let positions = group.positions else {
      memory.becomeUnknown(at: at)
      memory.view.state = group.state
      memory.view.coordinator = group.coordinator
      memory.view.members = group.members
      groups[group.name] = memory
      return
    }
    var view = GroupView(
      name: group.name, progress: positions.isEmpty ? .unknown : .ok, since: memory.view.since)
    view.state = group.state
    view.coordinator = group.coordinator
    view.members = group.members
    view.committedPartitions = positions.count
    var partitions: [GroupView.Partition] = []
    var lag: Int64? = positions.isEmpty ? nil : 0
    var oldest: Double? = positions.isEmpty ? nil : 0
    var trend: Double? = positions.isEmpty ? nil : 0
    var clear: Double? = positions.isEmpty ? nil : 0
    var tracks: [ClusterHealth.TopicPartition: Track] = [:]
    for position in positions {
      let key = ClusterHealth.TopicPartition(topic: position.topic, partition: position.partition)
      var partition = GroupView.Partition(topic: position.topic, partition: position.partition, progress: .unknown)
      partition.committed = position.committed
      partition.member = position.member
      partition.client = position.client
      var track = memory.tracks[key] ?? Track(committedSince: at, committed: position.committed)
      if position.committed != track.committed {
        track.committed = position.committed
        track.committedSince = at
        track.moves.append(at)
        if track.moves.count > Self.movesMax { track.moves.removeFirst() }
      }
      if let history = ends[key], let end = history.latest(at: at) {
        partition.end = end
        let behind = max(0, end - position.committed)
        partition.lag = behind
        partition.lagMilliseconds = history.age(of: position.committed, at: at)
        track.note(Sample(at: at, committed: position.committed, lag: behind))
        partition.progress = track.progress(hasMembers: group.hasMembers, at: at)
        lag = lag.map { $0 + behind }
        oldest = oldest.flatMap { old in partition.lagMilliseconds.map { max(old, $0) } }
        let slope = track.trend
        trend = trend.flatMap { sum in slope.map { sum + $0 } }
        if behind > 0 {
          clear = clear.flatMap { longest in
            slope.flatMap { $0 < 0 ? max(longest, Double(behind) / -$0 * 1000) : nil }
          }
        }
      } else {
        lag = nil
        oldest = nil
        trend = nil
        clear = nil
      }
      tracks[key] = track
      view.progress = view.progress.worse(of: partition.progress)
      partitions.append(partition)
    }
    memory.tracks = tracks
    memory.noteConsumed(positions, at: at)
    view.consumedPerSecond = memory.consumedPerSecond
    view.lag = lag
    view.lagMilliseconds = oldest
    view.lagTrendPerSecond = trend
    view.timeToClear = clear
    view.partitions = partitions.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
    if view.progress != memory.view.progress { view.since = at }
    memory.view = view
    groups[group.name] = memory
  }
}

extension GroupProgress.Track {
  mutating func note(_ sample: GroupProgress.Sample) {
    samples.append(sample)
    samples.removeAll { sample.at - $0.at > GroupProgress.window }
  }

  /// Change of the lag per second over the window; nil with less than two samples.
  var trend: Double? {
    guard let first = samples.first, let last = samples.last, last.at > first.at else { return nil }
    return Double(last.lag - first.lag) * 1000 / Double(last.at - first.at)
  }

  /// How long without a move is too long for this partition. Milliseconds.
  private var stillness: Int64 {
    guard let first = moves.first, let last = moves.last else { return GroupProgress.stillness }
    return min(max(GroupProgress.stillness, last - first), GroupProgress.stillnessMax)
  }

  /// `hasMembers`: nil when that is not known.
  func progress(hasMembers: Bool?, at: Int64) -> GroupView.Progress {
    guard let first = samples.first, let last = samples.last else { return .unknown }
    if last.lag == 0 { return .ok }
    guard at - first.at >= GroupProgress.stillness else { return .unknown }
    if at - committedSince >= stillness {
      return hasMembers.map { $0 ? .stalled : .stopped } ?? .unknown
    }
    // Commits come in bursts: between them the lag grows, with each of them it falls, whatever the trend.
    let commits = zip(samples, samples.dropFirst()).filter { $0.committed != $1.committed }.map(\.1.lag)
    let fell = zip(commits, commits.dropFirst()).contains { $1 < $0 }
    guard commits.count > 1, let oldest = commits.first, let newest = commits.last else { return .ok }
    return !fell && newest > oldest ? .warn : .ok
  }
}

extension GroupProgress.Memory {
  /// Commits come in bursts (every 5 s by default), so the pace is taken over some of them.
  static var pace: Int64 { 15_000 }

  /// What was is not shown as what is.
  mutating func becomeUnknown(at: Int64) {
    view = GroupView(name: view.name, progress: .unknown, since: view.progress == .unknown ? view.since : at)
  }

  mutating func noteConsumed(_ positions: [ClusterObservation.Group.Position], at: Int64) {
    let total = positions.reduce(Int64(0)) { $0 &+ $1.committed }
    // Partitions came or went, or offsets were set back: begin anew.
    if let last = consumed.last, total < last.total || positions.count != lastCount { consumed = [] }
    lastCount = positions.count
    consumed.append((at, total))
    consumed.removeAll { at - $0.at > Self.pace }
  }

  var consumedPerSecond: Double? {
    guard let first = consumed.first, let last = consumed.last, last.at > first.at else { return nil }
    return Double(last.total - first.total) * 1000 / Double(last.at - first.at)
  }
}

extension ClusterObservation.Group {
  /// Nil: not known.
  fileprivate var hasMembers: Bool? { members.map { $0 > 0 } ?? state.map { $0 != "Empty" && $0 != "Dead" } }
}

extension GroupView.Progress {
  /// Unknown hides nothing that is known to be bad, and is worse than OK.
  func worse(of other: Self) -> Self {
    let order: [Self] = [.ok, .unknown, .warn, .stalled, .stopped]
    return (order.firstIndex(of: self) ?? 0) >= (order.firstIndex(of: other) ?? 0) ? self : other
  }
}
