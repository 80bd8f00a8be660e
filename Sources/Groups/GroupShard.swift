import Primitives
import Wire

/// The group coordinator of one partition of `__consumer_offsets`: all groups that hash to it, and their offsets.
///
/// A pure core, owned by one event loop. Implements the classic group protocol of Apache Kafka 4.3 (KIP-62, 345, 394,
/// 559, 800, 814); not the consumer protocol of KIP-848, not transactional commits.
///
/// What a request changes becomes visible, and is answered, when its records are replicated. So memory is at any time
/// what a replay of the replicated log gives, and the next coordinator knows all that clients were told.
public struct GroupShard: Sendable {
  public let configuration: GroupConfiguration
  var phase = Phase.loading
  var groups: [String: ClassicGroup] = [:]
  var appends: [AppendToken: PendingAppend] = [:]
  /// Appends that are in the log but not known to be replicated, oldest first.
  var appendsInDoubt: [AppendToken] = []
  var nextAppendToken: AppendToken = 1
  var appendTimeouts = AppendTimeouts()
  var deadlines = DeadlineQueue()
  var nextRetentionCheck: Instant?
  var random: RandomSource

  enum Phase: Sendable {
    case loading
    case serving(LeaderEpoch)
    case unloaded
  }

  /// - Parameter random: where member ids come from; of unguessable seed in production.
  public init(configuration: GroupConfiguration, random: RandomSource) {
    self.configuration = configuration
    self.random = random
  }

  /// The epoch under which the shard serves; nil while it loads or has been unloaded. Appends belong to this epoch.
  public var servingEpoch: LeaderEpoch? {
    if case .serving(let epoch) = phase { epoch } else { nil }
  }

  /// When the shard wants a `timer` event; nil if never. May be too early, never too late.
  public var nextDeadline: Instant? {
    guard servingEpoch != nil else { return nil }
    var earliest = nextRetentionCheck ?? .distantFuture
    if let first = deadlines.first { earliest = min(earliest, first.deadline) }
    if let first = appendTimeouts.first { earliest = min(earliest, first.deadline) }
    return earliest
  }

  /// Handles one event.
  ///
  /// - Parameters:
  ///   - now: monotonic time, for timeouts.
  ///   - wallClockMs: wall-clock time in milliseconds since 1970, for what is stored and for retention.
  ///   - effects: what is to be done is appended, in order.
  public mutating func handle(
    _ event: GroupEvent, at now: Instant, wallClockMs: Int64, into effects: inout [GroupEffect]
  ) {
    let time = Moment(now: now, wallClockMs: wallClockMs)
    switch event {
    case .load:
      unload(into: &effects)
      phase = .loading
    case .replay(let key, let value, _):
      replay(key: key, value: value, into: &effects)
    case .loaded(let epoch):
      finishLoading(epoch: epoch, at: time, into: &effects)
    case .unload:
      unload(into: &effects)
    case .request(let token, let request, let context):
      receive(token, request, context, at: time, into: &effects)
    case .appendResult(let token, let code):
      appendEnded(token, code, at: time, into: &effects)
    case .topicsDeleted(let topics):
      removeOffsets(ofTopics: topics, at: time, into: &effects)
    case .timer:
      expire(at: time, into: &effects)
    }
  }

  // MARK: requests

  mutating func receive(
    _ token: RequestToken, _ request: GroupRequest, _ context: GroupRequestContext, at time: Moment,
    into effects: inout [GroupEffect]
  ) {
    switch phase {
    case .serving: break
    case .loading:
      // "The group is still loading, so respond just blindly": a heartbeat is never refused for it.
      if case .heartbeat = request {
        effects.append(.reply(token, .heartbeat(HeartbeatResponse())))
      } else {
        effects.append(.reply(token, request.refusal(.coordinatorLoadInProgress, version: context.version)))
      }
      return
    case .unloaded:
      effects.append(.reply(token, request.refusal(.notCoordinator, version: context.version)))
      return
    }
    if let group = request.changedGroup {
      if !isStorable(group) || (group.isEmpty && !request.allowsEmptyGroupID) {
        effects.append(.reply(token, request.refusal(.invalidGroupId, version: context.version)))
        return
      }
      if request.canReviveGroup, groups[group]?.deletion != nil {
        groups[group]?.deferred.append(.init(token: token, request: request, context: context))
        return
      }
    }
    switch request {
    case .joinGroup(let join): joinGroup(token, join, context, at: time, into: &effects)
    case .syncGroup(let sync): syncGroup(token, sync, at: time, into: &effects)
    case .heartbeat(let heartbeat): self.heartbeat(token, heartbeat, at: time, into: &effects)
    case .leaveGroup(let leave): leaveGroup(token, leave, context, at: time, into: &effects)
    case .offsetCommit(let commit): offsetCommit(token, commit, at: time, into: &effects)
    case .offsetFetch(let fetch): effects.append(.reply(token, .offsetFetch(offsets(fetch, version: context.version))))
    case .describeGroup(let id): effects.append(.reply(token, .describeGroup(describe(id, version: context.version))))
    case .deleteGroup(let id): deleteGroup(token, id, at: time, into: &effects)
    case .offsetDelete(let delete): offsetDelete(token, delete, at: time, into: &effects)
    case .listGroups(let list): effects.append(.reply(token, .listGroups(self.list(list))))
    }
  }

  // MARK: groups in hand

  /// Takes a group out, to be changed and given back by `keep`: moved, not copied.
  mutating func take(_ id: String) -> ClassicGroup? { groups.removeValue(forKey: id) }

  mutating func keep(_ group: consuming ClassicGroup) {
    if group.isForgotten { return }
    if group.earliestDeadline < group.scheduled {
      group.scheduled = group.earliestDeadline
      deadlines.insert(.init(deadline: group.scheduled, group: group.id))
    }
    groups[group.id] = group
  }
}

/// Strings in stored records have 16-bit lengths.
func isStorable(_ text: String) -> Bool { text.utf8.count <= Int(Int16.max) }

extension GroupRequest {
  /// The group that the request may change; nil if it only reads.
  var changedGroup: String? {
    switch self {
    case .joinGroup(let request): request.groupId
    case .syncGroup(let request): request.groupId
    case .heartbeat(let request): request.groupId
    case .leaveGroup(let request): request.groupId
    case .offsetCommit(let request): request.groupId
    case .offsetDelete(let request): request.groupId
    case .deleteGroup(let id): id
    case .offsetFetch, .describeGroup, .listGroups: nil
    }
  }

  /// What the request does depends on whether the group's deletion succeeds. A group that is being deleted has no
  /// members, so the requests of members need not wait to be refused.
  var canReviveGroup: Bool {
    switch self {
    case .joinGroup, .offsetCommit, .offsetDelete, .deleteGroup: true
    case .syncGroup, .heartbeat, .leaveGroup, .offsetFetch, .describeGroup, .listGroups: false
    }
  }

  /// Offsets could be committed for the group with the empty id in Kafka's early days; they still can, and can be
  /// deleted.
  var allowsEmptyGroupID: Bool {
    switch self {
    case .offsetCommit, .offsetFetch, .offsetDelete, .deleteGroup, .describeGroup, .listGroups: true
    case .joinGroup, .syncGroup, .heartbeat, .leaveGroup: false
    }
  }
}
