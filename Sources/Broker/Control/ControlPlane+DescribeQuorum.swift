import Consensus
import EventLoop
import Primitives
import Wire

/// DescribeQuorum, versions 0–2: answered by the leader alone, as in Kafka.
extension ControlPlane {
  func describeQuorum(_ request: DescribeQuorumRequest, version: Int16) -> DescribeQuorumResponse {
    var response = DescribeQuorumResponse()
    guard request.topics.count == 1, request.topics[0].topicName == QuorumWire.topic,
      request.topics[0].partitions.count == 1, request.topics[0].partitions[0].partitionIndex == 0
    else {
      response.errorCode = ErrorCode.unknownTopicOrPartition.rawValue
      return response
    }
    var partition = DescribeQuorumResponse.PartitionData()
    partition.leaderId = quorum.raft.leaderID?.rawValue ?? -1
    partition.leaderEpoch = quorum.raft.epoch.rawValue
    if quorum.raft.role == .leader {
      partition.highWatermark = quorum.raft.highWatermark.rawValue
      let wall = EventLoop.wallClockMilliseconds
      partition.currentVoters =
        [own(wall)]
        + quorum.raft.voterProgress.filter { $0.replica.id != configuration.nodeID }
        .map { state($0, wall) }
      partition.currentVoters.sort { $0.replicaId < $1.replicaId }
      partition.observers = quorum.raft.observerProgress.map { state($0, wall) }
    } else {
      partition.errorCode = ErrorCode.notLeaderOrFollower.rawValue
    }
    var topic = DescribeQuorumResponse.TopicData()
    topic.topicName = QuorumWire.topic
    topic.partitions = [partition]
    response.topics = [topic]
    if version >= 2 {
      response.nodes = configuration.voters.map { voter in
        var node = DescribeQuorumResponse.Node()
        node.nodeId = voter.id.rawValue
        var listener = DescribeQuorumResponse.Listener()
        listener.name = configuration.controllerListener?.name ?? "CONTROLLER"
        listener.host = voter.host
        listener.port = voter.port
        node.listeners = [listener]
        return node
      }
    }
    return response
  }

  private func own(_ wall: Int64) -> DescribeQuorumResponse.ReplicaState {
    var state = DescribeQuorumResponse.ReplicaState()
    state.replicaId = configuration.nodeID.rawValue
    state.logEndOffset = quorum.metadataLog.endOffset.rawValue
    state.lastFetchTimestamp = wall
    state.lastCaughtUpTimestamp = wall
    return state
  }

  /// Times of the monotonic clock become the wall clock's by their distance from now.
  private func state(_ progress: ReplicaProgress, _ wall: Int64) -> DescribeQuorumResponse.ReplicaState {
    func time(_ moment: Instant?) -> Int64 { moment.map { wall - max(0, (now - $0).milliseconds) } ?? -1 }
    var state = DescribeQuorumResponse.ReplicaState()
    state.replicaId = progress.replica.id.rawValue
    state.replicaDirectoryId = progress.replica.directoryID
    state.logEndOffset = progress.endOffset.rawValue
    state.lastFetchTimestamp = time(progress.lastFetch)
    state.lastCaughtUpTimestamp = time(progress.lastCaughtUp)
    return state
  }
}

extension ControlPlane {
  /// Asks whoever leads the quorum.
  func describeQuorum(
    _ request: DescribeQuorumRequest, version: Int16, deadline: Instant,
    _ done: @escaping (DescribeQuorumResponse) -> Void
  ) {
    let own = describeQuorum(request, version: version)
    guard own.topics.first?.partitions.first?.errorCode == ErrorCode.notLeaderOrFollower.rawValue else {
      return done(own)
    }
    let again: () -> Void = { [weak self] in
      guard let self, self.now < deadline else { return done(own) }
      self.after(20) { self.describeQuorum(request, version: version, deadline: deadline, done) }
    }
    guard let leader = quorum.raft.leaderID, let channel = channel(to: leader) else { return again() }
    channel.send(request, version: version, timeout: max(.milliseconds(1), deadline - now)) { result in
      if case .success(let response) = result { done(response) } else { again() }
    }
  }
}
