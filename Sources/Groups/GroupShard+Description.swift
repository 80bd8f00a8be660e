import Primitives
import Wire

extension GroupShard {
  /// A group's members are described in detail when it is stable; before, they have no assignment.
  func describe(_ id: String, version: Int16) -> DescribeGroupsResponse.DescribedGroup {
    var answer = DescribeGroupsResponse.DescribedGroup()
    answer.groupId = id
    guard let group = groups[id], group.isKnown else {
      answer.groupState = "Dead"
      if version >= 6 {
        answer.errorCode = ErrorCode.groupIdNotFound.rawValue
        answer.errorMessage = "Group \(id) not found."
      }
      return answer
    }
    let isStable = group.state == .stable
    answer.groupState = group.state.rawValue
    answer.protocolType = group.protocolType ?? ""
    answer.protocolData = isStable ? group.protocolName ?? "" : ""
    answer.members = group.sortedMembers.map { member in
      var entry = DescribeGroupsResponse.DescribedGroupMember()
      entry.memberId = member.id
      entry.groupInstanceId = member.instanceID
      entry.clientId = member.clientID
      entry.clientHost = member.clientHost
      if isStable {
        entry.memberMetadata = member.metadata(for: group.protocolName)
        entry.memberAssignment = member.assignment
      }
      return entry
    }
    return answer
  }

  /// The groups of this shard, by id. Filters know no difference between upper and lower case.
  func list(_ request: ListGroupsRequest) -> ListGroupsResponse {
    var response = ListGroupsResponse()
    let types = Set(request.typesFilter.map { $0.lowercased() })
    guard types.isEmpty || types.contains(Self.groupType) else { return response }
    let states = Set(request.statesFilter.map { $0.lowercased() })
    for group in sortedGroups where group.isKnown {
      guard states.isEmpty || states.contains(group.state.rawValue.lowercased()) else { continue }
      var entry = ListGroupsResponse.ListedGroup()
      entry.groupId = group.id
      entry.protocolType = group.protocolType ?? ""
      entry.groupState = group.state.rawValue
      entry.groupType = Self.groupType
      response.groups.append(entry)
    }
    return response
  }

  private static let groupType = "classic"
}
