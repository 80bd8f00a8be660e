import Controller
import Primitives
import Wire

/// DescribeTopicPartitions, version 0: topics in the order of their names, in pages of at most 2,000 partitions.
extension DataPlane {
  func describeTopicPartitions(_ context: RequestContext, _ request: DescribeTopicPartitionsRequest) {
    var response = DescribeTopicPartitionsResponse()
    var names = request.topics.map(\.name)
    if names.isEmpty { names = image.sortedTopics.map(\.name) }
    names = Array(Set(names)).sorted()
    var budget = max(1, min(Int(request.responsePartitionLimit), 2000))
    var start = 0
    if let cursor = request.cursor {
      names = names.filter { $0 >= cursor.topicName }
      if names.first == cursor.topicName { start = max(0, Int(cursor.partitionIndex)) }
    }
    for name in names {
      guard let topic = image.topic(named: name) else {
        var entry = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic()
        entry.name = name
        entry.errorCode =
          (TopicName.isValid(name) ? ErrorCode.unknownTopicOrPartition : .invalidTopicException).rawValue
        response.topics.append(entry)
        start = 0
        continue
      }
      if budget == 0 {
        response.nextCursor = cursor(name, start)
        break
      }
      let end = min(topic.partitions.count, start + budget)
      response.topics.append(describe(topic, start..<max(start, end)))
      budget -= max(0, end - start)
      if end < topic.partitions.count {
        response.nextCursor = cursor(name, end)
        break
      }
      start = 0
    }
    context.reply(response)
  }

  private func cursor(_ name: String, _ partition: Int) -> DescribeTopicPartitionsResponse.Cursor {
    var cursor = DescribeTopicPartitionsResponse.Cursor()
    cursor.topicName = name
    cursor.partitionIndex = Int32(partition)
    return cursor
  }

  private func describe(
    _ topic: TopicRegistration, _ range: Range<Int>
  ) -> DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic {
    var entry = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponseTopic()
    entry.name = topic.name
    entry.topicId = topic.id
    entry.isInternal = InternalTopics.contains(topic.name)
    entry.partitions = range.map { index in
      let partition = topic.partitions[index]
      var row = DescribeTopicPartitionsResponse.DescribeTopicPartitionsResponsePartition()
      row.partitionIndex = Int32(index)
      row.leaderId = partition.leader.rawValue
      row.leaderEpoch = partition.leaderEpoch.rawValue
      row.replicaNodes = partition.replicas.map(\.rawValue)
      row.isrNodes = partition.isr.map(\.rawValue)
      row.eligibleLeaderReplicas = partition.elr.map(\.rawValue)
      row.lastKnownElr = partition.lastKnownElr.map(\.rawValue)
      row.offlineReplicas = partition.replicas.filter { !isLive($0) }.map(\.rawValue)
      if !partition.hasLeader || !isLive(partition.leader) {
        row.errorCode = ErrorCode.leaderNotAvailable.rawValue
        row.leaderId = -1
      }
      return row
    }
    return entry
  }
}
