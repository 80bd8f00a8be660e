import Primitives
import Wire

extension GroupShard {
  mutating func syncGroup(
    _ token: RequestToken, _ request: SyncGroupRequest, at time: Moment, into effects: inout [GroupEffect]
  ) {
    func refuse(_ code: ErrorCode) { effects.append(.reply(token, .syncGroup(.refusal(code)))) }
    guard var group = take(request.groupId) else { return refuse(.unknownMemberId) }
    let memberID = request.memberId
    if let code = group.validate(memberID, instanceID: request.groupInstanceId) {
      refuse(code)
    } else if request.generationId != group.generation {
      refuse(.illegalGeneration)
    } else if request.protocolType.map({ $0 != group.protocolType }) ?? false
      || request.protocolName.map({ $0 != group.protocolName }) ?? false
    {
      refuse(.inconsistentGroupProtocol)
    } else {
      switch group.state {
      case .empty: refuse(.unknownMemberId)
      case .preparingRebalance: refuse(.rebalanceInProgress)
      case .completingRebalance: awaitAssignment(token, request, &group, at: time, into: &effects)
      case .stable:
        group.syncReceived(from: memberID)
        effects.append(.reply(token, .syncGroup(group.syncResponse(for: memberID))))
      }
    }
    keep(group)
  }

  private mutating func awaitAssignment(
    _ token: RequestToken, _ request: SyncGroupRequest, _ group: inout ClassicGroup, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    let memberID = request.memberId
    if let superseded = group.members[memberID]?.syncToken {
      effects.append(.reply(superseded, .syncGroup(.refusal(.rebalanceInProgress))))
    }
    group.update(memberID) { $0.syncToken = token }
    group.syncReceived(from: memberID)
    // One assignment for a generation: while the first is on its way into the log, the leader's second try only waits
    // with the others.
    guard group.leader == memberID, group.assignmentAppend == nil else { return }
    var assignments: [String: [UInt8]] = [:]
    for entry in request.assignments { assignments[entry.memberId] = entry.assignment }
    group.assignmentAppend = append(
      [.metadata(group.metadata { assignments[$0.id] ?? [] })], to: &group,
      for: .assignment(generation: group.generation), at: time, into: &effects)
  }

  /// The assignment is in the log: members may have it.
  mutating func assignmentStored(
    _ group: inout ClassicGroup, generation: Int32, append token: AppendToken, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    guard group.state == .completingRebalance, group.generation == generation, group.assignmentAppend == token,
      let stored = group.stored
    else { return }
    group.assignmentAppend = nil
    for member in stored.members { group.update(member.memberId) { $0.assignment = member.assignment } }
    group.state = .stable
    group.stateTimestamp = stored.currentStateTimestamp
    for member in group.sortedMembers {
      guard let token = member.syncToken else { continue }
      group.update(member.id) { $0.syncToken = nil }
      group.restartSession(of: member.id, at: time)
      effects.append(.reply(token, .syncGroup(group.syncResponse(for: member.id))))
    }
  }

  mutating func assignmentFailed(
    _ group: inout ClassicGroup, generation: Int32, append token: AppendToken, _ code: ErrorCode, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    guard group.state == .completingRebalance, group.generation == generation, group.assignmentAppend == token
    else { return }
    failSyncs(&group, code, at: time, into: &effects)
    _ = prepareRebalance(&group, at: time, into: &effects)
  }

  func failSyncs(
    _ group: inout ClassicGroup, _ code: ErrorCode, at time: Moment, into effects: inout [GroupEffect]
  ) {
    for member in group.sortedMembers {
      group.update(member.id) {
        $0.assignment = []
        $0.syncToken = nil
      }
      guard let token = member.syncToken else { continue }
      group.restartSession(of: member.id, at: time)
      effects.append(.reply(token, .syncGroup(.refusal(code))))
    }
  }
}

extension ClassicGroup {
  mutating func syncReceived(from memberID: String) {
    pendingSync.remove(memberID)
    if pendingSync.isEmpty { syncDeadline = nil }
  }

  func syncResponse(for memberID: String) -> SyncGroupResponse {
    var response = SyncGroupResponse()
    response.protocolType = protocolType
    response.protocolName = protocolName
    response.assignment = members[memberID]?.assignment ?? []
    return response
  }
}
