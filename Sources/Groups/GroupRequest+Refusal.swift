import Primitives
import Wire

extension GroupRequest {
  /// The answer that refuses the whole request with `code`, in the shape that Kafka gives it for this version.
  func refusal(_ code: ErrorCode, version: Int16) -> GroupResponse {
    switch self {
    case .joinGroup(let request): .joinGroup(.refusal(code, memberID: request.memberId))
    case .syncGroup: .syncGroup(.refusal(code))
    case .heartbeat: .heartbeat(.refusal(code))
    case .leaveGroup: .leaveGroup(.refusal(code))
    case .offsetCommit(let request): .offsetCommit(.refusal(code, of: request))
    case .offsetFetch(let request): .offsetFetch(.refusal(code, of: request, version: version))
    case .describeGroup(let id): .describeGroup(.refusal(code, group: id))
    case .deleteGroup(let id): .deleteGroup(.result(code, group: id))
    case .offsetDelete: .offsetDelete(.refusal(code))
    case .listGroups: .listGroups(.refusal(code))
    }
  }
}

extension JoinGroupResponse {
  static func refusal(_ code: ErrorCode, memberID: String) -> Self {
    var response = Self()
    response.errorCode = code.rawValue
    response.memberId = memberID
    response.protocolName = nil
    return response
  }
}

extension SyncGroupResponse {
  static func refusal(_ code: ErrorCode) -> Self {
    var response = Self()
    response.errorCode = code.rawValue
    return response
  }
}

extension HeartbeatResponse {
  static func refusal(_ code: ErrorCode) -> Self {
    var response = Self()
    response.errorCode = code.rawValue
    return response
  }
}

extension LeaveGroupResponse {
  static func refusal(_ code: ErrorCode) -> Self {
    var response = Self()
    response.errorCode = code.rawValue
    return response
  }
}

extension OffsetDeleteResponse {
  static func refusal(_ code: ErrorCode) -> Self {
    var response = Self()
    response.errorCode = code.rawValue
    return response
  }
}

extension ListGroupsResponse {
  static func refusal(_ code: ErrorCode) -> Self {
    var response = Self()
    response.errorCode = code.rawValue
    return response
  }
}

extension OffsetCommitResponse {
  /// Every partition of the request with the same code: OffsetCommit has no error of the whole.
  static func refusal(_ code: ErrorCode, of request: OffsetCommitRequest) -> Self {
    var response = Self()
    response.topics = request.topics.map { topic in
      var answer = OffsetCommitResponseTopic()
      answer.name = topic.name
      answer.topicId = topic.topicId
      answer.partitions = topic.partitions.map { partition in
        var result = OffsetCommitResponsePartition()
        result.partitionIndex = partition.partitionIndex
        result.errorCode = code.rawValue
        return result
      }
      return answer
    }
    return response
  }

  /// The same answer with `code` in place of every NONE: what had been accepted could not be written.
  func failed(_ code: ErrorCode) -> Self {
    var response = self
    for topic in response.topics.indices {
      for partition in response.topics[topic].partitions.indices
      where response.topics[topic].partitions[partition].errorCode == ErrorCode.none.rawValue {
        response.topics[topic].partitions[partition].errorCode = code.rawValue
      }
    }
    return response
  }
}

extension OffsetFetchResponse {
  /// Version 1 has errors by partition only, 2 to 7 one error of the whole, 8 and later one for each group.
  static func refusal(_ code: ErrorCode, of request: OffsetFetchRequest, version: Int16) -> Self {
    var response = Self()
    if version >= 8 {
      response.groups = request.groups.map { .refusal(code, group: $0.groupId) }
      return response
    }
    response.errorCode = code.rawValue
    if version < 2 {
      response.topics = (request.topics ?? []).map { topic in
        var answer = OffsetFetchResponseTopic()
        answer.name = topic.name
        answer.partitions = topic.partitionIndexes.map { index in
          var partition = OffsetFetchResponsePartition()
          partition.partitionIndex = index
          partition.committedOffset = Offset.none.rawValue
          partition.errorCode = code.rawValue
          return partition
        }
        return answer
      }
    }
    return response
  }
}

extension OffsetFetchResponse.OffsetFetchResponseGroup {
  static func refusal(_ code: ErrorCode, group: String) -> Self {
    var response = Self()
    response.groupId = group
    response.errorCode = code.rawValue
    return response
  }
}

extension DescribeGroupsResponse.DescribedGroup {
  static func refusal(_ code: ErrorCode, group: String) -> Self {
    var response = Self()
    response.groupId = group
    response.errorCode = code.rawValue
    return response
  }
}

extension DeleteGroupsResponse.DeletableGroupResult {
  static func result(_ code: ErrorCode, group: String) -> Self {
    var response = Self()
    response.groupId = group
    response.errorCode = code.rawValue
    return response
  }
}
