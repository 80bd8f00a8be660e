import Primitives
import Wire

extension GroupShard {
  mutating func joinGroup(
    _ token: RequestToken, _ request: JoinGroupRequest, _ context: GroupRequestContext, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    func refuse(_ code: ErrorCode) {
      effects.append(.reply(token, .joinGroup(.refusal(code, memberID: request.memberId))))
    }
    guard request.isStorable, isStorable(context.clientID), isStorable(context.clientHost) else {
      return refuse(.invalidRequest)
    }
    let allowed =
      configuration
      .groupMinSessionTimeoutMs...max(
        configuration.groupMinSessionTimeoutMs, configuration.groupMaxSessionTimeoutMs)
    guard allowed.contains(request.sessionTimeoutMs) else { return refuse(.invalidSessionTimeout) }

    let existing = take(request.groupId)
    let isNewGroup = existing?.isKnown != true
    if isNewGroup, !request.memberId.isEmpty {
      // Only a member without an id makes a group.
      if let existing { keep(existing) }
      return refuse(.unknownMemberId)
    }
    var group = existing ?? ClassicGroup(id: request.groupId)
    let before = nextAppendToken
    let join = Join(token: token, request: request, context: context)
    if !hasRoom(for: request.memberId, in: group) {
      refuse(.groupMaxSizeReached)
      if group.pendingMembers.removeValue(forKey: request.memberId) != nil {
        completeJoinIfAllJoined(&group, at: time, into: &effects)
      }
    } else if !group.supports(request.protocolType, [SupportedProtocol](request)) {
      refuse(.inconsistentGroupProtocol)
    } else if request.memberId.isEmpty {
      joinWithoutID(join, &group, at: time, into: &effects)
    } else if group.pendingMembers.removeValue(forKey: request.memberId) != nil {
      addMember(request.memberId, join, to: &group, at: time, into: &effects)
    } else if let code = group.validate(request.memberId, instanceID: request.groupInstanceId) {
      refuse(code)
    } else {
      rejoin(join, &group, at: time, into: &effects)
    }
    if isNewGroup, group.isKnown, before == nextAppendToken {
      // Kafka writes an empty group first, so that the next coordinator knows the group, too.
      _ = append([.metadata(.newGroup(at: time))], to: &group, for: .creation, at: time, into: &effects)
    }
    keep(group)
  }

  struct Join {
    var token: RequestToken
    var request: JoinGroupRequest
    var context: GroupRequestContext

    /// Version 0 has no rebalance timeout: the session timeout stands in for it.
    var rebalanceTimeoutMs: Int32 {
      context.version >= 1 ? max(0, request.rebalanceTimeoutMs) : request.sessionTimeoutMs
    }
  }

  private func hasRoom(for memberID: String, in group: ClassicGroup) -> Bool {
    let limit = Int(configuration.groupMaxSize)
    switch group.state {
    case .empty: return true
    case .preparingRebalance:
      return group.members[memberID]?.joinToken != nil || group.awaitingJoinCount < limit
    case .completingRebalance, .stable:
      return group.members[memberID] != nil || group.members.count < limit
    }
  }

  private mutating func joinWithoutID(
    _ join: Join, _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) {
    let request = join.request
    let memberID = "\(request.groupInstanceId ?? join.context.clientID)-\(UUID128.random(using: &random).javaText)"
    if let instanceID = request.groupInstanceId {
      if let previous = group.staticMembers[instanceID] {
        replaceStaticMember(previous, with: memberID, join, &group, at: time, into: &effects)
      } else {
        addMember(memberID, join, to: &group, at: time, into: &effects)
      }
    } else if join.context.version >= 4 {
      // KIP-394: a member whose first answer is lost would be a ghost; so it must come back with its id.
      let deadline = time.now + .milliseconds(Int64(request.sessionTimeoutMs))
      group.pendingMembers[memberID] = deadline
      group.schedule(deadline)
      effects.append(.reply(join.token, .joinGroup(.refusal(.memberIdRequired, memberID: memberID))))
    } else {
      addMember(memberID, join, to: &group, at: time, into: &effects)
    }
  }

  private mutating func addMember(
    _ memberID: String, _ join: Join, to group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) {
    let request = join.request
    if group.members.isEmpty { group.protocolType = request.protocolType }
    let deadline = time.now + .milliseconds(Int64(configuration.newMemberJoinTimeoutMs))
    group.add(
      GroupMember(
        id: memberID, instanceID: request.groupInstanceId, clientID: join.context.clientID,
        clientHost: join.context.clientHost, rebalanceTimeoutMs: join.rebalanceTimeoutMs,
        sessionTimeoutMs: request.sessionTimeoutMs, protocols: [SupportedProtocol](request), joinToken: join.token,
        sessionDeadline: deadline))
    group.schedule(deadline)
    group.initialDelay?.newMemberAdded = true
    rebalance(&group, at: time, into: &effects)
  }

  /// A member that the group knows asks to join: again, or anew.
  private mutating func rejoin(
    _ join: Join, _ group: inout ClassicGroup, at time: Moment, into effects: inout [GroupEffect]
  ) {
    let memberID = join.request.memberId
    let isUnchanged = group.members[memberID]?.protocols == [SupportedProtocol](join.request)
    let isLeader = group.leader == memberID
    switch group.state {
    case .completingRebalance where isUnchanged:
      // It may have missed the answer: it is told again what it was told.
      effects.append(.reply(join.token, .joinGroup(group.joinResponse(for: memberID, withMembers: isLeader))))
    case .stable where isUnchanged && !isLeader:
      effects.append(.reply(join.token, .joinGroup(group.joinResponse(for: memberID, withMembers: false))))
    case .preparingRebalance, .completingRebalance, .stable:
      updateMember(memberID, join, &group, into: &effects)
      rebalance(&group, at: time, into: &effects)
    case .empty:
      effects.append(.reply(join.token, .joinGroup(.refusal(.unknownMemberId, memberID: memberID))))
    }
  }

  mutating func updateMember(
    _ memberID: String, _ join: Join, _ group: inout ClassicGroup, into effects: inout [GroupEffect]
  ) {
    group.update(memberID) { member in
      member.protocols = [SupportedProtocol](join.request)
      member.rebalanceTimeoutMs = join.rebalanceTimeoutMs
      member.sessionTimeoutMs = join.request.sessionTimeoutMs
      member.clientID = join.context.clientID
      member.clientHost = join.context.clientHost
    }
    if let superseded = group.setJoinToken(join.token, of: memberID) {
      // Only a client that gave up on its first request sends a second one.
      effects.append(.reply(superseded, .joinGroup(.refusal(.rebalanceInProgress, memberID: memberID))))
    }
  }
}

extension JoinGroupRequest {
  /// False if a string is too long for the stored form of a group; generated ids are 37 bytes longer than their origin.
  var isStorable: Bool {
    Groups.isStorable(memberId) && Groups.isStorable(protocolType)
      && protocols.allSatisfy { Groups.isStorable($0.name) }
      && (groupInstanceId?.utf8.count ?? 0) <= Int(Int16.max) - 37
  }
}

extension GroupMetadataValue {
  /// What Kafka writes when a group is made.
  static func newGroup(at time: Moment) -> Self {
    var value = Self()
    value.protocol = nil
    value.leader = nil
    value.currentStateTimestamp = time.wallClockMs
    return value
  }
}

extension UUID128 {
  /// The form of Java's `UUID.toString`: 8-4-4-4-12 hexadecimal digits.
  var javaText: String {
    let digits = hex(high) + hex(low)
    var text = ""
    for (index, digit) in digits.enumerated() {
      if [8, 12, 16, 20].contains(index) { text.append("-") }
      text.append(digit)
    }
    return text
  }

  private func hex(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
