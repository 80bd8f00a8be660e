import Primitives
import Wire

extension GroupShard {
  /// Begins a rebalance if none is under way; ends it if nobody is missing any more.
  ///
  /// Returns the append of a group that became empty by it.
  @discardableResult
  mutating func rebalance(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) -> AppendToken? {
    group.state == .preparingRebalance
      ? completeJoinIfAllJoined(&group, at: time, into: &effects)
      : prepareRebalance(&group, at: time, into: &effects)
  }

  mutating func prepareRebalance(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) -> AppendToken? {
    if group.state == .completingRebalance { failSyncs(&group, .rebalanceInProgress, at: time, into: &effects) }
    group.syncDeadline = nil
    group.pendingSync = []
    group.assignmentAppend = nil
    let isInitial = group.state == .empty
    group.enter(.preparingRebalance, at: time)
    guard isInitial else {
      if group.allMembersJoined { return completeJoin(&group, at: time, into: &effects) }
      awaitJoins(&group, for: group.rebalanceTimeout, at: time)
      return nil
    }
    // The group is new: its members mostly start together, so the first rebalance gives the others time.
    let delay = TimeSpan.milliseconds(Int64(max(0, configuration.groupInitialRebalanceDelayMs)))
    if delay == .zero { return completeJoin(&group, at: time, into: &effects) }
    group.initialDelay = .init(remaining: max(.zero, group.rebalanceTimeout - delay), delay: delay)
    awaitJoins(&group, for: delay, at: time)
    return nil
  }

  private mutating func awaitJoins(_ group: inout ClassicGroup, for span: TimeSpan, at time: Moment) {
    let deadline = time.now + span
    group.joinDeadline = deadline
    group.schedule(deadline)
  }

  @discardableResult
  mutating func completeJoinIfAllJoined(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) -> AppendToken? {
    guard group.state == .preparingRebalance, group.initialDelay == nil, group.allMembersJoined else { return nil }
    return completeJoin(&group, at: time, into: &effects)
  }

  /// The time for joining is up.
  mutating func joinTimeIsUp(_ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]) {
    group.joinDeadline = nil
    if let initial = group.initialDelay, initial.newMemberAdded, initial.remaining > .zero {
      // A member was added meanwhile: more may come.
      let delay = min(initial.delay, initial.remaining)
      group.initialDelay = .init(remaining: max(.zero, initial.remaining - delay), delay: delay)
      awaitJoins(&group, for: delay, at: time)
      return
    }
    _ = completeJoin(&group, at: time, into: &effects)
  }

  /// Begins the next generation with those who have joined.
  private mutating func completeJoin(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) -> AppendToken? {
    group.joinDeadline = nil
    group.initialDelay = nil
    for member in group.sortedMembers where member.joinToken == nil && member.instanceID == nil {
      _ = group.remove(member.id)
    }
    if group.members.isEmpty {
      group.beginGeneration()
      group.protocolName = nil
      group.leader = nil
      group.enter(.empty, at: time)
      return append([.metadata(group.metadata { _ in [] })], to: &group, for: .emptied([]), at: time, into: &effects)
    }
    guard electLeader(&group) else {
      // Static members keep their place without joining; somebody must assign, so it waits until their sessions end.
      awaitJoins(&group, for: max(group.rebalanceTimeout, .milliseconds(100)), at: time)
      return nil
    }
    group.beginGeneration()
    group.protocolName = group.selectedProtocol
    group.enter(.completingRebalance, at: time)
    for member in group.sortedMembers {
      group.update(member.id) {
        $0.isNew = false
        $0.assignment = []
      }
      if let token = group.setJoinToken(nil, of: member.id) {
        let isLeader = group.leader == member.id
        effects.append(.reply(token, .joinGroup(group.joinResponse(for: member.id, withMembers: isLeader))))
      }
      group.restartSession(of: member.id, at: time)
      group.pendingSync.insert(member.id)
    }
    let deadline = time.now + group.rebalanceTimeout
    group.syncDeadline = deadline
    group.schedule(deadline)
    return nil
  }

  /// A leader that has joined leads on; otherwise the first who has.
  private func electLeader(_ group: inout ClassicGroup) -> Bool {
    if let leader = group.leader, group.members[leader]?.joinToken != nil { return true }
    guard let next = group.sortedMembers.first(where: { $0.joinToken != nil }) else { return false }
    group.leader = next.id
    return true
  }
}
