import Groups
import Primitives
import Wire

/// The classic group protocol: JoinGroup (11) 0–9, Heartbeat (12) 0–4, LeaveGroup (13) 0–5, SyncGroup (14) 0–5,
/// OffsetCommit (8) 2–10, OffsetFetch (9) 1–10, DescribeGroups (15) 0–6, ListGroups (16) 0–5, DeleteGroups (42) 0–2,
/// OffsetDelete (47) 0. The consumer protocol of KIP-848 is not served.
extension DataPlane {
  func serveGroups(_ context: RequestContext, _ input: UnsafeRawBufferPointer, _ bodyStart: Int) throws(DecodeError) {
    func decode<Request: RequestMessage>(_: Request.Type) throws(DecodeError) -> Request {
      try Request.decode(input, version: context.version, from: bodyStart)
    }
    switch context.api {
    case .joinGroup:
      let request = try decode(JoinGroupRequest.self)
      one(context, .joinGroup(request), request.groupId) {
        if case .joinGroup(let response) = $0 { context.reply(response) }
      } refuse: {
        var response = JoinGroupResponse()
        response.errorCode = ErrorCode.notCoordinator.rawValue
        response.generationId = -1
        response.protocolName = context.version >= 7 ? nil : ""
        response.memberId = request.memberId
        context.reply(response)
      }
    case .syncGroup:
      let request = try decode(SyncGroupRequest.self)
      one(context, .syncGroup(request), request.groupId) {
        if case .syncGroup(let response) = $0 { context.reply(response) }
      } refuse: {
        var response = SyncGroupResponse()
        response.errorCode = ErrorCode.notCoordinator.rawValue
        context.reply(response)
      }
    case .heartbeat:
      let request = try decode(HeartbeatRequest.self)
      one(context, .heartbeat(request), request.groupId) {
        if case .heartbeat(let response) = $0 { context.reply(response) }
      } refuse: {
        var response = HeartbeatResponse()
        response.errorCode = ErrorCode.notCoordinator.rawValue
        context.reply(response)
      }
    case .leaveGroup:
      let request = try decode(LeaveGroupRequest.self)
      one(context, .leaveGroup(request), request.groupId) {
        if case .leaveGroup(let response) = $0 { context.reply(response) }
      } refuse: {
        var response = LeaveGroupResponse()
        response.errorCode = ErrorCode.notCoordinator.rawValue
        context.reply(response)
      }
    case .offsetDelete:
      let request = try decode(OffsetDeleteRequest.self)
      one(context, .offsetDelete(request), request.groupId) {
        if case .offsetDelete(let response) = $0 { context.reply(response) }
      } refuse: {
        var response = OffsetDeleteResponse()
        response.errorCode = ErrorCode.notCoordinator.rawValue
        context.reply(response)
      }
    case .offsetCommit: offsetCommit(context, try decode(OffsetCommitRequest.self))
    case .offsetFetch: offsetFetch(context, try decode(OffsetFetchRequest.self))
    case .describeGroups: describeGroups(context, try decode(DescribeGroupsRequest.self))
    case .listGroups: listGroups(context, try decode(ListGroupsRequest.self))
    default: deleteGroups(context, try decode(DeleteGroupsRequest.self))
    }
  }

  private func one(
    _ context: RequestContext, _ request: GroupRequest, _ group: String, reply: @escaping (GroupResponse) -> Void,
    refuse: @escaping () -> Void
  ) {
    guard let groups else { return refuse() }
    groups.request(request, group: group, context, refuse: refuse, reply)
  }

  private func describeGroups(_ context: RequestContext, _ request: DescribeGroupsRequest) {
    var rows = [DescribeGroupsResponse.DescribedGroup?](repeating: nil, count: request.groups.count)
    var waiting = rows.count
    func finish(_ index: Int, _ row: DescribeGroupsResponse.DescribedGroup) {
      rows[index] = row
      waiting -= 1
      if waiting == 0 { answer() }
    }
    func answer() {
      var response = DescribeGroupsResponse()
      response.groups = rows.compactMap { $0 }
      context.reply(response)
    }
    guard !rows.isEmpty else { return answer() }
    for (index, group) in request.groups.enumerated() {
      one(context, .describeGroup(group), group) {
        if case .describeGroup(let row) = $0 { finish(index, row) }
      } refuse: {
        var row = DescribeGroupsResponse.DescribedGroup()
        row.groupId = group
        row.errorCode = ErrorCode.notCoordinator.rawValue
        finish(index, row)
      }
    }
  }

  private func deleteGroups(_ context: RequestContext, _ request: DeleteGroupsRequest) {
    var response = DeleteGroupsResponse()
    var waiting = request.groupsNames.count
    func finish(_ row: DeleteGroupsResponse.DeletableGroupResult) {
      response.results.append(row)
      waiting -= 1
      if waiting == 0 { context.reply(response) }
    }
    guard waiting > 0 else { return context.reply(response) }
    for group in request.groupsNames {
      one(context, .deleteGroup(group), group) {
        if case .deleteGroup(let row) = $0 { finish(row) }
      } refuse: {
        var row = DeleteGroupsResponse.DeletableGroupResult()
        row.groupId = group
        row.errorCode = ErrorCode.notCoordinator.rawValue
        finish(row)
      }
    }
  }

  private func listGroups(_ context: RequestContext, _ request: ListGroupsRequest) {
    guard let groups else { return context.reply(ListGroupsResponse()) }
    groups.requestAll(.listGroups(request), context) { answers in
      var response = ListGroupsResponse()
      for case .listGroups(let part) in answers {
        // A shard that still loads makes the whole list incomplete, and says so.
        if part.errorCode != 0 { response.errorCode = part.errorCode }
        response.groups += part.groups
      }
      response.groups.sort { $0.groupId < $1.groupId }
      context.reply(response)
    }
  }
}
