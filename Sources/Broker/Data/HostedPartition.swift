import BrokerCore
import CommitLog
import Controller
import Primitives
import Records
import Replication
import Wire

/// A partition that this broker replicates: the replication core, its log, and who waits for it.
///
/// It belongs to the data loop. After any call that may have effects, the caller lets the plane `settle` it.
final class HostedPartition {
  let id: TopicIDPartition
  let name: TopicPartition
  let log: PartitionLog
  private let plane: DataPlane
  private(set) var replica: PartitionReplica
  var effects: [ReplicationEffect] = []
  /// Fetches that have seen all there is, and want to know when there is more.
  var watchers: [FetchedPartition] = []
  private(set) var isRemoved = false
  var isMarkedMoved = false
  let topicMetrics: TopicMetrics
  /// How many records of those that its leader calls committed this follower lacked at the last answer.
  private(set) var lag: Int64 = 0
  private(set) var follows: BrokerID?
  private var rules = RecordBatchRules()

  init(_ plane: DataPlane, id: TopicIDPartition, topic: String, log: PartitionLog) {
    self.plane = plane
    self.id = id
    self.log = log
    name = TopicPartition(topic, id.partition)
    topicMetrics = plane.metrics.topic(id.topic, name: topic)
    var configuration = ReplicationConfiguration()
    configuration.replicaLagTimeMax = plane.replicaLagTimeMax
    configuration.minInSyncReplicas = plane.minInSyncReplicas(topic)
    configuration.alterPartitionRetry = .milliseconds(100)
    let stored = plane.storage.storedHighWatermarks[name] ?? .zero
    replica = PartitionReplica(
      partition: id, localID: plane.nodeID, brokerEpoch: plane.brokerEpoch, configuration: configuration,
      highWatermark: max(log.logStartOffset, min(stored, log.logEndOffset)))
    setRules()
  }

  var isLeader: Bool { replica.isLeader }
  var awaitsController: Bool { replica.awaitsController }
  var highWatermark: Offset { replica.highWatermark }
  var leaderEpoch: LeaderEpoch { replica.leaderEpoch }
  var logStartOffset: Offset { log.logStartOffset }

  /// Who leads as far as this broker knows, and where to find it.
  struct KnownLeader {
    var id: BrokerID
    var epoch: LeaderEpoch
    var host: String
    var port: UInt16
    var rack: String?
  }

  var knownLeader: KnownLeader? {
    guard let registration = plane.image.partition(id), let broker = plane.image.broker(registration.leader) else {
      return nil
    }
    let endpoint = plane.clientEndpoint(of: broker)
    return KnownLeader(
      id: broker.id, epoch: registration.leaderEpoch, host: endpoint.host, port: endpoint.port, rack: broker.rack)
  }

  // MARK: metadata and settings

  func apply(_ registration: PartitionRegistration, at now: Instant) {
    replica.brokerEpoch = plane.brokerEpoch
    let metadata = PartitionMetadata(registration, in: plane.image)
    var adapter = ReplicaLogAdapter(log)
    replica.apply(metadata, at: now, log: &adapter, into: &effects)
    // Leader, epoch or who may join the ISR: what a fetch gets may be another thing now.
    plane.partitionMoved(self)
  }

  func configure(_ config: LogConfig, minInSyncReplicas: Int) {
    log.config = config
    replica.configuration.minInSyncReplicas = minInSyncReplicas
    setRules()
  }

  private func setRules() {
    rules.maxMessageBytes = log.config.maxMessageBytes
    rules.requiresKeys = log.config.compacts
    rules.stampsAppendTime = log.config.stampsAppendTime
    rules.decodesRecords = true
    rules.maxDecompressedBytes = max(64 << 20, 8 * log.config.maxMessageBytes)
    rules.targetCodec = TopicSettings.codec(plane.topicSetting(name.topic, "compression.type"))
    func limit(_ key: String) -> Int64? { plane.topicSetting(name.topic, key).flatMap { Int64($0) } }
    rules.timestampAfterMax = limit("message.timestamp.after.max.ms")
    rules.timestampBeforeMax = limit("message.timestamp.before.max.ms")
  }

  /// This broker no longer holds the partition.
  func remove(at now: Instant) {
    var adapter = ReplicaLogAdapter(log)
    let gone = PartitionMetadata(
      replicas: [], isr: [], leader: .none, leaderEpoch: leaderEpoch.next,
      partitionEpoch: PartitionEpoch(.max))
    replica.apply(gone, at: now, log: &adapter, into: &effects)
    isRemoved = true
    wakeFetches()
  }

  func tick(at now: Instant) {
    replica.tick(at: now, logEndOffset: log.logEndOffset, into: &effects)
  }

  // MARK: produce

  enum ProduceOutcome {
    case failed(ErrorCode, String?, [RecordRejection] = [])
    /// `end` is one past the last offset; `appendTime` is −1 unless the broker sets the time.
    case appended(base: Offset, end: Offset, appendTime: Int64)
  }

  /// Checks a client's batch and appends it as it is, with its offsets and epoch stamped in place.
  func produce(
    _ batch: UnsafeMutableRawBufferPointer, acks: Int16, at now: Instant, wallClock: Int64
  ) -> ProduceOutcome {
    if let code = replica.checkProduce(acks: acks) {
      guard code == .notEnoughReplicas, let known = known(UnsafeRawBufferPointer(batch)) else {
        return .failed(code, nil)
      }
      return known
    }
    if InternalTopics.contains(name.topic) {
      return .failed(.topicAuthorizationFailed, "\(name.topic) is written by the cluster alone")
    }
    let header: RecordBatchHeader
    do throws(RecordError) {
      header = try RecordBatch.validate(UnsafeRawBufferPointer(batch), rules: rules, now: wallClock)
    } catch {
      plane.metrics.count(error, requiresKeys: rules.requiresKeys)
      return .failed(error.errorCode, error.message, error.recordErrors)
    }
    if header.isTransactional { return .failed(.transactionalIdAuthorizationFailed, "Transactions are not served") }
    switch log.producers.check(header, isFromClient: true) {
    case .append: break
    case .duplicate(let first, let last, _): return .appended(base: first, end: last + 1, appendTime: -1)
    case .refuse(let code, let reason):
      plane.metrics.counts.invalidOffsetOrSequenceRecords += Int(header.recordCount)
      return .failed(code, reason)
    }
    let count = Int(header.recordCount)
    if let codec = rules.targetCodec, codec != header.codec {
      do throws(RecordError) {
        var bytes = try RecordBatch.recompressed(UnsafeRawBufferPointer(batch), to: codec, rules: rules)
        return bytes.withUnsafeMutableBytes { append($0, records: count, at: now, wallClock: wallClock) }
      } catch {
        return .failed(error.errorCode, error.message)
      }
    }
    RecordBatch.setMaxTimestamp(batch, to: header.maxTimestamp)
    return append(batch, records: count, at: now, wallClock: wallClock)
  }

  /// Where a batch that was sent again is; nil when it is not here.
  private func known(_ batch: UnsafeRawBufferPointer) -> ProduceOutcome? {
    guard batch.count >= RecordBatchHeader.size, let start = batch.baseAddress,
      case .duplicate(let first, let last, _) = log.producers.check(.read(at: start), isFromClient: true)
    else { return nil }
    return .appended(base: first, end: last + 1, appendTime: -1)
  }

  /// Appends batches that are known to be good: checked ones of clients, or the cluster's own.
  func append(
    _ batch: UnsafeMutableRawBufferPointer, records: Int, at now: Instant, wallClock: Int64
  ) -> ProduceOutcome {
    do throws(LogError) {
      let result = try log.append(batch, leaderEpoch: leaderEpoch, now: wallClock)
      plane.metrics.counts.all.messagesIn += records
      plane.metrics.counts.all.bytesIn += batch.count
      topicMetrics.counters.messagesIn += records
      topicMetrics.counters.bytesIn += batch.count
      plane.flusher.appended(self, at: now)
      replica.appended(logEndOffset: log.logEndOffset, at: now, into: &effects)
      // Followers' long polls have something to read.
      plane.partitionMoved(self)
      return .appended(base: result.baseOffset, end: result.lastOffset + 1, appendTime: result.appendTime)
    } catch {
      plane.storageFailed(self, error)
      return .failed(.kafkaStorageError, nil)
    }
  }

  func awaitReplication(_ token: UInt64, upTo end: Offset, deadline: Instant) {
    replica.awaitReplication(token: token, upTo: end, deadline: deadline, into: &effects)
    if deadline < .distantFuture {
      plane.deadlines.add(deadline) { [weak self] in
        guard let self else { return }
        self.tick(at: self.plane.now)
        self.plane.settle(self)
      }
    }
  }

  func checkProduce(acks: Int16) -> ErrorCode? { replica.checkProduce(acks: acks) }

  // MARK: fetch

  enum FetchDecision {
    case read(from: Offset, upTo: Offset)
    case diverging(LeaderEpoch, Offset)
    case preferred(BrokerID)
    case error(ErrorCode)
  }

  func followerFetch(
    _ wanted: FetchRequest.FetchPartition, from id: BrokerID, brokerEpoch: BrokerEpoch, at now: Instant
  ) -> FetchDecision {
    let decision = replica.followerFetch(
      from: id, brokerEpoch: brokerEpoch, currentLeaderEpoch: LeaderEpoch(wanted.currentLeaderEpoch),
      fetchOffset: Offset(wanted.fetchOffset), lastFetchedEpoch: LeaderEpoch(wanted.lastFetchedEpoch),
      logStartOffset: Offset(wanted.logStartOffset), at: now, log: ReplicaLogAdapter(log), into: &effects)
    plane.settle(self)
    switch decision {
    case .read(let from, let upTo, _, _): return .read(from: from, upTo: upTo)
    case .diverging(let epoch, let end, _, _): return .diverging(epoch, end)
    case .error(let code): return .error(code)
    }
  }

  func consumerFetch(
    _ wanted: FetchRequest.FetchPartition, rack: String, isReadCommitted: Bool, at now: Instant
  ) -> FetchDecision {
    let epoch = LeaderEpoch(wanted.currentLeaderEpoch)
    let offset = Offset(wanted.fetchOffset)
    switch replica.consumerFetch(currentLeaderEpoch: epoch, offset: offset, log: ReplicaLogAdapter(log)) {
    case .error(let code): return .error(code)
    case .read(let from, let upTo, _, _):
      if isLeader, !rack.isEmpty, let nearest = nearestReplica(rack) { return .preferred(nearest) }
      return .read(
        from: from, upTo: isReadCommitted ? min(upTo, log.lastStableOffset(highWatermark: upTo)) : upTo)
    }
  }

  /// KIP-392: a live member of the ISR in the consumer's rack, when the broker is set up to point there.
  private func nearestReplica(_ rack: String) -> BrokerID? {
    guard plane.configuration.string("replica.selector.class")?.hasSuffix("RackAwareReplicaSelector") == true,
      plane.configuration.string("broker.rack") != rack
    else { return nil }
    return replica.isr.first { $0 != plane.nodeID && plane.image.broker($0)?.rack == rack && plane.isLive($0) }
  }

  /// What every answer carries besides the records.
  func fill(_ row: inout FetchResponse.PartitionData) {
    row.highWatermark = highWatermark.rawValue
    row.lastStableOffset = log.lastStableOffset(highWatermark: highWatermark).rawValue
    row.logStartOffset = log.logStartOffset.rawValue
  }

  func fillAborted(_ row: inout FetchResponse.PartitionData, _ slice: LogSlice?) {
    row.abortedTransactions = []
    guard let slice, let found = try? log.abortedTransactions(from: slice.baseOffset, to: highWatermark) else { return }
    row.abortedTransactions = found.map { aborted in
      var entry = FetchResponse.AbortedTransaction()
      entry.producerId = aborted.producerID.rawValue
      entry.firstOffset = aborted.firstOffset.rawValue
      return entry
    }
  }

  /// Tells those who watch, and lets go of them: who wants to hear of it again says so.
  func wakeFetches() {
    guard !watchers.isEmpty else { return }
    let told = watchers
    watchers.removeAll(keepingCapacity: true)
    for watcher in told { watcher.partitionChanged() }
  }

  // MARK: following

  func nextFetch() -> NextFetch? { replica.nextFetch(log: ReplicaLogAdapter(log)) }

  /// Takes a leader's answer. False: it failed, and asking again at once would not help.
  func take(
    _ row: FetchResponse.PartitionData, records: UnsafeMutableRawBufferPointer, asked: NextFetch, at now: Instant
  ) -> Bool {
    let answer = FetchAnswer(
      error: ErrorCode(rawValue: row.errorCode) ?? .unknownServerError,
      divergingEpoch: LeaderEpoch(row.divergingEpoch.epoch), divergingEndOffset: Offset(row.divergingEpoch.endOffset),
      highWatermark: Offset(row.highWatermark), logStartOffset: Offset(row.logStartOffset))
    var adapter = ReplicaLogAdapter(log)
    switch replica.fetchResponse(answer, to: asked, log: &adapter, into: &effects) {
    case .ignore, .truncated: return true
    case .retryLater: return false
    case .outOfRange:
      plane.askBounds(of: self)
      return false
    case .append:
      defer { lag = max(0, row.highWatermark - log.logEndOffset.rawValue) }
      if records.count > 0 {
        do throws(LogError) {
          _ = try log.appendAsFollower(UnsafeRawBufferPointer(records), now: plane.wallClock)
          plane.metrics.counts.replicationBytesIn += records.count
          plane.flusher.appended(self, at: now)
        } catch .file(let error) {
          plane.storageFailed(self, .file(error))
          return false
        } catch {
          plane.log.error("leader's records cannot be appended", "partition=\(name) reason=\"\(error)\"")
          return false
        }
      }
      replica.appendedFromLeader(answer, log: &adapter, into: &effects)
      return true
    }
  }

  func leaderBounds(_ epoch: LeaderEpoch, start: Offset, end: Offset) {
    var adapter = ReplicaLogAdapter(log)
    replica.leaderBounds(leaderEpoch: epoch, logStartOffset: start, logEndOffset: end, log: &adapter, into: &effects)
  }

  func follow(_ leader: BrokerID?) {
    follows = leader
    lag = 0
  }

  // MARK: other questions

  func checkLeader(currentEpoch: LeaderEpoch) -> ErrorCode? {
    switch replica.listOffsets(currentLeaderEpoch: currentEpoch, forReplica: true, log: ReplicaLogAdapter(log)) {
    case .success: nil
    case .failure(let code): code
    }
  }

  func checkListOffsets(currentEpoch: LeaderEpoch, isConsumer: Bool) -> ErrorCode? {
    switch replica.listOffsets(currentLeaderEpoch: currentEpoch, forReplica: !isConsumer, log: ReplicaLogAdapter(log)) {
    case .success: nil
    case .failure(let code): code
    }
  }

  func alterPartitionResult(
    _ result: Result<(isr: [BrokerID], partitionEpoch: PartitionEpoch, leaderEpoch: LeaderEpoch), ErrorCode>,
    to proposal: AlterPartitionProposal, at now: Instant
  ) {
    replica.alterPartitionResult(result, to: proposal, at: now, logEndOffset: log.logEndOffset, into: &effects)
  }
}
