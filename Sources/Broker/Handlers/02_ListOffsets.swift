import CommitLog
import Primitives
import Wire

/// ListOffsets, versions 1–11. Tiered storage is not served: the earliest local offset is the earliest, and there is
/// neither a last tiered nor an earliest pending upload.
extension DataPlane {
  func listOffsets(_ context: RequestContext, _ request: ListOffsetsRequest) {
    var response = ListOffsetsResponse()
    response.topics = request.topics.map { topic in
      var row = ListOffsetsResponse.ListOffsetsTopicResponse()
      row.name = topic.name
      let found = image.topic(named: topic.name)
      row.partitions = topic.partitions.map { wanted in
        var answer = ListOffsetsResponse.ListOffsetsPartitionResponse()
        answer.partitionIndex = wanted.partitionIndex
        guard let found, let partition = partitions[TopicIDPartition(found.id, PartitionID(wanted.partitionIndex))]
        else {
          let exists =
            found.map { wanted.partitionIndex >= 0 && Int(wanted.partitionIndex) < $0.partitions.count } ?? false
          answer.errorCode = (exists ? ErrorCode.notLeaderOrFollower : .unknownTopicOrPartition).rawValue
          return answer
        }
        let code = list(wanted, partition, request, context.version, &answer)
        answer.errorCode = code.rawValue
        return answer
      }
      return row
    }
    context.reply(response)
  }

  private func list(
    _ wanted: ListOffsetsRequest.ListOffsetsPartition, _ partition: HostedPartition, _ request: ListOffsetsRequest,
    _ version: Int16, _ answer: inout ListOffsetsResponse.ListOffsetsPartitionResponse
  ) -> ErrorCode {
    let isConsumer = request.replicaId == -1
    if let code = partition.checkListOffsets(
      currentEpoch: LeaderEpoch(wanted.currentLeaderEpoch), isConsumer: isConsumer)
    {
      // Before version 5 clients do not know OFFSET_NOT_AVAILABLE.
      return code == .offsetNotAvailable && version < 5 ? .leaderNotAvailable : code
    }
    func give(_ offset: Offset, _ timestamp: Int64 = -1, _ epoch: LeaderEpoch? = nil) {
      answer.offset = offset.rawValue
      answer.timestamp = timestamp
      answer.leaderEpoch = (epoch ?? partition.log.epochs.epoch(at: offset) ?? partition.leaderEpoch).rawValue
    }
    let end =
      !isConsumer
      ? partition.log.logEndOffset
      : request.isolationLevel == 1
        ? partition.log.lastStableOffset(highWatermark: partition.highWatermark) : partition.highWatermark
    do throws(LogError) {
      switch wanted.timestamp {
      case -1: give(end, -1, partition.leaderEpoch)
      case -2, -4: give(partition.logStartOffset)
      case -3:
        if let found = try partition.log.maxTimestampOffset(), found.offset < end {
          give(found.offset, found.timestamp, found.epoch)
        } else {
          give(.none, -1, LeaderEpoch.none)
        }
      case -5, -6: give(.none, -1, LeaderEpoch.none)
      default:
        guard wanted.timestamp >= 0 else { return .unsupportedVersion }
        if let found = try partition.log.offset(forTimestamp: wanted.timestamp), found.offset < end {
          give(found.offset, found.timestamp, found.epoch)
        } else {
          give(.none, -1, LeaderEpoch.none)
        }
      }
      return .none
    } catch {
      storageFailed(partition, error)
      return .kafkaStorageError
    }
  }
}
