import Primitives
import Wire

extension ClassicGroup {
  /// The group is there for clients to see.
  var isKnown: Bool {
    stored != nil || !offsets.isEmpty || state != .empty || !members.isEmpty || !pendingMembers.isEmpty
  }

  /// Whether a member with these protocols could work with all who are here.
  func supports(_ type: String, _ protocols: [SupportedProtocol]) -> Bool {
    if members.isEmpty { return !type.isEmpty && !protocols.isEmpty }
    guard type == protocolType else { return false }
    let common = commonProtocols
    return protocols.contains { common.contains($0.name) }
  }

  /// Names that every member supports.
  private var commonProtocols: Set<String> {
    var counts: [String: Int] = [:]
    for member in members.values {
      for name in Set(member.protocols.lazy.map(\.name)) { counts[name, default: 0] += 1 }
    }
    return Set(counts.lazy.filter { $0.value == members.count }.map(\.key))
  }

  /// The common protocol with most votes: each member votes for the first that it names. With equal votes, the one that
  /// comes first in the order of names.
  var selectedProtocol: String? {
    let candidates = commonProtocols
    var votes: [String: Int] = [:]
    for member in members.values {
      if let vote = member.protocols.first(where: { candidates.contains($0.name) }) {
        votes[vote.name, default: 0] += 1
      }
    }
    return votes.min { ($1.value, $0.key) < ($0.value, $1.key) }?.key
  }

  /// Kafka's rules for who may speak for a member id.
  func validate(_ memberID: String, instanceID: String?) -> ErrorCode? {
    if let instanceID {
      guard let current = staticMembers[instanceID] else { return .unknownMemberId }
      if current != memberID { return .fencedInstanceId }
    }
    return members[memberID] == nil ? .unknownMemberId : nil
  }

  /// The answer to JoinGroup for the present generation; the leader is told who the members are.
  func joinResponse(for memberID: String, withMembers: Bool) -> JoinGroupResponse {
    var response = JoinGroupResponse()
    response.generationId = generation
    response.protocolType = protocolType
    response.protocolName = protocolName
    response.leader = leader ?? ""
    response.memberId = memberID
    if withMembers { response.members = currentMembers }
    return response
  }

  var currentMembers: [JoinGroupResponse.JoinGroupResponseMember] {
    sortedMembers.map { member in
      var entry = JoinGroupResponse.JoinGroupResponseMember()
      entry.memberId = member.id
      entry.groupInstanceId = member.instanceID
      entry.metadata = member.metadata(for: protocolName)
      return entry
    }
  }

  /// The topics that members of a consumer group have subscribed to; nil if that cannot be known: no consumer group, no
  /// generation yet, or a subscription that cannot be read.
  var subscribedTopics: Set<String>? {
    guard protocolType == ClassicGroup.consumerProtocolType else { return nil }
    if members.isEmpty { return [] }
    guard let protocolName else { return nil }
    var topics: Set<String> = []
    for member in members.values {
      guard let own = Self.topics(ofSubscription: member.metadata(for: protocolName)) else { return nil }
      topics.formUnion(own)
    }
    return topics
  }

  /// Kafka's answer to whether a topic's offsets are in use: what cannot be known counts as used.
  func isSubscribed(to topic: String) -> Bool {
    subscribedTopics?.contains(topic) ?? (protocolType == ClassicGroup.consumerProtocolType)
  }

  static let consumerProtocolType = "consumer"

  /// The topics of a `ConsumerProtocolSubscription`; newer versions than ours only add fields at the end.
  static func topics(ofSubscription bytes: [UInt8]) -> Set<String>? {
    guard let version = leadingInt16(bytes), version >= 0 else { return nil }
    let known = min(version, ConsumerProtocolSubscription.validVersions.upperBound)
    do throws(DecodeError) {
      return Set(try ConsumerProtocolSubscription.decode(Array(bytes[2...]), version: known).topics)
    } catch {
      return nil
    }
  }
}
