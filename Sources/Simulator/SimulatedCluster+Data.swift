import BrokerCore
import CommitLog
import Controller
import Primitives
import Records
import Replication
import Wire

/// What `DataPlane`, `HostedPartition` and `ReplicaFetcher` do around the replication core.
extension SimulatedCluster {
  // MARK: metadata

  func applyNews(_ node: SimulatedNode, _ process: NodeProcess) {
    let news = process.news
    process.news.removeAll()
    for (records, fresh, upTo) in news where node.process === process {
      if let fresh {
        process.dataImage = fresh
        if isKnown(node, process) { everythingChanged(node, process) }
      } else {
        let wasKnown = isKnown(node, process)
        var delta = MetadataDelta()
        for (offset, record) in records {
          do throws(MetadataError) { try process.dataImage.apply(record, at: offset, into: &delta) } catch {
            return invariants.broken("P13: metadata record at \(offset) does not fit at \(node.id): \(error)")
          }
        }
        if !isKnown(node, process) {
        } else if !wasKnown {
          everythingChanged(node, process)
        } else {
          for id in delta.createdPartitions + delta.changedPartitions { partitionChanged(id, node, process) }
          if !delta.changedBrokers.isEmpty { brokersChanged(node, process) }
        }
      }
      process.reportedOffset = upTo - 1
    }
  }

  private func isKnown(_ node: SimulatedNode, _ process: NodeProcess) -> Bool {
    process.dataImage.knows(node.id, process.incarnation) || world.flaws.contains(.actsBeforeRegistered)
  }

  private func everythingChanged(_ node: SimulatedNode, _ process: NodeProcess) {
    for topic in process.dataImage.sortedTopics {
      for index in topic.partitions.indices {
        partitionChanged(TopicIDPartition(topic.id, PartitionID(Int32(index))), node, process)
      }
    }
    if node.process === process { removeStrays(node, process) }
  }

  private func brokersChanged(_ node: SimulatedNode, _ process: NodeProcess) {
    for partition in process.sortedPartitions { partitionChanged(partition.id, node, process) }
  }

  private func partitionChanged(_ id: TopicIDPartition, _ node: SimulatedNode, _ process: NodeProcess) {
    guard node.process === process, let registration = process.dataImage.partition(id) else { return }
    guard registration.replicas.contains(node.id) else {
      if let known = process.partitions[id] { drop(known, node, process) }
      return
    }
    guard let partition = hosted(id, node, process) else { return }
    partition.replica.brokerEpoch = process.brokerEpoch
    var adapter = ReplicaLogAdapter(partition.log)
    partition.replica.apply(
      PartitionMetadata(registration, in: process.dataImage), at: clock(node), log: &adapter, into: &partition.effects)
    if partition.replica.isLeader, partition.wasLeaderIn != partition.replica.leaderEpoch {
      partition.wasLeaderIn = partition.replica.leaderEpoch
      counters.partitionLeaders += 1
      narrate("\(node.id) leads \(partition.name) in epoch \(partition.replica.leaderEpoch)")
      invariants.leads(partition, node)
    }
    settle(partition, node, process)
    groupPartitionChanged(partition, node, process)
  }

  private func hosted(_ id: TopicIDPartition, _ node: SimulatedNode, _ process: NodeProcess) -> SimulatedReplica? {
    if let known = process.partitions[id] { return known }
    guard let topic = process.dataImage.topic(id.topic) else { return nil }
    let name = TopicPartition(topic.name, id.partition)
    do throws(LogError) {
      let found = process.unclaimed.removeValue(forKey: id)
      if found == nil, counters.reassignments > 0, world.flaws.contains(.ignoresWhatIsGiven) { return nil }
      let log = if let found { found } else { try open(name, node, process) }
      node.folders[id] = name
      let stored = node.highWatermarks[name] ?? .zero
      let replica = PartitionReplica(
        partition: id, localID: node.id, brokerEpoch: process.brokerEpoch,
        configuration: ReplicationConfiguration(
          replicaLagTimeMax: .milliseconds(400), minInSyncReplicas: 2, alterPartitionRetry: .milliseconds(100)),
        highWatermark: max(log.logStartOffset, min(stored, log.logEndOffset)))
      let partition = SimulatedReplica(id: id, name: name, log: log, replica: replica)
      process.partitions[id] = partition
      return partition
    } catch {
      fail(node, "\(name): \(error)")
      return nil
    }
  }

  private func open(
    _ name: TopicPartition, _ node: SimulatedNode, _ process: NodeProcess
  ) throws(LogError) -> PartitionLog {
    var config = LogConfig()
    config.segmentBytes = world.segmentBytes
    config.retentionMs = -1
    config.producerIDExpirationMs = .max
    return try PartitionLog.open(
      directory: "\(name.topic)-\(name.partition)", config: config, fileSystem: node.disk,
      recoveryPoint: node.recoveryPoints[name] ?? .zero, logStartOffset: nil, wasCleanShutdown: process.wasClean,
      now: wallClock(node))
  }

  /// All logs are opened, and what an unclean end left of them is recovered, before anything else is done.
  func openLogs(_ node: SimulatedNode, _ process: NodeProcess) throws(LogError) {
    for (id, name) in node.folders.sorted(by: { $0.key < $1.key }) {
      process.unclaimed[id] = try open(name, node, process)
    }
  }

  // MARK: effects

  func settle(_ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess) {
    while !partition.effects.isEmpty, node.process === process {
      let effects = partition.effects
      partition.effects.removeAll(keepingCapacity: true)
      for effect in effects where node.process === process { carryOut(effect, partition, node, process) }
    }
    if node.process === process { invariants.check(partition, node) }
  }

  private func carryOut(
    _ effect: ReplicationEffect, _ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess
  ) {
    switch effect {
    case .acknowledge(let token, let code): process.waiting.removeValue(forKey: token)?(code)
    case .highWatermarkAdvanced(let offset):
      partition.log.advance(highWatermark: offset)
      invariants.advanced(partition, to: offset, node)
      groupHighWatermarkAdvanced(partition, node, process)
    case .alterPartition(let proposal):
      counters.isrProposals += 1
      let request = AlterPartitionRequest(
        proposal, for: partition.id, broker: node.id, brokerEpoch: process.brokerEpoch)
      call(.alterPartition(request), node, process, timeout: .seconds(1)) { response in
        var answer: AlterPartitionResponse?
        if case .alterPartition(let response) = response { answer = response }
        let result = AlterPartitionResponse.result(of: answer)
        if case .failure = result { self.counters.refusedProposals += 1 }
        partition.replica.alterPartitionResult(
          result, to: proposal, at: self.clock(node), logEndOffset: partition.log.logEndOffset,
          into: &partition.effects)
        self.settle(partition, node, process)
      }
    case .leadershipLost: narrate("\(node.id) leads \(partition.name) no more")
    case .startFetching(let leader, _):
      partition.follows = leader
      partition.askedAt = nil
    case .stopFetching: partition.follows = nil
    case .truncated(let offset, let isBelow):
      counters.truncations += 1
      narrate("\(node.id) cuts \(partition.name) to \(offset), committed is \(invariants.end(of: partition.id))")
      if let stored = node.recoveryPoints[partition.name] {
        node.recoveryPoints[partition.name] = min(stored, partition.log.recoveryPoint)
      }
      partition.checkedUpTo = min(partition.checkedUpTo, partition.log.logEndOffset)
      if isBelow { invariants.broken("P6: \(node.id) cut \(partition.name) to \(offset), below its high watermark") }
    case .logFailed(let failure): fail(node, failure.reason)
    }
  }

  func tickData(_ node: SimulatedNode, _ process: NodeProcess) {
    for partition in process.sortedPartitions where node.process === process {
      if partition.replica.isLeader {
        partition.replica.tick(at: clock(node), logEndOffset: partition.log.logEndOffset, into: &partition.effects)
        settle(partition, node, process)
      } else if partition.follows != nil, partition.askedAt.map({ now - $0 > .milliseconds(300) }) ?? true {
        fetch(partition, node, process)
      }
    }
  }

  // MARK: following

  private func fetch(_ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess) {
    guard let leader = partition.follows,
      let request = partition.replica.nextFetch(log: ReplicaLogAdapter(partition.log))
    else { return }
    partition.askedAt = now
    partition.generation += 1
    let generation = partition.generation
    let (life, epoch) = (node.life, process.brokerEpoch)
    let target = nodes[Int(leader.rawValue) - 1]
    send(from: node.index, to: target) { leading in
      let (answer, records) = self.serve(request, partition.id, from: node.id, epoch, target, leading)
      // It may have died of what the request led to.
      guard target.process === leading else { return }
      self.answer(from: target.index, to: node, life: life) { process in
        self.take(answer, records, to: request, generation, partition, node, process)
      }
    }
  }

  private func serve(
    _ request: NextFetch, _ id: TopicIDPartition, from follower: BrokerID, _ epoch: BrokerEpoch, _ node: SimulatedNode,
    _ process: NodeProcess
  ) -> (FetchAnswer, [UInt8]) {
    func refused(_ code: ErrorCode) -> (FetchAnswer, [UInt8]) {
      (FetchAnswer(error: code, highWatermark: .none, logStartOffset: .none), [])
    }
    guard let partition = process.partitions[id] else { return refused(.notLeaderOrFollower) }
    let decision = partition.replica.followerFetch(
      from: follower, brokerEpoch: epoch, currentLeaderEpoch: request.currentLeaderEpoch,
      fetchOffset: request.fetchOffset, lastFetchedEpoch: request.lastFetchedEpoch,
      logStartOffset: request.logStartOffset, at: clock(node), log: ReplicaLogAdapter(partition.log),
      into: &partition.effects)
    settle(partition, node, process)
    let (mark, start) = (partition.replica.highWatermark, partition.log.logStartOffset)
    switch decision {
    case .read(let from, let upTo, _, _):
      return (FetchAnswer(highWatermark: mark, logStartOffset: start), read(partition, from: from, upTo: upTo))
    case .diverging(let epoch, let end, _, _):
      return (
        FetchAnswer(divergingEpoch: epoch, divergingEndOffset: end, highWatermark: mark, logStartOffset: start), []
      )
    case .error(let code): return refused(code)
    }
  }

  func read(_ partition: SimulatedReplica, from: Offset, upTo: Offset, maxBytes: Int = 2000) -> [UInt8] {
    do throws(LogError) {
      let slice = try partition.log.locate(from: from, maxBytes: maxBytes, upTo: upTo, minOneBatch: true)
      guard let slice else { return [] }
      do throws(FileError) { return try LogSlice.read(slice.file, at: slice.position, count: slice.length) } catch {
        throw .file(error)
      }
    } catch {
      invariants.broken("S4: \(partition.name) cannot be read at \(from): \(error)")
      return []
    }
  }

  private func take(
    _ answer: FetchAnswer, _ records: [UInt8], to request: NextFetch, _ generation: Int,
    _ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess
  ) {
    guard process.partitions[partition.id] === partition else { return }
    let isNewest = generation == partition.generation
    if isNewest { partition.askedAt = now - .milliseconds(records.isEmpty ? 290 : 301) }
    var adapter = ReplicaLogAdapter(partition.log)
    switch partition.replica.fetchResponse(answer, to: request, log: &adapter, into: &partition.effects) {
    case .ignore, .truncated, .retryLater: break
    case .outOfRange: invariants.broken("P5: \(node.id) asks for \(request.fetchOffset), out of its leader's range")
    case .append:
      if !records.isEmpty {
        let failure: LogError? = records.withUnsafeBytes { bytes in
          do throws(LogError) {
            _ = try partition.log.appendAsFollower(bytes, now: wallClock(node))
            return nil
          } catch { return error }
        }
        if case .file(let error) = failure { return fail(node, "\(error)") }
        if let failure { return invariants.broken("P5: \(node.id) cannot append to \(partition.name): \(failure)") }
      }
      partition.replica.appendedFromLeader(answer, log: &adapter, into: &partition.effects)
    }
    settle(partition, node, process)
    if isNewest, !records.isEmpty, node.process === process { fetch(partition, node, process) }
  }

  // MARK: leading

  /// A client's batch, or one of the group coordinator. `done` is called once, unless the process dies.
  func produce(
    _ batch: [UInt8], to partition: SimulatedReplica, isClient: Bool, _ node: SimulatedNode, _ process: NodeProcess,
    _ done: @escaping (ErrorCode, Offset) -> Void
  ) {
    let refusal = partition.replica.checkProduce(acks: -1)
    if let refusal, refusal != .notEnoughReplicas { return done(refusal, .none) }
    var bytes = batch
    guard let header = bytes.withUnsafeBytes({ $0.baseAddress.map { RecordBatchHeader.read(at: $0) } }) else { return }
    var end = Offset.none
    var base = Offset.none
    var verdict = partition.log.producers.check(header, isFromClient: isClient)
    if case .duplicate = verdict, world.flaws.contains(.appendsDuplicates) { verdict = .append }
    switch verdict {
    case .append where refusal != nil, .refuse where refusal != nil: return done(.notEnoughReplicas, .none)
    case .refuse(let code, _): return done(code, .none)
    case .duplicate(let first, let last, _):
      counters.duplicatesRecognised += 1
      (base, end) = (first, last + 1)
    case .append:
      let result: Result<AppendResult, LogError> = bytes.withUnsafeMutableBytes { buffer in
        do throws(LogError) {
          return .success(
            try partition.log.append(buffer, leaderEpoch: partition.replica.leaderEpoch, now: wallClock(node)))
        } catch { return .failure(error) }
      }
      switch result {
      case .failure(let error): return fail(node, "\(error)")
      case .success(let appended): (base, end) = (appended.baseOffset, appended.lastOffset + 1)
      }
      partition.replica.appended(
        logEndOffset: partition.log.logEndOffset, at: clock(node), into: &partition.effects)
    }
    let token = nextToken()
    process.waiting[token] = { code in
      if code == .none { self.invariants.acknowledged(partition, upTo: end, node) }
      done(code, base)
    }
    partition.replica.awaitReplication(
      token: token, upTo: end, deadline: isClient ? clock(node) + .milliseconds(500) : .distantFuture,
      into: &partition.effects)
    if world.flaws.contains(.acknowledgesAtAppend), isClient {
      partition.effects.append(.acknowledge(token: token, .none))
    }
    settle(partition, node, process)
  }
}
