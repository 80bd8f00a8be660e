import Primitives
import Wire

extension GroupShard {
  /// Committed offsets; −1 without an error where there is none, also for a group that nobody knows.
  func offsets(_ request: OffsetFetchRequest, version: Int16) -> OffsetFetchResponse {
    var response = OffsetFetchResponse()
    if version >= 8 {
      response.groups = request.groups.map(offsets)
      return response
    }
    // Before version 8 there is one group, and its topics are of another type.
    var group = OffsetFetchRequest.OffsetFetchRequestGroup()
    group.groupId = request.groupId
    group.topics = request.topics.map { topics in
      topics.map { topic in
        var wanted = OffsetFetchRequest.OffsetFetchRequestTopics()
        wanted.name = topic.name
        wanted.partitionIndexes = topic.partitionIndexes
        return wanted
      }
    }
    response.topics = offsets(group).topics.map { topic in
      var answer = OffsetFetchResponse.OffsetFetchResponseTopic()
      answer.name = topic.name
      answer.partitions = topic.partitions.map { partition in
        var result = OffsetFetchResponse.OffsetFetchResponsePartition()
        result.partitionIndex = partition.partitionIndex
        result.committedOffset = partition.committedOffset
        result.committedLeaderEpoch = partition.committedLeaderEpoch
        result.metadata = partition.metadata
        return result
      }
      return answer
    }
    return response
  }

  private func offsets(
    _ request: OffsetFetchRequest.OffsetFetchRequestGroup
  ) -> OffsetFetchResponse.OffsetFetchResponseGroup {
    var response = OffsetFetchResponse.OffsetFetchResponseGroup()
    response.groupId = request.groupId
    let committed = groups[request.groupId]?.offsets ?? [:]
    if let topics = request.topics {
      response.topics = topics.map { wanted in
        var topic = OffsetFetchResponse.OffsetFetchResponseTopics()
        topic.name = wanted.name
        topic.topicId = wanted.topicId
        topic.partitions = wanted.partitionIndexes.map {
          .init($0, committed[wanted.name]?[$0], topicID: wanted.topicId)
        }
        return topic
      }
      return response
    }
    for (name, partitions) in committed.sorted(by: { $0.key < $1.key }) {
      var topic = OffsetFetchResponse.OffsetFetchResponseTopics()
      topic.name = name
      topic.partitions = partitions.sorted { $0.key < $1.key }.map { .init($0.key, $0.value, topicID: .zero) }
      topic.topicId = partitions.min { $0.key < $1.key }?.value.topicID ?? .zero
      response.topics.append(topic)
    }
    return response
  }
}

extension OffsetFetchResponse.OffsetFetchResponsePartitions {
  /// An offset of a topic of the same name but another id is one of a topic that has been deleted: no offset.
  init(_ partition: Int32, _ offset: CommittedOffset?, topicID: TopicID) {
    self.init()
    partitionIndex = partition
    committedOffset = Offset.none.rawValue
    guard let offset, topicID.isZero || offset.topicID.isZero || topicID == offset.topicID else { return }
    committedOffset = offset.offset
    committedLeaderEpoch = offset.leaderEpoch
    metadata = offset.metadata
  }
}
