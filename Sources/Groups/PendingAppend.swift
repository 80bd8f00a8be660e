import Primitives
import Wire

/// A batch on its way into the log, and what depends on it.
struct PendingAppend: Sendable {
  var group: String
  var changes: [StoredChange]
  var purpose: Purpose

  enum Purpose: Sendable {
    /// A group's first record.
    case creation
    /// Offsets of a commit; the answer if it succeeds.
    case offsetCommit(RequestToken, OffsetCommitResponse)
    /// The leader's assignment for a generation.
    case assignment(generation: Int32)
    /// A static member that came back under a new id, in the middle of a generation; the answer if it succeeds.
    case staticMember(RequestToken, memberID: String, instanceID: String, generation: Int32, JoinGroupResponse)
    /// The group has no members any more; the leavers' answer, if a request was the reason.
    case emptied([Leave])
    /// The group's tombstone; nil if it has expired.
    case deletion(RequestToken?)
    /// Tombstones of offsets; nil if they expired or their topics are gone.
    case offsetDeletion(RequestToken?, OffsetDeleteResponse)
  }

  struct Leave: Sendable {
    var token: RequestToken
    var response: LeaveGroupResponse
  }

  /// The answers owed by this append, as a refusal. `staticMember` is not among them: its JoinGroup waits with the
  /// member.
  func refusals(_ code: ErrorCode) -> [GroupEffect] {
    switch purpose {
    case .offsetCommit(let token, let response):
      return [.reply(token, .offsetCommit(response.failed(Self.commitError(code))))]
    case .emptied(let leaves):
      return leaves.map { .reply($0.token, .leaveGroup(.refusal(Self.groupError(code)))) }
    case .deletion(let token?):
      return [.reply(token, .deleteGroup(.result(Self.groupError(code), group: group)))]
    case .offsetDeletion(let token?, _):
      return [.reply(token, .offsetDelete(.refusal(Self.groupError(code))))]
    case .creation, .assignment, .staticMember, .deletion(nil), .offsetDeletion(nil, _):
      return []
    }
  }

  /// The append goes on without anybody who waits for its outcome.
  mutating func forgetWaiting() {
    switch purpose {
    case .emptied: purpose = .emptied([])
    case .deletion: purpose = .deletion(nil)
    case .offsetCommit, .offsetDeletion: purpose = .offsetDeletion(nil, OffsetDeleteResponse())
    case .creation, .assignment, .staticMember: break
    }
  }

  /// What clients are told when the log refuses a batch: they know how to deal with a coordinator's errors only.
  static func groupError(_ code: ErrorCode) -> ErrorCode {
    switch code {
    case .unknownTopicOrPartition, .notEnoughReplicas, .notEnoughReplicasAfterAppend, .requestTimedOut:
      .coordinatorNotAvailable
    case .notLeaderOrFollower, .kafkaStorageError: .notCoordinator
    case .messageTooLarge, .recordListTooLarge, .invalidFetchSize: .unknownServerError
    default: code
    }
  }

  /// The same for OffsetCommit, which has a code of its own for commits that are too large.
  static func commitError(_ code: ErrorCode) -> ErrorCode {
    switch code {
    case .messageTooLarge, .recordListTooLarge, .invalidFetchSize: .invalidCommitOffsetSize
    default: groupError(code)
    }
  }
}
