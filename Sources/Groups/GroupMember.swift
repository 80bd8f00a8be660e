import Primitives
import Wire

/// A way to assign partitions that a member can take part in, with what it says to the assigning leader.
struct SupportedProtocol: Sendable, Equatable {
  var name: String
  /// A `ConsumerProtocolSubscription`, if the group's protocol type is `consumer`.
  var metadata: [UInt8]
}

/// A member of a classic group.
struct GroupMember: Sendable, Equatable {
  var id: String
  /// `group.instance.id` of a static member (KIP-345).
  var instanceID: String?
  var clientID: String
  var clientHost: String
  var rebalanceTimeoutMs: Int32
  var sessionTimeoutMs: Int32
  /// In the member's order of preference.
  var protocols: [SupportedProtocol]
  var assignment: [UInt8] = []
  /// Grows with each member: the order in which they joined.
  var order: UInt64 = 0
  /// The JoinGroup request that waits for the generation to begin.
  var joinToken: RequestToken?
  /// The SyncGroup request that waits for the leader's assignment.
  var syncToken: RequestToken?
  /// True until the first JoinGroup answer: it cannot send heartbeats yet.
  var isNew = true
  var sessionDeadline = Instant.distantFuture

  /// While an answer is owed to a member it is alive, without heartbeats; only a new one is given a limit.
  var isExemptFromSession: Bool { !isNew && (joinToken != nil || syncToken != nil) }
  var sessionTimeout: TimeSpan { .milliseconds(Int64(sessionTimeoutMs)) }

  func metadata(for protocolName: String?) -> [UInt8] {
    protocols.first { $0.name == protocolName }?.metadata ?? []
  }
}

extension GroupMember {
  /// As the log has it: it knows the protocol that was chosen, no other.
  init(_ stored: GroupMetadataValue.MemberMetadata, protocolName: String?) {
    self.init(
      id: stored.memberId, instanceID: stored.groupInstanceId, clientID: stored.clientId,
      clientHost: stored.clientHost,
      rebalanceTimeoutMs: stored.rebalanceTimeout < 0 ? stored.sessionTimeout : stored.rebalanceTimeout,
      sessionTimeoutMs: stored.sessionTimeout,
      protocols: [SupportedProtocol(name: protocolName ?? "", metadata: stored.subscription)],
      assignment: stored.assignment, isNew: false)
  }

  func stored(protocolName: String?, assignment: [UInt8]) -> GroupMetadataValue.MemberMetadata {
    var value = GroupMetadataValue.MemberMetadata()
    value.memberId = id
    value.groupInstanceId = instanceID
    value.clientId = clientID
    value.clientHost = clientHost
    value.rebalanceTimeout = rebalanceTimeoutMs
    value.sessionTimeout = sessionTimeoutMs
    value.subscription = metadata(for: protocolName)
    value.assignment = assignment
    return value
  }
}

extension [SupportedProtocol] {
  init(_ request: JoinGroupRequest) {
    self = request.protocols.map { SupportedProtocol(name: $0.name, metadata: $0.metadata) }
  }
}
