import Consensus
import Primitives
import Wire

/// The quorum's answers in Kafka's wire form and back.
extension QuorumWire {
  static func wire(_ r: Consensus.VoteResponse) -> Wire.VoteResponse {
    var partition = Wire.VoteResponse.PartitionData()
    partition.errorCode = r.error.rawValue
    partition.leaderId = r.leaderID?.rawValue ?? -1
    partition.leaderEpoch = r.epoch.rawValue
    partition.voteGranted = r.isGranted
    var data = Wire.VoteResponse.TopicData()
    data.topicName = topic
    data.partitions = [partition]
    var response = Wire.VoteResponse()
    response.topics = [data]
    return response
  }

  static func wireBegin(_ r: QuorumEpochResponse) -> Wire.BeginQuorumEpochResponse {
    var partition = Wire.BeginQuorumEpochResponse.PartitionData()
    partition.errorCode = r.error.rawValue
    partition.leaderId = r.leaderID?.rawValue ?? -1
    partition.leaderEpoch = r.epoch.rawValue
    var data = Wire.BeginQuorumEpochResponse.TopicData()
    data.topicName = topic
    data.partitions = [partition]
    var response = Wire.BeginQuorumEpochResponse()
    response.topics = [data]
    return response
  }

  static func wireEnd(_ r: QuorumEpochResponse) -> Wire.EndQuorumEpochResponse {
    var partition = Wire.EndQuorumEpochResponse.PartitionData()
    partition.errorCode = r.error.rawValue
    partition.leaderId = r.leaderID?.rawValue ?? -1
    partition.leaderEpoch = r.epoch.rawValue
    var data = Wire.EndQuorumEpochResponse.TopicData()
    data.topicName = topic
    data.partitions = [partition]
    var response = Wire.EndQuorumEpochResponse()
    response.topics = [data]
    return response
  }

  static func wire(_ r: Consensus.FetchResponse) -> Wire.FetchResponse {
    var partition = Wire.FetchResponse.PartitionData()
    partition.errorCode = r.error.rawValue
    partition.highWatermark = r.highWatermark.rawValue
    partition.logStartOffset = r.logStartOffset.rawValue
    partition.currentLeader.leaderId = r.leaderID?.rawValue ?? -1
    partition.currentLeader.leaderEpoch = r.epoch.rawValue
    if let diverging = r.divergingEpoch {
      partition.divergingEpoch.epoch = diverging.epoch.rawValue
      partition.divergingEpoch.endOffset = diverging.offset.rawValue
    }
    if let snapshot = r.snapshotID {
      partition.snapshotId.endOffset = snapshot.offset.rawValue
      partition.snapshotId.epoch = snapshot.epoch.rawValue
    }
    partition.records = .owned(r.records)
    var data = Wire.FetchResponse.FetchableTopicResponse()
    data.topicId = .metadataTopic
    data.topic = topic
    data.partitions = [partition]
    var response = Wire.FetchResponse()
    response.responses = [data]
    return response
  }

  static func wire(_ r: Consensus.FetchSnapshotResponse) -> Wire.FetchSnapshotResponse {
    var partition = Wire.FetchSnapshotResponse.PartitionSnapshot()
    partition.errorCode = r.error.rawValue
    partition.snapshotId.endOffset = r.snapshotID.offset.rawValue
    partition.snapshotId.epoch = r.snapshotID.epoch.rawValue
    partition.currentLeader.leaderId = r.leaderID?.rawValue ?? -1
    partition.currentLeader.leaderEpoch = r.epoch.rawValue
    partition.size = r.size
    partition.position = r.position
    partition.unalignedRecords = .owned(r.bytes)
    var data = Wire.FetchSnapshotResponse.TopicSnapshot()
    data.name = topic
    data.partitions = [partition]
    var response = Wire.FetchSnapshotResponse()
    response.topics = [data]
    return response
  }

  // MARK: answers in

  private static func error(_ top: Int16, _ partition: Int16?) -> ErrorCode {
    ErrorCode(rawValue: top != 0 ? top : partition ?? ErrorCode.unknownServerError.rawValue) ?? .unknownServerError
  }

  private static func leader(_ id: Int32?) -> BrokerID? { id.flatMap { $0 >= 0 ? BrokerID($0) : nil } }

  static func core(_ r: Wire.VoteResponse) -> Consensus.VoteResponse {
    let p = r.topics.first?.partitions.first
    return Consensus.VoteResponse(
      error: error(r.errorCode, p?.errorCode), leaderID: leader(p?.leaderId), epoch: LeaderEpoch(p?.leaderEpoch ?? -1),
      isGranted: p?.voteGranted ?? false)
  }

  static func core(_ r: Wire.BeginQuorumEpochResponse) -> QuorumEpochResponse {
    let p = r.topics.first?.partitions.first
    return QuorumEpochResponse(
      error: error(r.errorCode, p?.errorCode), leaderID: leader(p?.leaderId), epoch: LeaderEpoch(p?.leaderEpoch ?? -1))
  }

  static func core(_ r: Wire.EndQuorumEpochResponse) -> QuorumEpochResponse {
    let p = r.topics.first?.partitions.first
    return QuorumEpochResponse(
      error: error(r.errorCode, p?.errorCode), leaderID: leader(p?.leaderId), epoch: LeaderEpoch(p?.leaderEpoch ?? -1))
  }

  static func core(_ r: Wire.FetchResponse) -> Consensus.FetchResponse {
    guard let p = r.responses.first?.partitions.first else {
      return Consensus.FetchResponse(error: error(r.errorCode, nil), leaderID: nil, epoch: .none)
    }
    var response = Consensus.FetchResponse(
      error: error(r.errorCode, p.errorCode), leaderID: leader(p.currentLeader.leaderId),
      epoch: LeaderEpoch(p.currentLeader.leaderEpoch), highWatermark: Offset(p.highWatermark),
      logStartOffset: Offset(p.logStartOffset))
    if p.divergingEpoch.epoch >= 0 {
      response.divergingEpoch = OffsetAndEpoch(
        offset: Offset(p.divergingEpoch.endOffset), epoch: LeaderEpoch(p.divergingEpoch.epoch))
    }
    if p.snapshotId.endOffset >= 0 {
      response.snapshotID = SnapshotID(
        offset: Offset(p.snapshotId.endOffset), epoch: LeaderEpoch(p.snapshotId.epoch))
    }
    if case .owned(let bytes) = p.records { response.records = bytes }
    return response
  }

  static func core(_ r: Wire.FetchSnapshotResponse, asked: SnapshotID) -> Consensus.FetchSnapshotResponse {
    guard let p = r.topics.first?.partitions.first else {
      return Consensus.FetchSnapshotResponse(
        error: error(r.errorCode, nil), leaderID: nil, epoch: .none, snapshotID: asked)
    }
    var response = Consensus.FetchSnapshotResponse(
      error: error(r.errorCode, p.errorCode), leaderID: leader(p.currentLeader.leaderId),
      epoch: LeaderEpoch(p.currentLeader.leaderEpoch),
      snapshotID: SnapshotID(offset: Offset(p.snapshotId.endOffset), epoch: LeaderEpoch(p.snapshotId.epoch)),
      size: p.size, position: p.position)
    if case .owned(let bytes) = p.unalignedRecords { response.bytes = bytes }
    return response
  }
}
