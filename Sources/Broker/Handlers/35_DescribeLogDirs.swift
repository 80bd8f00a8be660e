import Primitives
import Wire

/// DescribeLogDirs, versions 1–5: this broker's one directory, its partitions' sizes and their lag.
extension DataPlane {
  func describeLogDirs(_ context: RequestContext, _ request: DescribeLogDirsRequest) {
    var wanted: [String: Set<Int32>]?
    if let topics = request.topics {
      wanted = Dictionary(topics.map { ($0.topic, Set($0.partitions)) }) { $0.union($1) }
    }
    var topics: [String: [DescribeLogDirsResponse.DescribeLogDirsPartition]] = [:]
    for partition in partitions.values {
      if let wanted, wanted[partition.name.topic]?.contains(partition.id.partition.rawValue) != true { continue }
      var row = DescribeLogDirsResponse.DescribeLogDirsPartition()
      row.partitionIndex = partition.id.partition.rawValue
      row.partitionSize = Int64(partition.log.sizeInBytes)
      row.offsetLag = max(0, partition.highWatermark - partition.log.logEndOffset)
      topics[partition.name.topic, default: []].append(row)
    }
    var result = DescribeLogDirsResponse.DescribeLogDirsResult()
    result.logDir = configuration.logDirectory
    if let disk = DiskFigures(of: configuration.logDirectory) {
      result.totalBytes = disk.totalBytes
      result.usableBytes = disk.freeBytes
    }
    result.topics = topics.sorted { $0.key < $1.key }.map { name, rows in
      var topic = DescribeLogDirsResponse.DescribeLogDirsTopic()
      topic.name = name
      topic.partitions = rows.sorted { $0.partitionIndex < $1.partitionIndex }
      return topic
    }
    var response = DescribeLogDirsResponse()
    response.results = [result]
    context.reply(response)
  }

  /// DescribeProducers, version 0: the idempotent producers that a partition's leader remembers.
  func describeProducers(_ context: RequestContext, _ request: DescribeProducersRequest) {
    var response = DescribeProducersResponse()
    response.topics = request.topics.map { topic in
      var row = DescribeProducersResponse.TopicResponse()
      row.name = topic.name
      let found = image.topic(named: topic.name)
      row.partitions = topic.partitionIndexes.map { index in
        var answer = DescribeProducersResponse.PartitionResponse()
        answer.partitionIndex = index
        guard let found, let partition = partitions[TopicIDPartition(found.id, PartitionID(index))] else {
          let exists = found.map { index >= 0 && Int(index) < $0.partitions.count } ?? false
          answer.errorCode = (exists ? ErrorCode.notLeaderOrFollower : .unknownTopicOrPartition).rawValue
          return answer
        }
        if let code = partition.checkLeader(currentEpoch: .none) {
          answer.errorCode = code.rawValue
          return answer
        }
        answer.activeProducers = partition.log.producers.producers.sorted { $0.key < $1.key }.map { id, producer in
          var state = DescribeProducersResponse.ProducerState()
          state.producerId = id.rawValue
          state.producerEpoch = Int32(producer.epoch)
          state.lastSequence = producer.lastSequence
          state.lastTimestamp = producer.lastTimestamp
          state.coordinatorEpoch = producer.coordinatorEpoch
          state.currentTxnStartOffset = producer.currentTransactionFirstOffset?.rawValue ?? -1
          return state
        }
        return answer
      }
      return row
    }
    context.reply(response)
  }

  /// DescribeQuorum, versions 0–2: passed on to the quorum's leader.
  func describeQuorum(_ context: RequestContext, _ request: DescribeQuorumRequest) {
    let control = control
    let loop = loop
    control.loop.submit {
      control.describeQuorum(request, version: context.version, deadline: control.now + .seconds(5)) { response in
        loop.submit { context.reply(response) }
      }
    }
  }
}
