import Primitives
import Wire

/// The states of a classic group, by Kafka's names. Dead groups are not kept.
enum GroupState: String, Sendable {
  case empty = "Empty"
  case preparingRebalance = "PreparingRebalance"
  case completingRebalance = "CompletingRebalance"
  case stable = "Stable"
}

/// One group of the classic protocol.
///
/// | state | event | next |
/// |---|---|---|
/// | Empty | a member joins | PreparingRebalance: waits for the initial delay |
/// | PreparingRebalance | all members have joined, or the time is up | CompletingRebalance, or Empty without members |
/// | CompletingRebalance | the leader's assignment is in the log | Stable |
/// | CompletingRebalance, Stable | a member joins anew, leaves or falls silent | PreparingRebalance |
///
/// What is in the log (`stored`, `offsets`) changes only by `apply`, for live appends and for replay alike; the rest is
/// volatile and made anew from `stored` by the next coordinator.
struct ClassicGroup: Sendable {
  let id: String

  // MARK: what the log has
  var stored: GroupMetadataValue?
  var offsets: [String: [Int32: CommittedOffset]] = [:]

  // MARK: volatile
  var state = GroupState.empty
  /// When the state was entered, in milliseconds of wall-clock time; nil if the log did not know.
  var stateTimestamp: Int64?
  var generation: Int32 = 0
  var protocolType: String?
  var protocolName: String?
  var leader: String?
  private(set) var members: [String: GroupMember] = [:]
  /// Member ids of static members by instance id.
  private(set) var staticMembers: [String: String] = [:]
  private(set) var awaitingJoinCount = 0
  private var nextOrder: UInt64 = 0
  /// Ids handed out with MEMBER_ID_REQUIRED, and until when they may be used.
  var pendingMembers: [String: Instant] = [:]
  /// Members of this generation that have not sent SyncGroup.
  var pendingSync: Set<String> = []
  var joinDeadline: Instant?
  var syncDeadline: Instant?
  /// Set while the first rebalance of an empty group waits for more members.
  var initialDelay: InitialDelay?
  /// The append of this generation's assignment, while it is under way.
  var assignmentAppend: AppendToken?
  /// Appends of this group without a final result, oldest first.
  var openAppends: [AppendToken] = []
  /// The append of the group's tombstone; requests that change the group wait for its outcome.
  var deletion: AppendToken?
  var deferred: [DeferredRequest] = []
  /// No deadline of the group is earlier.
  var earliestDeadline = Instant.distantFuture
  /// The moment of the group's valid entry in the queue of deadlines.
  var scheduled = Instant.distantFuture

  struct InitialDelay: Sendable {
    /// What is left of the rebalance timeout after the present delay.
    var remaining: TimeSpan
    /// The present delay.
    var delay: TimeSpan
    var newMemberAdded = false
  }

  struct DeferredRequest: Sendable {
    var token: RequestToken
    var request: GroupRequest
    var context: GroupRequestContext
  }

  init(id: String) { self.id = id }

  /// In the order in which they joined.
  var sortedMembers: [GroupMember] { members.values.sorted { $0.order < $1.order } }
  var rebalanceTimeout: TimeSpan {
    .milliseconds(Int64(members.values.reduce(0) { max($0, $1.rebalanceTimeoutMs) }))
  }
  var allMembersJoined: Bool { awaitingJoinCount == members.count && pendingMembers.isEmpty }
  /// Neither the log nor anybody in memory knows the group.
  var isForgotten: Bool {
    stored == nil && offsets.isEmpty && state == .empty && members.isEmpty && pendingMembers.isEmpty
      && openAppends.isEmpty && deferred.isEmpty
  }

  mutating func schedule(_ deadline: Instant) { earliestDeadline = min(earliestDeadline, deadline) }

  mutating func enter(_ next: GroupState, at time: Moment) {
    state = next
    stateTimestamp = time.wallClockMs
  }

  mutating func beginGeneration() { generation = generation == .max ? 0 : generation + 1 }

  // MARK: members

  mutating func add(_ member: GroupMember) {
    if members.isEmpty { nextOrder = 0 }
    var member = member
    member.order = nextOrder
    nextOrder += 1
    invariant(members[member.id] == nil, "group \(id): \(member.id) joined twice")
    if let instance = member.instanceID { staticMembers[instance] = member.id }
    if member.joinToken != nil { awaitingJoinCount += 1 }
    if leader == nil { leader = member.id }
    members[member.id] = member
  }

  mutating func remove(_ memberID: String) -> GroupMember? {
    guard let member = members.removeValue(forKey: memberID) else { return nil }
    if member.joinToken != nil { awaitingJoinCount -= 1 }
    if let instance = member.instanceID, staticMembers[instance] == memberID { staticMembers[instance] = nil }
    pendingSync.remove(memberID)
    if leader == memberID { leader = members.values.min { $0.order < $1.order }?.id }
    return member
  }

  /// Changes a member in place; not its id, instance id or waiting join.
  mutating func update(_ memberID: String, _ change: (inout GroupMember) -> Void) {
    guard let index = members.index(forKey: memberID) else { return }
    change(&members.values[index])
  }

  /// Sets the waiting JoinGroup of a member and returns the one that waited before.
  @discardableResult
  mutating func setJoinToken(_ token: RequestToken?, of memberID: String) -> RequestToken? {
    guard let previous = members[memberID]?.joinToken else {
      if token != nil, members[memberID] != nil {
        members[memberID]?.joinToken = token
        awaitingJoinCount += 1
      }
      return nil
    }
    members[memberID]?.joinToken = token
    if token == nil { awaitingJoinCount -= 1 }
    return previous
  }

  /// Gives a static member a new id in its old place.
  mutating func rename(_ memberID: String, to newID: String) {
    guard var member = members.removeValue(forKey: memberID) else { return }
    member.id = newID
    members[newID] = member
    if let instance = member.instanceID { staticMembers[instance] = newID }
    if leader == memberID { leader = newID }
    if pendingSync.remove(memberID) != nil { pendingSync.insert(newID) }
  }
}
