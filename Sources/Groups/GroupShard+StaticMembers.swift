import Primitives
import Wire

extension GroupShard {
  /// A static member came back without its id: it gets a new one and its old place (KIP-345).
  ///
  /// In a stable group it also gets its old assignment, without a rebalance, if the group would choose the same
  /// protocol and the member reads the same topics. (Apache Kafka does not compare the topics.)
  mutating func replaceStaticMember(
    _ previousID: String, with memberID: String, _ join: Join, _ group: inout ClassicGroup, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    guard let previous = group.members[previousID] else { return }
    let previousLeader = group.leader
    if let token = group.setJoinToken(nil, of: previousID) {
      effects.append(.reply(token, .joinGroup(.refusal(.fencedInstanceId, memberID: previousID))))
    }
    if let token = previous.syncToken {
      effects.append(.reply(token, .syncGroup(.refusal(.fencedInstanceId))))
      group.update(previousID) { $0.syncToken = nil }
    }
    group.rename(previousID, to: memberID)
    updateMember(memberID, join, &group, into: &effects)
    group.restartSession(of: memberID, at: time)

    guard group.state == .stable, group.selectedProtocol == group.protocolName,
      readsSameTopics(previous, [SupportedProtocol](join.request), in: group)
    else {
      rebalance(&group, at: time, into: &effects)
      return
    }
    let isLeader = group.leader == memberID
    let canSkip = join.context.version >= 9
    var response = group.joinResponse(for: memberID, withMembers: isLeader && canSkip)
    // KIP-814: a leader from version 9 on is told to leave the assignment as it is; an older one is told of another
    // leader, its own former self, so that it does not assign.
    response.skipAssignment = isLeader && canSkip
    if !canSkip { response.leader = previousLeader ?? "" }
    _ = append(
      [.metadata(group.metadata { $0.assignment })], to: &group,
      for: .staticMember(
        join.token, memberID: memberID, instanceID: join.request.groupInstanceId ?? "", generation: group.generation,
        response), at: time, into: &effects)
  }

  private func readsSameTopics(
    _ previous: GroupMember, _ protocols: [SupportedProtocol], in group: ClassicGroup
  ) -> Bool {
    guard group.protocolType == ClassicGroup.consumerProtocolType else { return true }
    let now = protocols.first { $0.name == group.protocolName }?.metadata ?? []
    return ClassicGroup.topics(ofSubscription: previous.metadata(for: group.protocolName))
      == ClassicGroup.topics(ofSubscription: now)
  }
}
