import Wire

/// What a group shard wants done.
public enum GroupEffect: Sendable, Equatable {
  /// Write the records as one batch to the shard's partition with acks=all, and report with `appendResult`.
  case append(AppendToken, [GroupRecord])
  /// Answer a request; each request is answered exactly once.
  case reply(RequestToken, GroupResponse)
  /// A stored record could not be read and was passed over; worth a line in the log.
  case unreadableRecord(reason: String)
}

/// A record of `__consumer_offsets`; a nil value is a tombstone.
public struct GroupRecord: Sendable, Equatable {
  public var key: [UInt8]
  public var value: [UInt8]?

  public init(key: [UInt8], value: [UInt8]?) {
    self.key = key
    self.value = value
  }
}

/// The answer to a `GroupRequest` of the same name.
///
/// `throttleTimeMs` and authorized operations are left to the shell.
public enum GroupResponse: Sendable, Equatable {
  case joinGroup(JoinGroupResponse)
  case syncGroup(SyncGroupResponse)
  case heartbeat(HeartbeatResponse)
  case leaveGroup(LeaveGroupResponse)
  case offsetCommit(OffsetCommitResponse)
  case offsetFetch(OffsetFetchResponse)
  case describeGroup(DescribeGroupsResponse.DescribedGroup)
  case deleteGroup(DeleteGroupsResponse.DeletableGroupResult)
  case offsetDelete(OffsetDeleteResponse)
  case listGroups(ListGroupsResponse)
}
