import CommitLog
import Primitives
import Wire

/// DeleteRecords, versions 0–2: lifts the log start offset; answered once the leader has done so. Followers learn the new
/// start from their next Fetch.
extension DataPlane {
  func deleteRecords(_ context: RequestContext, _ request: DeleteRecordsRequest) {
    var response = DeleteRecordsResponse()
    response.topics = request.topics.map { topic in
      var row = DeleteRecordsResponse.DeleteRecordsTopicResult()
      row.name = topic.name
      let found = image.topic(named: topic.name)
      row.partitions = topic.partitions.map { wanted in
        var answer = DeleteRecordsResponse.DeleteRecordsPartitionResult()
        answer.partitionIndex = wanted.partitionIndex
        answer.lowWatermark = -1
        guard let found, let partition = partitions[TopicIDPartition(found.id, PartitionID(wanted.partitionIndex))]
        else {
          let exists =
            found.map { wanted.partitionIndex >= 0 && Int(wanted.partitionIndex) < $0.partitions.count } ?? false
          answer.errorCode = (exists ? ErrorCode.notLeaderOrFollower : .unknownTopicOrPartition).rawValue
          return answer
        }
        let offset = wanted.offset == -1 ? partition.highWatermark : Offset(wanted.offset)
        answer.errorCode = delete(before: offset, partition).rawValue
        if answer.errorCode == 0 { answer.lowWatermark = partition.logStartOffset.rawValue }
        return answer
      }
      return row
    }
    context.reply(response)
  }

  private func delete(before offset: Offset, _ partition: HostedPartition) -> ErrorCode {
    if let code = partition.checkLeader(currentEpoch: .none) { return code }
    if InternalTopics.contains(partition.name.topic) { return .invalidTopicException }
    guard partition.log.config.deletes else { return .policyViolation }
    guard offset.rawValue >= 0, offset <= partition.highWatermark else { return .offsetOutOfRange }
    guard offset > partition.logStartOffset else { return .none }
    do throws(LogError) {
      try partition.log.advanceLogStart(to: offset)
      _ = try partition.log.deleteOldSegments(now: wallClock, highWatermark: partition.highWatermark)
      return .none
    } catch {
      storageFailed(partition, error)
      return .kafkaStorageError
    }
  }
}
