import Consensus
import Primitives
import Wire

/// The quorum's messages in Kafka's wire form and back (KIP-595, KIP-853, KIP-996, KIP-1166).
enum QuorumWire {
  static let topic = "__cluster_metadata"
  static let voteVersion: Int16 = 2
  static let beginVersion: Int16 = 1
  static let endVersion: Int16 = 1
  static let fetchVersion: Int16 = 18
  static let fetchSnapshotVersion: Int16 = 1

  // MARK: requests out

  static func wire(_ r: Consensus.VoteRequest) -> Wire.VoteRequest {
    var partition = Wire.VoteRequest.PartitionData()
    partition.replicaEpoch = r.epoch.rawValue
    partition.replicaId = r.candidate.id.rawValue
    partition.replicaDirectoryId = r.candidate.directoryID
    partition.voterDirectoryId = r.target.directoryID
    partition.lastOffsetEpoch = r.logEnd.epoch.rawValue
    partition.lastOffset = r.logEnd.offset.rawValue
    partition.preVote = r.isPreVote
    var data = Wire.VoteRequest.TopicData()
    data.topicName = topic
    data.partitions = [partition]
    var request = Wire.VoteRequest()
    request.clusterId = r.clusterID
    request.voterId = r.target.id.rawValue
    request.topics = [data]
    return request
  }

  static func wire(_ r: Consensus.BeginQuorumEpochRequest) -> Wire.BeginQuorumEpochRequest {
    var partition = Wire.BeginQuorumEpochRequest.PartitionData()
    partition.voterDirectoryId = r.target.directoryID
    partition.leaderId = r.leaderID.rawValue
    partition.leaderEpoch = r.epoch.rawValue
    var data = Wire.BeginQuorumEpochRequest.TopicData()
    data.topicName = topic
    data.partitions = [partition]
    var request = Wire.BeginQuorumEpochRequest()
    request.clusterId = r.clusterID
    request.voterId = r.target.id.rawValue
    request.topics = [data]
    return request
  }

  static func wire(_ r: Consensus.EndQuorumEpochRequest) -> Wire.EndQuorumEpochRequest {
    var partition = Wire.EndQuorumEpochRequest.PartitionData()
    partition.leaderId = r.leaderID.rawValue
    partition.leaderEpoch = r.epoch.rawValue
    partition.preferredCandidates = r.preferredCandidates.map { key in
      var candidate = Wire.EndQuorumEpochRequest.ReplicaInfo()
      candidate.candidateId = key.id.rawValue
      candidate.candidateDirectoryId = key.directoryID
      return candidate
    }
    var data = Wire.EndQuorumEpochRequest.TopicData()
    data.topicName = topic
    data.partitions = [partition]
    var request = Wire.EndQuorumEpochRequest()
    request.clusterId = r.clusterID
    request.topics = [data]
    return request
  }

  static func wire(_ r: Consensus.FetchRequest) -> Wire.FetchRequest {
    var partition = Wire.FetchRequest.FetchPartition()
    partition.currentLeaderEpoch = r.currentLeaderEpoch.rawValue
    partition.fetchOffset = r.fetchOffset.rawValue
    partition.lastFetchedEpoch = r.lastFetchedEpoch.rawValue
    partition.partitionMaxBytes = Int32(clamping: r.maxBytes)
    partition.replicaDirectoryId = r.replica.directoryID
    partition.highWatermark = r.highWatermark.rawValue
    var data = Wire.FetchRequest.FetchTopic()
    data.topicId = .metadataTopic
    data.partitions = [partition]
    var request = Wire.FetchRequest()
    request.clusterId = r.clusterID
    request.replicaState.replicaId = r.replica.id.rawValue
    request.maxWaitMs = Int32(clamping: r.maxWait.milliseconds)
    request.maxBytes = Int32(clamping: r.maxBytes)
    request.topics = [data]
    return request
  }

  static func wire(_ r: Consensus.FetchSnapshotRequest) -> Wire.FetchSnapshotRequest {
    var partition = Wire.FetchSnapshotRequest.PartitionSnapshot()
    partition.currentLeaderEpoch = r.currentLeaderEpoch.rawValue
    partition.snapshotId.endOffset = r.snapshotID.offset.rawValue
    partition.snapshotId.epoch = r.snapshotID.epoch.rawValue
    partition.position = r.position
    partition.replicaDirectoryId = r.replica.directoryID
    var data = Wire.FetchSnapshotRequest.TopicSnapshot()
    data.name = topic
    data.partitions = [partition]
    var request = Wire.FetchSnapshotRequest()
    request.clusterId = r.clusterID
    request.replicaId = r.replica.id.rawValue
    request.maxBytes = Int32(clamping: r.maxBytes)
    request.topics = [data]
    return request
  }

  // MARK: requests in

  static func core(_ r: Wire.VoteRequest) -> Consensus.VoteRequest? {
    guard let p = r.topics.first?.partitions.first, r.topics[0].topicName == topic else { return nil }
    return Consensus.VoteRequest(
      clusterID: r.clusterId, target: ReplicaKey(id: BrokerID(r.voterId), directoryID: p.voterDirectoryId),
      candidate: ReplicaKey(id: BrokerID(p.replicaId), directoryID: p.replicaDirectoryId),
      epoch: LeaderEpoch(p.replicaEpoch),
      logEnd: OffsetAndEpoch(offset: Offset(p.lastOffset), epoch: LeaderEpoch(p.lastOffsetEpoch)),
      isPreVote: p.preVote)
  }

  static func core(_ r: Wire.BeginQuorumEpochRequest) -> Consensus.BeginQuorumEpochRequest? {
    guard let p = r.topics.first?.partitions.first, r.topics[0].topicName == topic else { return nil }
    return Consensus.BeginQuorumEpochRequest(
      clusterID: r.clusterId, target: ReplicaKey(id: BrokerID(r.voterId), directoryID: p.voterDirectoryId),
      leaderID: BrokerID(p.leaderId), epoch: LeaderEpoch(p.leaderEpoch))
  }

  static func core(_ r: Wire.EndQuorumEpochRequest) -> Consensus.EndQuorumEpochRequest? {
    guard let p = r.topics.first?.partitions.first, r.topics[0].topicName == topic else { return nil }
    return Consensus.EndQuorumEpochRequest(
      clusterID: r.clusterId, leaderID: BrokerID(p.leaderId), epoch: LeaderEpoch(p.leaderEpoch),
      preferredCandidates: p.preferredCandidates.map {
        ReplicaKey(id: BrokerID($0.candidateId), directoryID: $0.candidateDirectoryId)
      })
  }

  static func core(_ r: Wire.FetchRequest) -> Consensus.FetchRequest? {
    guard let t = r.topics.first, let p = t.partitions.first, t.topicId == .metadataTopic || t.topic == topic else {
      return nil
    }
    return Consensus.FetchRequest(
      clusterID: r.clusterId,
      replica: ReplicaKey(id: BrokerID(r.replicaState.replicaId), directoryID: p.replicaDirectoryId),
      currentLeaderEpoch: LeaderEpoch(p.currentLeaderEpoch), fetchOffset: Offset(p.fetchOffset),
      lastFetchedEpoch: LeaderEpoch(p.lastFetchedEpoch), maxWait: .milliseconds(Int64(max(0, r.maxWaitMs))),
      maxBytes: Int(max(0, min(r.maxBytes, p.partitionMaxBytes))), highWatermark: Offset(p.highWatermark))
  }

  static func core(_ r: Wire.FetchSnapshotRequest) -> Consensus.FetchSnapshotRequest? {
    guard let p = r.topics.first?.partitions.first, r.topics[0].name == topic else { return nil }
    return Consensus.FetchSnapshotRequest(
      clusterID: r.clusterId, replica: ReplicaKey(id: BrokerID(r.replicaId), directoryID: p.replicaDirectoryId),
      currentLeaderEpoch: LeaderEpoch(p.currentLeaderEpoch),
      snapshotID: SnapshotID(offset: Offset(p.snapshotId.endOffset), epoch: LeaderEpoch(p.snapshotId.epoch)),
      position: p.position, maxBytes: Int(max(0, r.maxBytes)))
  }
}
