import Primitives
import Wire

extension GroupShard {
  /// Looks at every group whose deadline has come, and now and then at what may be forgotten.
  mutating func expire(at time: Moment, into effects: inout [GroupEffect]) {
    guard servingEpoch != nil else { return }
    expireAppends(at: time, into: &effects)
    while let entry = deadlines.popFirst(until: time.now) {
      guard groups[entry.group]?.scheduled == entry.deadline, var group = take(entry.group) else { continue }
      group.scheduled = .distantFuture
      group.earliestDeadline = .distantFuture
      expireDeadlines(&group, at: time, into: &effects)
      group.earliestDeadline = group.nextDeadline
      keep(group)
    }
    guard let check = nextRetentionCheck, check <= time.now else { return }
    nextRetentionCheck = time.now + .milliseconds(max(1, configuration.offsetsRetentionCheckIntervalMs))
    for id in groups.keys.sorted() {
      guard var group = take(id) else { continue }
      expireOffsets(&group, at: time, into: &effects)
      keep(group)
    }
  }

  private mutating func expireDeadlines(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) {
    var isSomebodyGone = false
    for (id, deadline) in group.pendingMembers.sorted(by: { $0.key < $1.key }) where deadline <= time.now {
      group.pendingMembers[id] = nil
      isSomebodyGone = group.state == .preparingRebalance || isSomebodyGone
    }
    for member in group.sortedMembers where member.sessionDeadline <= time.now && !member.isExemptFromSession {
      dismiss(member.id, from: &group, .unknownMemberId, into: &effects)
      isSomebodyGone = true
    }
    if isSomebodyGone { _ = memberGone(&group, at: time, into: &effects) }
    if let deadline = group.joinDeadline, deadline <= time.now, group.state == .preparingRebalance {
      joinTimeIsUp(&group, at: time, into: &effects)
    }
    if let deadline = group.syncDeadline, deadline <= time.now {
      group.syncDeadline = nil
      guard group.state == .completingRebalance || group.state == .stable, !group.pendingSync.isEmpty else { return }
      for memberID in group.pendingSync.sorted() {
        dismiss(memberID, from: &group, .unknownMemberId, into: &effects)
      }
      _ = prepareRebalance(&group, at: time, into: &effects)
    }
  }

  /// Writes tombstones for offsets that nobody will come back for, and for the group if nothing is left of it.
  private mutating func expireOffsets(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) {
    guard group.deletion == nil else { return }
    let inFlight = pendingOffsets(of: group)
    let (expired, isNothingLeft) = group.expiredOffsets(
      retentionMs: Int64(configuration.offsetsRetentionMinutes) * 60_000, at: time)
    var changes: [StoredChange] = []
    for (topic, partition) in expired where inFlight[topic]?.contains(partition) != true {
      changes.append(.offset(topic: topic, partition: partition, nil))
    }
    let isIdle = group.state == .empty && group.pendingMembers.isEmpty && group.openAppends.isEmpty
    if isIdle, isNothingLeft, group.isKnown {
      changes.append(.metadata(nil))
      group.deletion = append(changes, to: &group, for: .deletion(nil), at: time, into: &effects)
      return
    }
    if !changes.isEmpty {
      _ = append(changes, to: &group, for: .offsetDeletion(nil, OffsetDeleteResponse()), at: time, into: &effects)
    } else if isIdle, let stored = group.stored, !stored.members.isEmpty {
      // The record of its emptiness was refused once; without it the group would never expire elsewhere.
      _ = append([.metadata(group.metadata { _ in [] })], to: &group, for: .emptied([]), at: time, into: &effects)
    }
  }

  /// Partitions with a commit or a tombstone on its way.
  func pendingOffsets(of group: ClassicGroup) -> [String: Set<Int32>] {
    var partitions: [String: Set<Int32>] = [:]
    for token in group.openAppends {
      for case .offset(let topic, let partition, _) in appends[token]?.changes ?? [] {
        partitions[topic, default: []].insert(partition)
      }
    }
    return partitions
  }
}

extension ClassicGroup {
  var nextDeadline: Instant {
    var earliest = min(joinDeadline ?? .distantFuture, syncDeadline ?? .distantFuture)
    for deadline in pendingMembers.values { earliest = min(earliest, deadline) }
    for member in members.values where !member.isExemptFromSession { earliest = min(earliest, member.sessionDeadline) }
    return earliest
  }

  /// Offsets whose time is up, in order, and whether the group has no others.
  ///
  /// An empty group's offsets live from when it became empty, a simple consumer's (no protocol type) from their commit,
  /// as do those of topics that a stable consumer group does not read any more. KIP-211.
  func expiredOffsets(retentionMs: Int64, at time: Moment) -> (expired: [(String, Int32)], isNothingLeft: Bool) {
    if offsets.isEmpty { return ([], true) }
    let isUsed: (String) -> Bool
    let base: (CommittedOffset) -> Int64
    if protocolType == nil {
      isUsed = { _ in false }
      base = { $0.commitTimestamp }
    } else if state == .empty {
      isUsed = { _ in false }
      base = { stateTimestamp ?? $0.commitTimestamp }
    } else if state == .stable, let topics = subscribedTopics {
      isUsed = { topics.contains($0) }
      base = { $0.commitTimestamp }
    } else {
      return ([], false)
    }
    var expired: [(String, Int32)] = []
    var isNothingLeft = true
    for (topic, partitions) in offsets.sorted(by: { $0.key < $1.key }) {
      for (partition, offset) in partitions.sorted(by: { $0.key < $1.key }) {
        let age = time.wallClockMs.subtractingReportingOverflow(base(offset))
        let isDue =
          offset.expireTimestamp.map { time.wallClockMs >= $0 } ?? (!age.overflow && age.partialValue >= retentionMs)
        if isDue, !isUsed(topic) { expired.append((topic, partition)) } else { isNothingLeft = false }
      }
    }
    return (expired, isNothingLeft)
  }
}
