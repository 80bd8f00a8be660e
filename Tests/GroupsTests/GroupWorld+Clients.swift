import Primitives
import Testing
import Wire

@testable import Groups

/// What clients send, and what they are told.
extension GroupWorld {
  mutating func join(
    _ group: String = "g", member: String = "", instance: String? = nil, protocols: [(String, [UInt8])]? = nil,
    topics: [String] = ["t"], type: String = "consumer", sessionMs: Int32 = 10_000, rebalanceMs: Int32 = 60_000,
    version: Int16 = 9, clientID: String = "client"
  ) -> RequestToken {
    var request = JoinGroupRequest()
    request.groupId = group
    request.memberId = member
    request.groupInstanceId = instance
    request.protocolType = type
    request.sessionTimeoutMs = sessionMs
    request.rebalanceTimeoutMs = rebalanceMs
    request.protocols = (protocols ?? [("range", subscription(topics))]).map { name, metadata in
      var entry = JoinGroupRequest.JoinGroupRequestProtocol()
      entry.name = name
      entry.metadata = metadata
      return entry
    }
    return send(.joinGroup(request), version: version, clientID: clientID)
  }

  /// Joins as a new dynamic member: asks for an id first, as clients since KIP-394 do.
  mutating func joinNew(
    _ group: String = "g", topics: [String] = ["t"], sessionMs: Int32 = 10_000, rebalanceMs: Int32 = 60_000,
    clientID: String = "client"
  ) -> (token: RequestToken, member: String) {
    let first = join(group, topics: topics, sessionMs: sessionMs, rebalanceMs: rebalanceMs, clientID: clientID)
    let member = joined(first).memberId
    let token = join(
      group, member: member, topics: topics, sessionMs: sessionMs, rebalanceMs: rebalanceMs, clientID: clientID)
    return (token, member)
  }

  mutating func sync(
    _ group: String = "g", member: String, generation: Int32, instance: String? = nil,
    assignments: [(String, [UInt8])] = [], protocolType: String? = nil, protocolName: String? = nil
  ) -> RequestToken {
    var request = SyncGroupRequest()
    request.groupId = group
    request.memberId = member
    request.generationId = generation
    request.groupInstanceId = instance
    request.protocolType = protocolType
    request.protocolName = protocolName
    request.assignments = assignments.map { member, bytes in
      var entry = SyncGroupRequest.SyncGroupRequestAssignment()
      entry.memberId = member
      entry.assignment = bytes
      return entry
    }
    return send(.syncGroup(request), version: 5)
  }

  mutating func heartbeat(
    _ group: String = "g", member: String, generation: Int32, instance: String? = nil
  ) -> ErrorCode? {
    var request = HeartbeatRequest()
    request.groupId = group
    request.memberId = member
    request.generationId = generation
    request.groupInstanceId = instance
    let token = send(.heartbeat(request), version: 4)
    guard case .heartbeat(let response) = replies[token] else { return nil }
    return ErrorCode(rawValue: response.errorCode)
  }

  mutating func leave(
    _ members: [(member: String, instance: String?)], group: String = "g", version: Int16 = 5
  ) -> RequestToken {
    var request = LeaveGroupRequest()
    request.groupId = group
    request.memberId = members.first?.member ?? ""
    request.members = members.map {
      var entry = LeaveGroupRequest.MemberIdentity()
      entry.memberId = $0.member
      entry.groupInstanceId = $0.instance
      return entry
    }
    return send(.leaveGroup(request), version: version)
  }

  mutating func commit(
    _ group: String = "g", member: String = "", generation: Int32 = -1, instance: String? = nil, topic: String = "t",
    topicID: TopicID = .zero, partition: Int32 = 0, offset: Int64, metadata: String = "", retentionMs: Int64 = -1
  ) -> RequestToken {
    var entry = OffsetCommitRequest.OffsetCommitRequestPartition()
    entry.partitionIndex = partition
    entry.committedOffset = offset
    entry.committedLeaderEpoch = 3
    entry.committedMetadata = metadata
    var wanted = OffsetCommitRequest.OffsetCommitRequestTopic()
    wanted.name = topic
    wanted.topicId = topicID
    wanted.partitions = [entry]
    var request = OffsetCommitRequest()
    request.groupId = group
    request.memberId = member
    request.generationIdOrMemberEpoch = generation
    request.groupInstanceId = instance
    request.retentionTimeMs = retentionMs
    request.topics = [wanted]
    return send(.offsetCommit(request), version: 9)
  }

  /// The offset that a client is told; nil for an error.
  mutating func fetch(
    _ group: String = "g", topic: String = "t", topicID: TopicID = .zero, partition: Int32 = 0
  ) -> Int64? {
    var wanted = OffsetFetchRequest.OffsetFetchRequestTopics()
    wanted.name = topic
    wanted.topicId = topicID
    wanted.partitionIndexes = [partition]
    var asked = OffsetFetchRequest.OffsetFetchRequestGroup()
    asked.groupId = group
    asked.topics = [wanted]
    var request = OffsetFetchRequest()
    request.groups = [asked]
    let token = send(.offsetFetch(request), version: 10)
    guard case .offsetFetch(let response) = replies[token], let answer = response.groups.first, answer.errorCode == 0,
      let result = answer.topics.first?.partitions.first, result.errorCode == 0
    else { return nil }
    return result.committedOffset
  }

  mutating func describe(_ group: String = "g", version: Int16 = 6) -> DescribeGroupsResponse.DescribedGroup {
    let token = send(.describeGroup(group), version: version)
    guard case .describeGroup(let answer) = replies[token] else {
      Issue.record("DescribeGroups was not answered")
      return .init()
    }
    return answer
  }

  mutating func state(_ group: String = "g") -> String { describe(group).groupState }

  mutating func delete(_ group: String = "g") -> RequestToken { send(.deleteGroup(group), version: 2) }

  mutating func deleteOffsets(_ group: String = "g", topic: String = "t", partitions: [Int32] = [0]) -> RequestToken {
    var wanted = OffsetDeleteRequest.OffsetDeleteRequestTopic()
    wanted.name = topic
    wanted.partitions = partitions.map {
      var entry = OffsetDeleteRequest.OffsetDeleteRequestPartition()
      entry.partitionIndex = $0
      return entry
    }
    var request = OffsetDeleteRequest()
    request.groupId = group
    request.topics = [wanted]
    return send(.offsetDelete(request), version: 0)
  }

  mutating func list(states: [String] = [], types: [String] = []) -> ListGroupsResponse {
    var request = ListGroupsRequest()
    request.statesFilter = states
    request.typesFilter = types
    let token = send(.listGroups(request), version: 5)
    guard case .listGroups(let answer) = replies[token] else {
      Issue.record("ListGroups was not answered")
      return .init()
    }
    return answer
  }

  // MARK: answers

  func isWaiting(_ token: RequestToken) -> Bool { outstanding.contains(token) }

  /// The answer to JoinGroup; an issue if there is none yet.
  func joined(_ token: RequestToken) -> JoinGroupResponse {
    guard case .joinGroup(let response) = replies[token] else {
      Issue.record("JoinGroup \(token) was not answered")
      return .init()
    }
    return response
  }

  func synced(_ token: RequestToken) -> SyncGroupResponse {
    guard case .syncGroup(let response) = replies[token] else {
      Issue.record("SyncGroup \(token) was not answered")
      return .init()
    }
    return response
  }

  func left(_ token: RequestToken) -> LeaveGroupResponse {
    guard case .leaveGroup(let response) = replies[token] else {
      Issue.record("LeaveGroup \(token) was not answered")
      return .init()
    }
    return response
  }

  /// The error of an answer, that of its first part where the whole has none; nil while it is waiting.
  func error(_ token: RequestToken) -> ErrorCode? {
    guard let response = replies[token] else { return nil }
    return ErrorCode(rawValue: response.firstError)
  }

  // MARK: groups

  /// A stable group of dynamic members; the first leads. Each is assigned its own number as one byte.
  mutating func stableGroup(_ group: String = "g", members count: Int = 1, topics: [String] = ["t"]) -> Formed {
    var members: [String] = []
    var tokens: [RequestToken] = []
    for _ in 0..<count {
      let (token, member) = joinNew(group, topics: topics)
      for known in members {
        tokens.append(join(group, member: known, topics: topics))
      }
      members.append(member)
      tokens.append(token)
    }
    let generation = joined(tokens.last ?? 0).generationId
    let leader = joined(tokens.last ?? 0).leader
    let assignments = members.enumerated().map { ($1, [UInt8($0)]) }
    for member in members where member != leader { _ = sync(group, member: member, generation: generation) }
    _ = sync(group, member: leader, generation: generation, assignments: assignments)
    return Formed(members: members, leader: leader, generation: generation)
  }

  struct Formed {
    var members: [String]
    var leader: String
    var generation: Int32
  }
}

func subscription(_ topics: [String], owned: [Int32] = []) -> [UInt8] {
  var value = ConsumerProtocolSubscription()
  value.topics = topics
  if !owned.isEmpty {
    var partitions = ConsumerProtocolSubscription.TopicPartition()
    partitions.topic = topics.first ?? ""
    partitions.partitions = owned
    value.ownedPartitions = [partitions]
  }
  return value.encodedWithPrefix(3, version: 3)
}

extension GroupResponse {
  var firstError: Int16 {
    switch self {
    case .joinGroup(let response): response.errorCode
    case .syncGroup(let response): response.errorCode
    case .heartbeat(let response): response.errorCode
    case .leaveGroup(let response):
      response.errorCode != 0 ? response.errorCode : response.members.first?.errorCode ?? 0
    case .offsetCommit(let response): response.topics.first?.partitions.first?.errorCode ?? 0
    case .offsetFetch(let response):
      response.errorCode != 0 ? response.errorCode : response.groups.first?.errorCode ?? 0
    case .describeGroup(let response): response.errorCode
    case .deleteGroup(let response): response.errorCode
    case .offsetDelete(let response):
      response.errorCode != 0 ? response.errorCode : response.topics.first?.partitions.first?.errorCode ?? 0
    case .listGroups(let response): response.errorCode
    }
  }
}
