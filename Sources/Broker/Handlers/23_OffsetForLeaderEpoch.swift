import Primitives
import Wire

/// OffsetForLeaderEpoch, versions 2–4: where a leader epoch ends, for whoever must truncate or validate a position.
extension DataPlane {
  func offsetForLeaderEpoch(_ context: RequestContext, _ request: OffsetForLeaderEpochRequest) {
    var response = OffsetForLeaderEpochResponse()
    response.topics = request.topics.map { topic in
      var row = OffsetForLeaderEpochResponse.OffsetForLeaderTopicResult()
      row.topic = topic.topic
      let found = image.topic(named: topic.topic)
      row.partitions = topic.partitions.map { wanted in
        var answer = OffsetForLeaderEpochResponse.EpochEndOffset()
        answer.partition = wanted.partition
        answer.leaderEpoch = -1
        answer.endOffset = -1
        guard let found, let partition = partitions[TopicIDPartition(found.id, PartitionID(wanted.partition))] else {
          let exists = found.map { wanted.partition >= 0 && Int(wanted.partition) < $0.partitions.count } ?? false
          answer.errorCode = (exists ? ErrorCode.notLeaderOrFollower : .unknownTopicOrPartition).rawValue
          return answer
        }
        if let code = partition.checkLeader(currentEpoch: LeaderEpoch(wanted.currentLeaderEpoch)) {
          answer.errorCode = code.rawValue
          return answer
        }
        if let end = partition.log.endOffset(for: LeaderEpoch(wanted.leaderEpoch)) {
          answer.leaderEpoch = end.epoch.rawValue
          answer.endOffset = end.offset.rawValue
        }
        return answer
      }
      return row
    }
    context.reply(response)
  }
}
