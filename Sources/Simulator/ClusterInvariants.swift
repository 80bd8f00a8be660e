import Checker
import CommitLog
import Controller
import Primitives
import Records
import Replication
import Wire

/// What must hold of the whole cluster. Committed is what any leader's high watermark has passed.
///
/// - P13, R10: every node applies the same metadata records, and equal images at equal offsets.
/// - P4: a new leader has every committed batch; one leader for each epoch of a partition. P5, P7: nobody's committed
///   batches differ, and consumers are shown nothing else. P9, P12.
/// - G3, at the end: a coordinator's memory is what a replay of its partition gives.
/// - G2: a coordinator that begins to serve has the last acknowledged commit, or a later one.
final class ClusterInvariants {
  struct Entry: Hashable {
    var base: Offset
    var end: Offset
    var hash: UInt64
  }

  static let capacity = 4000

  private(set) var violation: String?
  /// The newest metadata that any node has applied.
  private(set) var image = MetadataImage()
  private(set) var imageEnd = Offset.zero
  private var records: [Offset: UInt64] = [:]
  private var images: [Offset: UInt64] = [:]
  private var leaders: [TopicIDPartition: [LeaderEpoch: BrokerID]] = [:]
  private(set) var committed: [TopicIDPartition: [Entry]] = [:]
  /// What the group wanted to commit, in its order, and the last of these that was acknowledged.
  private var commits: [[Int64]] = []
  private var acknowledgedCommit: Int?
  /// Ended or given up.
  private(set) var reassignmentsEnded = 0
  var history = History(capacity: capacity)
  private(set) var acknowledgedEvents = 0

  func broken(_ text: @autoclosure () -> String) {
    if violation == nil { violation = text() }
  }

  func require(_ holds: Bool, _ text: @autoclosure () -> String) {
    if !holds { broken(text()) }
  }

  static func hash(_ bytes: some Sequence<UInt8>, _ start: UInt64 = 0xcbf2_9ce4_8422_2325) -> UInt64 {
    var hash = start
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return hash
  }

  // MARK: metadata

  func metadata(_ record: MetadataRecord, at offset: Offset, _ node: BrokerID) {
    let hash = Self.hash(record.encoded())
    let known = records.updateValue(hash, forKey: offset)
    require(known == nil || known == hash, "P13: \(node) applied another record at \(offset) than the others")
  }

  func image(_ image: MetadataImage, upTo end: Offset, _ node: BrokerID) {
    let hash = image.contentHash()
    let known = images.updateValue(hash, forKey: end)
    require(known == nil || known == hash, "R10: the metadata of \(node) at \(end) differs from that of the others")
    guard end > imageEnd else { return }
    let before = self.image
    imageEnd = end
    self.image = image
    for topic in image.sortedTopics {
      for (index, partition) in topic.partitions.enumerated() {
        let wasMoving = before.partition(TopicIDPartition(topic.id, PartitionID(Int32(index))))?.isReassigning == true
        if wasMoving, !partition.isReassigning { reassignmentsEnded += 1 }
        let name = "\(topic.name)-\(index)"
        require(
          partition.elr.isEmpty || partition.isr.count < 2,
          "P1: ELR \(partition.elr) beside ISR \(partition.isr) of \(name)")
        require(!partition.isr.contains(where: partition.elr.contains), "P1: ISR and ELR of \(name) overlap")
        require(
          !partition.hasLeader || partition.isr.allSatisfy { image.broker($0)?.fenced == false },
          "P1: a fenced broker in ISR \(partition.isr) of \(name)")
      }
    }
  }

  // MARK: partitions

  private func entries(_ partition: SimulatedReplica, from: Offset, upTo end: Offset) -> [Entry] {
    var found: [Entry] = []
    var offset = from
    while offset < end {
      guard let slice = try? partition.log.locate(from: offset, maxBytes: 1 << 20, upTo: end, minOneBatch: true) else {
        break
      }
      var bytes = [UInt8](repeating: 0, count: slice.length)
      _ = bytes.withUnsafeMutableBytes { try? slice.read(into: $0) }
      let before = offset
      bytes.withUnsafeBytes { raw in
        var batches = RecordBatchSequence(raw)
        while let (header, batch) = try? batches.next() {
          found.append(Entry(base: header.baseOffset, end: header.nextOffset, hash: Self.hash(batch)))
          offset = header.nextOffset
        }
      }
      guard offset > before else { break }
    }
    return found
  }

  /// Compares a replica's batches in a range with the committed ones there.
  private func compare(_ partition: SimulatedReplica, from: Offset, upTo end: Offset, _ text: @autoclosure () -> String)
  {
    let known = committed[partition.id] ?? []
    let first = known.partitionIndex { $0.base >= from }
    let last = known.partitionIndex { $0.base >= end }
    guard first < last else { return }
    let found = entries(partition, from: known[first].base, upTo: end)
    require(found.elementsEqual(known[first..<last]), "\(text()): \(partition.name) from \(from) to \(end)")
  }

  func leads(_ partition: SimulatedReplica, _ node: SimulatedNode) {
    let epoch = partition.replica.leaderEpoch
    let known = leaders[partition.id, default: [:]].updateValue(node.id, forKey: epoch)
    require(
      known == nil || known == node.id,
      "R1: \(node.id) and \(known ?? .none) both lead \(partition.name) in epoch \(epoch)")
    // Who learns late of an old leadership need not have what later ones committed.
    guard isNewest(epoch, of: partition.id) else { return }
    let end = committed[partition.id]?.last?.end ?? .zero
    require(
      partition.log.logEndOffset >= end,
      "P4: \(node.id) leads \(partition.name) with records to \(partition.log.logEndOffset), committed is \(end)")
    compare(partition, from: .zero, upTo: end, "P4: \(node.id) leads without what was committed")
  }

  func end(of id: TopicIDPartition) -> Offset { committed[id]?.last?.end ?? .zero }

  private func isNewest(_ epoch: LeaderEpoch, of id: TopicIDPartition) -> Bool {
    epoch >= image.partition(id)?.leaderEpoch ?? .none
  }

  func advanced(_ partition: SimulatedReplica, to end: Offset, _ node: SimulatedNode) {
    require(end <= partition.log.logEndOffset, "P9: \(node.id) committed \(end) beyond its log")
    let known = committed[partition.id]?.last?.end ?? .zero
    if partition.replica.isLeader, end > known {
      committed[partition.id, default: []] += entries(partition, from: known, upTo: end)
    } else if end > known {
      broken("P5: \(node.id) follows and believes \(end) of \(partition.name) committed, which is \(known)")
    }
    compare(partition, from: partition.checkedUpTo, upTo: end, "P5: \(node.id) has something else committed")
    partition.checkedUpTo = end
  }

  func check(_ partition: SimulatedReplica, _ node: SimulatedNode) {
    require(
      partition.replica.highWatermark <= partition.log.logEndOffset,
      "P9: the high watermark of \(partition.name) at \(node.id) is beyond its log")
  }

  func acknowledged(_ partition: SimulatedReplica, upTo end: Offset, _ node: SimulatedNode) {
    require(
      end <= partition.replica.highWatermark && partition.replica.isr.count >= 2,
      "P12: \(node.id) acknowledged \(end) of \(partition.name), high watermark \(partition.replica.highWatermark), "
        + "ISR \(partition.replica.isr)")
  }

  /// A consumer was shown records.
  func shown(_ records: [(offset: Offset, event: Int)], of id: TopicIDPartition, by node: SimulatedNode) {
    guard let last = records.last else { return }
    let end = committed[id]?.last?.end ?? .zero
    require(last.offset < end, "P7: \(node.id) showed a consumer offset \(last.offset), committed is \(end)")
  }

  // MARK: clients

  func sent(_ event: Int, key: Int, partition: Int) {
    history.sent(event, key: Int32(key), partition: Int32(partition))
  }

  func acknowledged(_ event: Int, at offset: Offset) {
    acknowledgedEvents += 1
    history.acknowledged(event, offset: offset.rawValue)
  }

  /// A coordinator gets a commit of the group. Returns its number.
  func groupCommits(_ positions: [Int64]) -> Int {
    commits.append(positions)
    return commits.count - 1
  }

  func committedByGroup(_ number: Int) { acknowledgedCommit = max(acknowledgedCommit ?? number, number) }

  func loaded(_ offsets: [Int64]?, of id: TopicIDPartition, epoch: LeaderEpoch, _ node: SimulatedNode) {
    guard let acknowledgedCommit, isNewest(epoch, of: id) else { return }
    guard let offsets else { return broken("G2: coordinator \(node.id) does not tell its offsets") }
    require(
      commits[acknowledgedCommit...].contains(offsets),
      "G2: coordinator \(node.id) of epoch \(epoch) has \(offsets), committed was \(commits[acknowledgedCommit])")
  }

  // MARK: the end

  /// An independent look at everything: the logs as they are, by the checker that judges real clusters too.
  func judge(_ cluster: SimulatedCluster) {
    for index in 0..<SimulatedCluster.partitionCount {
      guard let id = cluster.topicPartition(index) else { continue }
      let replicas = cluster.nodes.compactMap { $0.process?.partitions[id] }
      let contents = replicas.map { entries($0, from: .zero, upTo: $0.log.logEndOffset) }
      require(contents.allSatisfy { $0 == contents.first }, "P18: the replicas of events-\(index) differ at the end")
      guard let leader = replicas.first(where: \.replica.isLeader) else { continue }
      var offset = Offset.zero
      while offset < leader.log.logEndOffset {
        let read = ReplicationSimulatedLog.parse(
          cluster.read(leader, from: offset, upTo: leader.log.logEndOffset, maxBytes: 1 << 20))
        guard let last = read.last else { break }
        for (batch, values, _) in read {
          for (place, value) in values.enumerated() {
            history.read(
              .init(partition: Int32(index), offset: batch.base.rawValue + Int64(place), event: Int(value / 4)))
          }
        }
        offset = last.batch.end
      }
    }
    for node in cluster.nodes {
      guard let process = node.process, process.shard?.servingEpoch != nil else { continue }
      let (live, replayed) = (cluster.committedOffsets(node, process), cluster.replayedOffsets(node, process))
      require(live == replayed, "G3: coordinator \(node.id) has \(live ?? []), a replay gives \(replayed ?? [])")
    }
    history.group(SimulatedConsumer.group, saw: (0..<Self.capacity).map(cluster.consumer.seen.contains))
    let findings = Checker.check(history)
    require(findings.holds, "checker: \(findings)")
  }
}
