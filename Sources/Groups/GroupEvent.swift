import Primitives
import Wire

/// Names one waiting request; chosen by the shell, given back in `GroupEffect.reply`.
public typealias RequestToken = UInt64
/// Names one batch on its way into the log; chosen by the shard, growing, and from another range for each leader
/// epoch, so that a late result of an earlier leadership means nothing to a later one.
public typealias AppendToken = UInt64

/// What happens to a group shard.
///
/// A shard's life: `load`, any number of `replay`, `loaded`, then requests and the results of appends; `unload` when
/// the partition's leader moves away. A new shard is loading.
public enum GroupEvent: Sendable {
  /// The replica became leader and starts to read its partition; whatever was in memory is dropped.
  case load(epoch: LeaderEpoch)
  /// One stored record, in the order of the log; a nil value is a tombstone.
  case replay(key: [UInt8], value: [UInt8]?, timestamp: Int64)
  /// All records up to the high watermark at the leader's start have been replayed: the shard serves.
  case loaded(epoch: LeaderEpoch)
  /// The replica leads no longer: every waiting request is answered NOT_COORDINATOR and memory is dropped.
  case unload
  /// A request, already checked for its API's version range and for authorization.
  case request(token: RequestToken, GroupRequest, GroupRequestContext)
  /// The outcome of an append, in the order of the appends.
  ///
  /// - `none`: replicated. It also settles every earlier append that was in doubt.
  /// - `requestTimedOut`, `notEnoughReplicasAfterAppend`: in the log, but not known to be replicated. Waiting requests
  ///   are refused and the append stays open: the shell reports again once the high watermark passes. The shard does
  ///   the same of itself when an append takes longer than `offsets.commit.timeout.ms`.
  /// - `notLeaderOrFollower`, `kafkaStorageError`: leadership is lost; the same as `unload`.
  /// - any other code: the batch is not in the log and never will be.
  case appendResult(AppendToken, ErrorCode)
  /// Topics are gone: their offsets go, too.
  case topicsDeleted([String])
  /// `nextDeadline` has come.
  case timer
}

/// What a request travels with.
public struct GroupRequestContext: Sendable, Equatable {
  /// The request's API version.
  public var version: Int16
  public var clientID: String
  /// The client's address in Kafka's form: `/127.0.0.1`.
  public var clientHost: String

  public init(version: Int16, clientID: String, clientHost: String) {
    self.version = version
    self.clientID = clientID
    self.clientHost = clientHost
  }
}

/// A request for one shard.
///
/// The shell sends each group to the shard of `coordinatorPartition`: DescribeGroups and DeleteGroups group by group,
/// OffsetFetch (from version 8) with the groups of this shard only, ListGroups to every shard, joining the answers.
/// Topics in OffsetCommit and OffsetFetch carry name *and* id: the shell fills in what the version does not carry
/// (`UUID128.zero` if it knows no id), and answers unknown ids itself.
public enum GroupRequest: Sendable, Equatable {
  case joinGroup(JoinGroupRequest)
  case syncGroup(SyncGroupRequest)
  case heartbeat(HeartbeatRequest)
  case leaveGroup(LeaveGroupRequest)
  case offsetCommit(OffsetCommitRequest)
  case offsetFetch(OffsetFetchRequest)
  case describeGroup(String)
  case deleteGroup(String)
  case offsetDelete(OffsetDeleteRequest)
  case listGroups(ListGroupsRequest)
}
