import Primitives
import Records
import Wire

/// Produce, versions 3–13 (0–2 are listed for old librdkafka and refused, as in Kafka). Transactions are not served: a
/// transactional batch is refused. The batches go to the log as they came, once checked.
extension DataPlane {
  func produce(_ context: RequestContext, _ frame: UnsafeMutableRawBufferPointer, bodyStart: Int) throws(DecodeError) {
    let request = try ProduceRequest.decode(
      UnsafeRawBufferPointer(frame), version: context.version, from: bodyStart)
    let operation = ProduceOperation(context, request)
    guard (-1...1).contains(request.acks) else {
      operation.failAll(.invalidRequiredAcks)
      return operation.finish()
    }
    guard request.transactionalId == nil else {
      operation.failAll(.transactionalIdNotFound)
      return operation.finish()
    }
    let deadline = now + .milliseconds(Int64(max(0, request.timeoutMs)))
    for (topicIndex, topic) in request.topicData.enumerated() {
      for (index, data) in topic.partitionData.enumerated() {
        let place = (topicIndex, index)
        metrics.counts.all.produceRequests += 1
        let id = context.version >= 13 ? topic.topicId : image.topic(named: topic.name)?.id
        guard let id, let image = image.topic(id) else {
          operation.fail(place, context.version >= 13 ? .unknownTopicId : .unknownTopicOrPartition)
          continue
        }
        guard let partition = partitions[TopicIDPartition(id, PartitionID(data.index))] else {
          if case .slice(let range) = data.records,
            opener.isOpeningAsLeader(TopicIDPartition(id, PartitionID(data.index)))
          {
            let batch = Array(UnsafeRawBufferPointer(rebasing: frame[range]))
            produceOnceOpen(
              batch, to: TopicIDPartition(id, PartitionID(data.index)), acks: request.acks, deadline: deadline,
              operation, place)
            continue
          }
          let exists = data.index >= 0 && Int(data.index) < image.partitions.count
          operation.fail(place, exists ? .notLeaderOrFollower : .unknownTopicOrPartition)
          continue
        }
        guard case .slice(let range) = data.records else {
          operation.fail(place, .invalidRecord, "Partition \(data.index) has no records")
          continue
        }
        let batch = UnsafeMutableRawBufferPointer(rebasing: frame[range])
        produce(batch, to: partition, acks: request.acks, deadline: deadline, operation, place)
      }
    }
    operation.finish()
  }

  /// The log of a new partition is being made: its batches wait, in their order, rather than send the client to look for
  /// another leader.
  private func produceOnceOpen(
    _ batch: [UInt8], to id: TopicIDPartition, acks: Int16, deadline: Instant, _ operation: ProduceOperation,
    _ place: (Int, Int)
  ) {
    operation.wait()
    opener.whenOpen(id) { [weak self] in
      guard let self else { return }
      if let partition = self.partitions[id] {
        var batch = batch
        batch.withUnsafeMutableBytes {
          self.produce($0, to: partition, acks: acks, deadline: deadline, operation, place)
        }
      } else {
        operation.fail(place, .notLeaderOrFollower)
      }
      operation.done()
    }
  }

  private func produce(
    _ batch: UnsafeMutableRawBufferPointer, to partition: HostedPartition, acks: Int16, deadline: Instant,
    _ operation: ProduceOperation, _ place: (Int, Int)
  ) {
    partition.topicMetrics.counters.produceRequests += 1
    switch partition.produce(batch, acks: acks, at: now, wallClock: wallClock) {
    case .failed(let code, let message, let records):
      countFailure(code, of: partition, bytes: batch.count)
      operation.fail(place, code, message, records)
      operation.addLeaderHint(place, partition)
    case .appended(let base, let end, let appendTime):
      operation.succeed(place, base: base, appendTime: appendTime, logStart: partition.logStartOffset)
      if flusher.isAwaited(partition, then: operation.done) { operation.wait() }
      guard acks == -1 else { break }
      let token = nextToken()
      operation.wait()
      produceWaiters[token] = (operation, place.0, place.1, partition)
      partition.awaitReplication(token, upTo: end, deadline: deadline)
    }
    settle(partition)
  }

  /// Kafka counts as failed what a broker should have been able to do: not what its client got wrong or asked elsewhere.
  private func countFailure(_ code: ErrorCode, of partition: HostedPartition, bytes: Int) {
    switch code {
    case .messageTooLarge, .recordListTooLarge:
      metrics.counts.all.bytesRejected += bytes
      partition.topicMetrics.counters.bytesRejected += bytes
    case .unknownTopicOrPartition, .notLeaderOrFollower, .corruptMessage, .kafkaStorageError, .unknownTopicId: break
    default:
      metrics.counts.all.failedProduceRequests += 1
      partition.topicMetrics.counters.failedProduceRequests += 1
    }
  }

  /// A batch has been replicated, or will not be.
  func acknowledged(_ token: UInt64, _ code: ErrorCode) {
    if groups?.acknowledged(token, code) == true { return }
    guard let (operation, topic, index, partition) = produceWaiters.removeValue(forKey: token) else { return }
    if code != .none {
      if code == .requestTimedOut { metrics.counts.expiredProduces += 1 }
      operation.fail((topic, index), code)
      operation.addLeaderHint((topic, index), partition)
    }
    operation.done()
  }
}

/// One Produce request on its way: answered when its last partition is decided.
final class ProduceOperation {
  private let context: RequestContext
  private let acks: Int16
  private var response = ProduceResponse()
  private var waiting = 1
  private var hasFailed = false
  private var isAnswered = false

  init(_ context: RequestContext, _ request: ProduceRequest) {
    self.context = context
    acks = request.acks
    response.responses = request.topicData.map { topic in
      var row = ProduceResponse.TopicProduceResponse()
      row.name = topic.name
      row.topicId = topic.topicId
      row.partitionResponses = topic.partitionData.map { data in
        var entry = ProduceResponse.PartitionProduceResponse()
        entry.index = data.index
        return entry
      }
      return row
    }
  }

  func wait() { waiting += 1 }

  func succeed(_ place: (Int, Int), base: Offset, appendTime: Int64, logStart: Offset) {
    response.responses[place.0].partitionResponses[place.1].baseOffset = base.rawValue
    response.responses[place.0].partitionResponses[place.1].logAppendTimeMs = appendTime
    response.responses[place.0].partitionResponses[place.1].logStartOffset = logStart.rawValue
  }

  func fail(_ place: (Int, Int), _ code: ErrorCode, _ message: String? = nil, _ records: [RecordRejection] = []) {
    hasFailed = true
    response.responses[place.0].partitionResponses[place.1].recordErrors = records.map { record in
      var row = ProduceResponse.BatchIndexAndErrorMessage()
      row.batchIndex = record.index
      row.batchIndexErrorMessage = record.message
      return row
    }
    response.responses[place.0].partitionResponses[place.1].errorCode = code.rawValue
    response.responses[place.0].partitionResponses[place.1].errorMessage = message
    response.responses[place.0].partitionResponses[place.1].baseOffset = -1
    response.responses[place.0].partitionResponses[place.1].logStartOffset = -1
  }

  func failAll(_ code: ErrorCode) {
    for topic in response.responses.indices {
      for index in response.responses[topic].partitionResponses.indices { fail((topic, index), code) }
    }
  }

  /// KIP-951: whoever asks the wrong broker is told at once who leads.
  func addLeaderHint(_ place: (Int, Int), _ partition: HostedPartition) {
    let code = response.responses[place.0].partitionResponses[place.1].errorCode
    guard code == ErrorCode.notLeaderOrFollower.rawValue || code == ErrorCode.fencedLeaderEpoch.rawValue,
      let leader = partition.knownLeader
    else { return }
    response.responses[place.0].partitionResponses[place.1].currentLeader.leaderId = leader.id.rawValue
    response.responses[place.0].partitionResponses[place.1].currentLeader.leaderEpoch = leader.epoch.rawValue
    guard !response.nodeEndpoints.contains(where: { $0.nodeId == leader.id.rawValue }) else { return }
    var node = ProduceResponse.NodeEndpoint()
    node.nodeId = leader.id.rawValue
    node.host = leader.host
    node.port = Int32(leader.port)
    node.rack = leader.rack
    response.nodeEndpoints.append(node)
  }

  /// All partitions have been tried.
  func finish() { done() }

  func done() {
    waiting -= 1
    guard waiting == 0, !isAnswered else { return }
    isAnswered = true
    guard acks == 0 else { return context.reply(response) }
    // No answer with acks=0; an error ends the connection, so that the client looks for the leader anew.
    if hasFailed { context.session.drop() } else { context.replyNothing() }
  }
}
