import BrokerCore
import CommitLog
import Groups
import Primitives
import Records
import Replication

/// What `GroupHost` does around the group coordinator's core; the cluster has one partition of `__consumer_offsets`.
extension SimulatedCluster {
  static let offsetsTopic = "__consumer_offsets"

  func groupPartitionChanged(_ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess) {
    guard partition.name.topic == Self.offsetsTopic, node.process === process else { return }
    guard partition.replica.isLeader else {
      process.shardLoading = nil
      if process.shard != nil { step(.unload, node, process) }
      process.shard = nil
      return
    }
    let epoch = partition.replica.leaderEpoch
    guard process.shard?.servingEpoch != epoch, process.shardLoading?.epoch != epoch else { return }
    if process.shard == nil {
      process.shard = GroupShard(
        configuration: GroupConfiguration(), random: source.stream("shard \(node.index) \(node.life)"))
    }
    step(.load(epoch: epoch), node, process)
    var offset = partition.log.logStartOffset
    while offset < partition.log.logEndOffset, !world.flaws.contains(.servesGroupsUnread) {
      let next = replay(
        read(partition, from: offset, upTo: partition.log.logEndOffset, maxBytes: 1 << 20), node, process)
      guard next > offset else { break }
      offset = next
    }
    process.shardLoading = (epoch, offset)
    groupHighWatermarkAdvanced(partition, node, process)
  }

  func groupPartitionGone(_ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess) {
    guard partition.name.topic == Self.offsetsTopic, process.shard != nil else { return }
    process.shardLoading = nil
    step(.unload, node, process)
    process.shard = nil
  }

  private func replay(_ bytes: [UInt8], _ node: SimulatedNode, _ process: NodeProcess) -> Offset {
    bytes.withUnsafeBytes { raw in
      var next = Offset.none
      var batches = RecordBatchSequence(raw)
      while let (header, batch) = try? batches.next() {
        next = header.nextOffset
        guard var records = try? RecordIterator(batch: batch, maxDecompressedBytes: 1 << 20) else { continue }
        while let record = try? records.next() {
          guard let key = record.key else { continue }
          step(
            .replay(key: Array(key), value: record.value.map { Array($0) }, timestamp: record.timestamp), node, process)
        }
      }
      return next
    }
  }

  func groupHighWatermarkAdvanced(_ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess) {
    guard partition.name.topic == Self.offsetsTopic else { return }
    guard let (epoch, end) = process.shardLoading, partition.replica.isLeader, partition.replica.leaderEpoch == epoch,
      partition.replica.highWatermark >= end
    else { return }
    process.shardLoading = nil
    counters.coordinatorLoads += 1
    narrate("\(node.id) coordinates groups in epoch \(epoch)")
    step(.loaded(epoch: epoch), node, process)
    invariants.loaded(committedOffsets(node, process), of: partition.id, epoch: epoch, node)
  }

  /// What a new coordinator would make of this node's partition, if it coordinates.
  func replayedOffsets(_ node: SimulatedNode, _ process: NodeProcess) -> [Int64]? {
    guard let partition = process.partitions.values.first(where: { $0.name.topic == Self.offsetsTopic }) else {
      return nil
    }
    let live = process.shard
    process.shard = GroupShard(configuration: GroupConfiguration(), random: source.stream("replay"))
    var offset = partition.log.logStartOffset
    while offset < partition.log.logEndOffset {
      let next = replay(
        read(partition, from: offset, upTo: partition.log.logEndOffset, maxBytes: 1 << 20), node, process)
      guard next > offset else { break }
      offset = next
    }
    step(.loaded(epoch: partition.replica.leaderEpoch), node, process)
    let found = committedOffsets(node, process)
    process.shard = live
    return found
  }

  func tickGroups(_ node: SimulatedNode, _ process: NodeProcess) {
    guard let deadline = process.shard?.nextDeadline, deadline <= clock(node) else { return }
    step(GroupEvent.timer, node, process)
  }

  private func step(_ event: GroupEvent, _ node: SimulatedNode, _ process: NodeProcess) {
    var effects: [GroupEffect] = []
    process.shard?.handle(event, at: clock(node), wallClockMs: wallClock(node), into: &effects)
    for effect in effects where node.process === process {
      switch effect {
      case .reply(let token, let response): process.groupReplies.removeValue(forKey: token)?(response)
      case .unreadableRecord(let reason): invariants.broken("G3: \(node.id) cannot read a group record: \(reason)")
      case .append(let append, let records): write(records, append, node, process)
      }
    }
  }

  private func write(_ records: [GroupRecord], _ append: AppendToken, _ node: SimulatedNode, _ process: NodeProcess) {
    let partition = process.partitions.values.first { $0.name.topic == Self.offsetsTopic }
    var builder = RecordBatchBuilder()
    for record in records { builder.append(key: record.key, value: record.value, timestamp: wallClock(node)) }
    guard let partition, let bytes = try? builder.build() else {
      return step(.appendResult(append, .notLeaderOrFollower), node, process)
    }
    var isAnswered = false
    let answer: (ErrorCode, Offset) -> Void = { code, _ in
      guard !isAnswered else { return }
      isAnswered = true
      self.step(.appendResult(append, code), node, process)
    }
    produce(bytes, to: partition, isClient: false, node, process, answer)
    if world.flaws.contains(.commitsAtAppend), node.process === process { answer(.none, .none) }
  }

  // MARK: requests

  /// Brings a request to this node's coordinator; nil when it has none.
  func ask(
    _ request: GroupRequest, version: Int16, _ node: SimulatedNode, _ process: NodeProcess,
    _ reply: @escaping (GroupResponse?) -> Void
  ) {
    guard process.shard != nil else { return reply(nil) }
    let token = nextToken()
    process.groupReplies[token] = reply
    step(
      .request(
        token: token, request, GroupRequestContext(version: version, clientID: "simulated", clientHost: "/127.0.0.1")),
      node, process)
  }
}
