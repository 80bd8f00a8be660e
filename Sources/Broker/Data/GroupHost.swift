import BrokerCore
import CommitLog
import Groups
import Primitives
import Records
import Wire

/// The group coordinators of this broker: a shard for each partition of `__consumer_offsets` that it leads.
///
/// A shard's records are appended to its partition like any batch, with acks=all; what it answers waits for them.
final class GroupHost {
  private let plane: DataPlane
  private let configuration: GroupConfiguration
  private var random: RandomSource
  private var shards: [PartitionID: GroupShard] = [:]
  private var replies: [RequestToken: (GroupResponse) -> Void] = [:]
  /// Appends that the cluster has not acknowledged yet, by the produce token.
  private var appends: [UInt64: (shard: PartitionID, append: AppendToken)] = [:]
  private var effects: [GroupEffect] = []
  /// Shards that have been replayed and serve once all of it is committed.
  private var loading: [PartitionID: (epoch: LeaderEpoch, end: Offset)] = [:]

  init(_ plane: DataPlane, random: RandomSource) {
    self.plane = plane
    self.random = random
    let settings = plane.configuration
    var configuration = GroupConfiguration()
    configuration.groupMinSessionTimeoutMs = Int32(clamping: settings.integer("group.min.session.timeout.ms"))
    configuration.groupMaxSessionTimeoutMs = Int32(clamping: settings.integer("group.max.session.timeout.ms"))
    configuration.groupInitialRebalanceDelayMs = Int32(clamping: settings.integer("group.initial.rebalance.delay.ms"))
    configuration.groupMaxSize = Int32(clamping: settings.integer("group.max.size"))
    configuration.offsetMetadataMaxBytes = Int32(clamping: settings.integer("offset.metadata.max.bytes"))
    configuration.offsetsRetentionMinutes = Int32(clamping: settings.integer("offsets.retention.minutes"))
    configuration.offsetsRetentionCheckIntervalMs = Int64(settings.integer("offsets.retention.check.interval.ms"))
    self.configuration = configuration
  }

  /// All shards' groups together.
  var counts: GroupCounts { shards.values.reduce(GroupCounts()) { $0 + $1.counts } }

  // MARK: the shards' lives

  /// Follows a partition of `__consumer_offsets`: leading it means coordinating its groups.
  func partitionChanged(_ partition: HostedPartition) {
    guard partition.name.topic == InternalTopics.offsets else { return }
    let id = partition.id.partition
    guard partition.isLeader else {
      loading[id] = nil
      if shards[id] != nil {
        step(id, .unload)
        shards[id] = nil
      }
      return
    }
    guard shards[id]?.servingEpoch != partition.leaderEpoch, loading[id]?.epoch != partition.leaderEpoch else { return }
    if shards[id] == nil { shards[id] = GroupShard(configuration: configuration, random: random.stream("shard-\(id)")) }
    random = RandomSource(seed: random.next())
    step(id, .load(epoch: partition.leaderEpoch))
    load(id, partition)
  }

  /// Replays the partition to its end. The shard serves once the high watermark is there: until then another failover
  /// could take back what it would tell.
  private func load(_ id: PartitionID, _ partition: HostedPartition) {
    let epoch = partition.leaderEpoch
    var offset = partition.log.logStartOffset
    do {
      while offset < partition.log.logEndOffset {
        guard
          let slice = try partition.log.locate(
            from: offset, maxBytes: 4 << 20, upTo: partition.log.logEndOffset, minOneBatch: true), slice.length > 0
        else { break }
        let bytes = try LogSlice.read(slice.file, at: slice.position, count: slice.length)
        let next = try replay(bytes, into: id)
        guard next > offset else { break }
        offset = next
      }
      loading[id] = (epoch, offset)
      highWatermarkAdvanced(partition)
    } catch {
      plane.log.error("groups cannot be loaded", "partition=\(partition.name) reason=\"\(error)\"")
    }
  }

  func highWatermarkAdvanced(_ partition: HostedPartition) {
    guard partition.name.topic == InternalTopics.offsets else { return }
    guard let (epoch, end) = loading[partition.id.partition],
      partition.isLeader, partition.leaderEpoch == epoch, partition.highWatermark >= end
    else { return }
    loading[partition.id.partition] = nil
    step(partition.id.partition, .loaded(epoch: epoch))
    plane.log.info("coordinates groups", "partition=\(partition.name) epoch=\(epoch) end=\(end)")
  }

  private func replay(_ bytes: [UInt8], into id: PartitionID) throws -> Offset {
    var next = Offset.none
    try bytes.withUnsafeBytes { raw in
      var batches = RecordBatchSequence(raw)
      while let (header, batch) = try batches.next() {
        next = header.nextOffset
        if header.isControl { continue }
        var records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
        while let record = try records.next() {
          guard let key = record.key else { continue }
          step(id, .replay(key: Array(key), value: record.value.map { Array($0) }, timestamp: record.timestamp))
        }
      }
    }
    return next
  }

  func partitionGone(_ partition: HostedPartition) {
    let id = partition.id.partition
    guard partition.name.topic == InternalTopics.offsets, shards[id] != nil else { return }
    loading[id] = nil
    step(id, .unload)
    shards[id] = nil
  }

  func topicDeleted(_ name: String) {
    for id in shards.keys.sorted() { step(id, .topicsDeleted([name])) }
  }

  var nextDeadline: Instant { shards.values.compactMap(\.nextDeadline).min() ?? .distantFuture }

  func timer(at now: Instant) {
    let due = shards.filter { ($0.value.nextDeadline ?? .distantFuture) <= now }.keys.sorted()
    for id in due { step(id, .timer) }
  }

  // MARK: events and effects

  private func step(_ id: PartitionID, _ event: GroupEvent) {
    let before = effects
    effects = []
    shards[id]?.handle(event, at: plane.now, wallClockMs: plane.wallClock, into: &effects)
    let batch = effects
    effects = before
    for effect in batch { perform(effect, id) }
  }

  private func perform(_ effect: GroupEffect, _ id: PartitionID) {
    switch effect {
    case .reply(let token, let response): replies.removeValue(forKey: token)?(response)
    case .unreadableRecord(let reason): plane.log.warn("group record passed over", "shard=\(id) reason=\"\(reason)\"")
    case .append(let append, let records): write(records, append, id)
    }
  }

  private func write(_ records: [GroupRecord], _ append: AppendToken, _ id: PartitionID) {
    guard let topic = plane.image.topicID(InternalTopics.offsets),
      let partition = plane.partitions[TopicIDPartition(topic, id)]
    else { return step(id, .appendResult(append, .notLeaderOrFollower)) }
    if let code = partition.checkProduce(acks: -1) { return step(id, .appendResult(append, code)) }
    var builder = RecordBatchBuilder()
    for record in records { builder.append(key: record.key, value: record.value, timestamp: plane.wallClock) }
    guard var bytes = try? builder.build() else { return step(id, .appendResult(append, .messageTooLarge)) }
    let count = records.count
    let outcome = bytes.withUnsafeMutableBytes {
      partition.append($0, records: count, at: plane.now, wallClock: plane.wallClock)
    }
    switch outcome {
    case .failed(let code, _, _): step(id, .appendResult(append, code))
    case .appended(_, let end, _):
      let token = plane.nextToken()
      appends[token] = (id, append)
      // Without a deadline: the shard itself answers those who wait too long, and has to hear once it is replicated, or
      // else a deletion in doubt would hold up its group for ever.
      partition.awaitReplication(token, upTo: end, deadline: .distantFuture)
      plane.settle(partition)
    }
  }

  /// A batch of a shard has been replicated, or will not be. False: the token is not one of a shard.
  func acknowledged(_ token: UInt64, _ code: ErrorCode) -> Bool {
    guard let (shard, append) = appends.removeValue(forKey: token) else { return false }
    step(shard, .appendResult(append, code))
    return true
  }

  // MARK: requests

  /// Brings a request to the shard of `group`; `refuse` is called when this broker does not coordinate it.
  func request(
    _ request: GroupRequest, group: String, _ context: RequestContext, refuse: @escaping () -> Void,
    _ reply: @escaping (GroupResponse) -> Void
  ) {
    guard let shard = shard(of: group) else { return refuse() }
    if shards[shard] != nil { return ask(shard, request, context, reply) }
    guard let topic = plane.image.topic(named: InternalTopics.offsets),
      plane.opener.isOpeningAsLeader(TopicIDPartition(topic.id, shard))
    else { return refuse() }
    // The group's partition is being made: its first members need not look for another coordinator.
    plane.opener.whenOpen(TopicIDPartition(topic.id, shard)) { [weak self] in
      guard let self, self.shards[shard] != nil else { return refuse() }
      self.ask(shard, request, context, reply)
    }
  }

  /// Every shard's answer to the same request, joined by the caller.
  func requestAll(
    _ request: GroupRequest, _ context: RequestContext, _ done: @escaping ([GroupResponse]) -> Void
  ) {
    let ids = shards.keys.sorted()
    var answers: [GroupResponse] = []
    guard !ids.isEmpty else { return done([]) }
    for id in ids {
      ask(id, request, context) { response in
        answers.append(response)
        if answers.count == ids.count { done(answers) }
      }
    }
  }

  private func ask(
    _ shard: PartitionID, _ request: GroupRequest, _ context: RequestContext, _ reply: @escaping (GroupResponse) -> Void
  ) {
    let token = plane.nextToken()
    replies[token] = reply
    step(
      shard,
      .request(
        token: token, request,
        GroupRequestContext(version: context.version, clientID: context.clientId ?? "", clientHost: context.clientHost))
    )
  }

  func shard(of group: String) -> PartitionID? {
    guard let topic = plane.image.topic(named: InternalTopics.offsets), !topic.partitions.isEmpty else { return nil }
    return coordinatorPartition(for: group, count: Int32(topic.partitions.count))
  }
}
