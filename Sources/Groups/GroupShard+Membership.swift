import Primitives
import Wire

extension GroupShard {
  mutating func heartbeat(
    _ token: RequestToken, _ request: HeartbeatRequest, at time: Moment, into effects: inout [GroupEffect]
  ) {
    let code = heartbeatResult(request)
    if code == .none || code == .rebalanceInProgress {
      groups[request.groupId]?.restartSession(of: request.memberId, at: time)
      keepScheduled(request.groupId)
    }
    effects.append(.reply(token, .heartbeat(.refusal(code))))
  }

  private func heartbeatResult(_ request: HeartbeatRequest) -> ErrorCode {
    guard let group = groups[request.groupId] else { return .unknownMemberId }
    if let code = group.validate(request.memberId, instanceID: request.groupInstanceId) { return code }
    if request.generationId != group.generation { return .illegalGeneration }
    switch group.state {
    case .empty: return .unknownMemberId
    case .preparingRebalance: return .rebalanceInProgress
    case .completingRebalance, .stable: return .none
    }
  }

  mutating func leaveGroup(
    _ token: RequestToken, _ request: LeaveGroupRequest, _ context: GroupRequestContext, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    var leavers = request.members
    if context.version < 3 {
      var only = LeaveGroupRequest.MemberIdentity()
      only.memberId = request.memberId
      leavers = [only]
    }
    guard var group = take(request.groupId) else {
      let results = leavers.map { LeaveGroupResponse.MemberResponse($0, .unknownMemberId) }
      effects.append(.reply(token, .leaveGroup(.init(results, version: context.version))))
      return
    }
    var results: [LeaveGroupResponse.MemberResponse] = []
    var haveMembersLeft = false
    for leaver in leavers {
      let code = leave(leaver, &group, into: &effects)
      haveMembersLeft = haveMembersLeft || code == .none
      results.append(.init(leaver, code))
    }
    let response = LeaveGroupResponse(results, version: context.version)
    var emptied: AppendToken?
    if haveMembersLeft { emptied = memberGone(&group, at: time, into: &effects) }
    if let emptied {
      appends[emptied]?.purpose = .emptied([.init(token: token, response: response)])
    } else {
      effects.append(.reply(token, .leaveGroup(response)))
    }
    keep(group)
  }

  private mutating func leave(
    _ leaver: LeaveGroupRequest.MemberIdentity, _ group: inout ClassicGroup, into effects: inout [GroupEffect]
  ) -> ErrorCode {
    var memberID = leaver.memberId
    if memberID.isEmpty {
      // An administrator removes a static member by its instance id alone.
      guard let instance = leaver.groupInstanceId, let current = group.staticMembers[instance] else {
        return .unknownMemberId
      }
      memberID = current
    } else if group.pendingMembers.removeValue(forKey: memberID) != nil {
      return .none
    } else if let code = group.validate(memberID, instanceID: leaver.groupInstanceId) {
      return code
    }
    dismiss(memberID, from: &group, .unknownMemberId, into: &effects)
    return .none
  }

  /// Takes a member out of the group and answers what it waits for.
  mutating func dismiss(
    _ memberID: String, from group: inout ClassicGroup, _ code: ErrorCode, into effects: inout [GroupEffect]
  ) {
    guard let member = group.remove(memberID) else { return }
    if let token = member.joinToken {
      effects.append(.reply(token, .joinGroup(.refusal(code, memberID: ""))))
    }
    if let token = member.syncToken { effects.append(.reply(token, .syncGroup(.refusal(code)))) }
  }

  /// Somebody is gone: those who remain share the work anew, or need wait no longer.
  ///
  /// Returns the append of a group that became empty by it.
  mutating func memberGone(
    _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) -> AppendToken? {
    switch group.state {
    case .empty: nil
    case .preparingRebalance: completeJoinIfAllJoined(&group, at: time, into: &effects)
    case .completingRebalance, .stable: prepareRebalance(&group, at: time, into: &effects)
    }
  }
}

extension LeaveGroupResponse {
  /// Before version 3 there is one member, whose error is that of the whole.
  init(_ results: [MemberResponse], version: Int16) {
    self.init()
    if version < 3 {
      errorCode = results.first?.errorCode ?? 0
    } else {
      members = results
    }
  }
}

extension LeaveGroupResponse.MemberResponse {
  init(_ leaver: LeaveGroupRequest.MemberIdentity, _ code: ErrorCode) {
    self.init()
    memberId = leaver.memberId
    groupInstanceId = leaver.groupInstanceId
    errorCode = code.rawValue
  }
}
