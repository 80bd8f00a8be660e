import Primitives
import Wire

extension GroupShard {
  /// Sends a batch on its way. Nothing in memory that the log must have changes before its result.
  mutating func append(
    _ changes: [StoredChange], to group: inout ClassicGroup, for purpose: PendingAppend.Purpose,
    at time: Moment, into effects: inout [GroupEffect]
  ) -> AppendToken {
    let token = begin(PendingAppend(group: group.id, changes: changes, purpose: purpose), at: time)
    group.openAppends.append(token)
    effects.append(.append(token, changes.map { $0.record(group: group.id) }))
    return token
  }

  mutating func begin(_ append: PendingAppend, at time: Moment) -> AppendToken {
    let token = nextAppendToken
    nextAppendToken += 1
    appends[token] = append
    appendTimeouts.append(
      token, deadline: time.now + .milliseconds(Int64(max(1, configuration.offsetsCommitTimeoutMs))))
    return token
  }

  /// Those who wait for an append that takes too long are refused.
  mutating func expireAppends(at time: Moment, into effects: inout [GroupEffect]) {
    while let first = appendTimeouts.first, first.deadline <= time.now {
      appendTimeouts.removeFirst()
      appendEnded(first.append, .requestTimedOut, at: time, into: &effects)
    }
  }

  /// Handles the result of an append; see `GroupEvent.appendResult` for what the codes mean.
  mutating func appendEnded(
    _ token: AppendToken, _ code: ErrorCode, at time: Moment, into effects: inout [GroupEffect]
  ) {
    // Of an earlier epoch, or settled: nothing depends on it any more.
    guard appends[token] != nil else { return }
    switch code {
    case .none:
      // The high watermark passes records in order: what was in doubt before this batch is replicated as well.
      for earlier in appendsInDoubt where earlier < token { succeed(earlier, at: time, into: &effects) }
      succeed(token, at: time, into: &effects)
    case .requestTimedOut, .notEnoughReplicasAfterAppend:
      guard !appendsInDoubt.contains(token) else { return }
      appendsInDoubt.append(token)
      refuse(token, code, isInDoubt: true, at: time, into: &effects)
    case .notLeaderOrFollower, .kafkaStorageError:
      unload(into: &effects)
    default:
      refuse(token, code, isInDoubt: false, at: time, into: &effects)
    }
    while let first = appendTimeouts.first, appends[first.append] == nil { appendTimeouts.removeFirst() }
  }

  private mutating func succeed(_ token: AppendToken, at time: Moment, into effects: inout [GroupEffect]) {
    guard let pending = appends.removeValue(forKey: token) else { return }
    appendsInDoubt.removeAll { $0 == token }
    var group = take(pending.group) ?? ClassicGroup(id: pending.group)
    group.openAppends.removeAll { $0 == token }
    for change in pending.changes { group.apply(change) }
    switch pending.purpose {
    case .creation: break
    case .offsetCommit(let request, let response): effects.append(.reply(request, .offsetCommit(response)))
    case .assignment(let generation):
      assignmentStored(&group, generation: generation, append: token, at: time, into: &effects)
    case .staticMember(let request, let memberID, _, let generation, let response):
      guard group.state == .stable, group.generation == generation, group.members[memberID]?.joinToken == request
      else { break }
      group.setJoinToken(nil, of: memberID)
      group.restartSession(of: memberID, at: time)
      effects.append(.reply(request, .joinGroup(response)))
    case .emptied(let leaves):
      for leave in leaves { effects.append(.reply(leave.token, .leaveGroup(leave.response))) }
    case .deletion(let request):
      if let request { effects.append(.reply(request, .deleteGroup(.result(.none, group: group.id)))) }
      endDeletion(of: group, survives: false, at: time, into: &effects)
      return
    case .offsetDeletion(let request, let response):
      if let request { effects.append(.reply(request, .offsetDelete(response))) }
    }
    keep(group)
  }

  /// The append failed, or, in doubt, it is in the log but may take long: whoever waits is told.
  private mutating func refuse(
    _ token: AppendToken, _ code: ErrorCode, isInDoubt: Bool, at time: Moment, into effects: inout [GroupEffect]
  ) {
    guard let pending = appends[token] else { return }
    effects += pending.refusals(code)
    guard var group = take(pending.group) else { return }
    if isInDoubt {
      appends[token]?.forgetWaiting()
    } else {
      appends[token] = nil
      appendsInDoubt.removeAll { $0 == token }
      group.openAppends.removeAll { $0 == token }
    }
    switch pending.purpose {
    case .creation:
      if !isInDoubt { creationFailed(&group, PendingAppend.groupError(code), into: &effects) }
    case .assignment(let generation):
      assignmentFailed(
        &group, generation: generation, append: token, PendingAppend.groupError(code), at: time, into: &effects)
    case .staticMember(let request, let memberID, let instanceID, let generation, _):
      guard group.state == .stable, group.generation == generation, group.members[memberID]?.joinToken == request
      else { break }
      group.setJoinToken(nil, of: memberID)
      effects.append(.reply(request, .joinGroup(.refusal(PendingAppend.groupError(code), memberID: memberID))))
      if isInDoubt {
        group.restartSession(of: memberID, at: time)
      } else {
        group.restoreStaticMember(memberID, instanceID: instanceID, at: time)
      }
    case .deletion:
      if !isInDoubt {
        endDeletion(of: group, survives: true, at: time, into: &effects)
        return
      }
    case .emptied, .offsetCommit, .offsetDeletion: break
    }
    keep(group)
  }

  /// Handles the requests that waited for the end of a deletion.
  private mutating func endDeletion(
    of group: consuming ClassicGroup, survives: Bool, at time: Moment, into effects: inout [GroupEffect]
  ) {
    let deferred = group.deferred
    if survives || group.stored != nil || !group.offsets.isEmpty {
      group.deletion = nil
      group.deferred = []
      keep(group)
    }
    for entry in deferred { receive(entry.token, entry.request, entry.context, at: time, into: &effects) }
  }

  /// The group's first record is not in the log: nobody may believe to be a member of it.
  private mutating func creationFailed(
    _ group: inout ClassicGroup, _ code: ErrorCode, into effects: inout [GroupEffect]
  ) {
    guard group.stored == nil, group.openAppends.isEmpty else { return }
    for member in group.sortedMembers { dismiss(member.id, from: &group, code, into: &effects) }
    var blank = ClassicGroup(id: group.id)
    blank.offsets = group.offsets
    blank.deletion = group.deletion
    blank.deferred = group.deferred
    group = blank
  }
}

extension ClassicGroup {
  /// One record's effect on what memory has of the log; the same for live appends and for replay.
  mutating func apply(_ change: StoredChange) {
    switch change {
    case .metadata(let value): stored = value
    case .offset(let topic, let partition, let offset?):
      offsets[topic, default: [:]][partition] = offset.asStored
    case .offset(let topic, let partition, nil):
      offsets[topic]?[partition] = nil
      if offsets[topic]?.isEmpty == true { offsets[topic] = nil }
    }
  }

  mutating func restartSession(of memberID: String, at time: Moment) {
    guard let timeout = members[memberID]?.sessionTimeout else { return }
    let deadline = time.now + timeout
    update(memberID) { $0.sessionDeadline = deadline }
    schedule(deadline)
  }

  /// Gives a static member back what the log has of it, after its new id could not be stored.
  mutating func restoreStaticMember(_ memberID: String, instanceID: String, at time: Moment) {
    guard let member = stored?.members.first(where: { $0.groupInstanceId == instanceID }) else { return }
    let protocolName = stored?.protocol
    rename(memberID, to: member.memberId)
    update(member.memberId) { current in
      var restored = GroupMember(member, protocolName: protocolName)
      restored.order = current.order
      current = restored
    }
    restartSession(of: member.memberId, at: time)
  }
}
