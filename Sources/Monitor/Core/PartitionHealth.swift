/// What is remembered of the partitions: who led and was in sync while each last was whole, and since when it is not.
struct PartitionHealth: Sendable {
  private struct Memory: Sendable {
    var leader: Int32
    var isr: [Int32]
    var trouble: TroubledPartition.Trouble?
    var since: Int64
  }

  private var memories: [String: [Int32: Memory]] = [:]
  private(set) var totals = PartitionTotals()
  private(set) var troubled: [TroubledPartition] = []

  /// `min.insync.replicas` as Kafka applies it: never more than there are replicas; 1 when it is not known.
  static func needed(_ topic: PartitionMap.Topic, _ partition: PartitionMap.Partition) -> Int {
    max(1, min(topic.minISR ?? 1, partition.replicas.count))
  }

  static func trouble(
    _ topic: PartitionMap.Topic, _ partition: PartitionMap.Partition
  ) -> TroubledPartition.Trouble? {
    let needed = needed(topic, partition)
    if partition.leader < 0 { return .offline }
    if partition.isr.count < needed { return .underMinISR }
    guard partition.isr.count < partition.replicas.count else { return nil }
    return partition.isr.count == needed ? .atMinISR : .underReplicated
  }

  mutating func observe(_ topics: [PartitionMap.Topic], at: Int64) {
    var counts = (total: 0, offline: 0, under: 0, atMin: 0, behind: 0, moved: 0)
    var ailing: [TroubledPartition] = []
    var seen: [String: [Int32: Memory]] = [:]
    for topic in topics {
      var known = memories[topic.name] ?? [:]
      for partition in topic.partitions {
        let trouble = Self.trouble(topic, partition)
        counts.total += 1
        if trouble == .offline { counts.offline += 1 }
        if partition.isr.count < Self.needed(topic, partition) { counts.under += 1 }
        if partition.isr.count == Self.needed(topic, partition) { counts.atMin += 1 }
        if partition.isr.count < partition.replicas.count { counts.behind += 1 }
        if partition.leader != partition.replicas.first { counts.moved += 1 }
        var memory =
          known[partition.id] ?? Memory(leader: partition.leader, isr: partition.isr, trouble: nil, since: at)
        let wasKnown = known[partition.id] != nil
        if trouble == nil {
          memory = Memory(leader: partition.leader, isr: partition.isr, trouble: nil, since: at)
        } else if memory.trouble == nil {
          memory.since = at
        }
        memory.trouble = trouble
        known[partition.id] = memory
        guard let trouble else { continue }
        ailing.append(
          TroubledPartition(
            topic: topic.name, partition: partition.id, trouble: trouble, since: memory.since,
            leaderBefore: wasKnown ? memory.leader : nil, isrBefore: wasKnown ? memory.isr : nil,
            leader: partition.leader, isr: partition.isr, replicas: partition.replicas))
      }
      seen[topic.name] = known
    }
    memories = seen
    totals.total = counts.total
    totals.offline = counts.offline
    totals.underMinISR = counts.under
    totals.atMinISR = counts.atMin
    totals.underReplicated = counts.behind
    totals.notPreferred = counts.moved
    troubled = Array(
      ailing.sorted { ($0.rank, $0.topic, $0.partition) < ($1.rank, $1.topic, $1.partition) }
        .prefix(ClusterModel.troubledPartitionsMax))
  }

  /// How many partitions that broker led while they last were whole.
  func ledBefore(by broker: Int32) -> Int {
    memories.values.reduce(0) { $0 + $1.values.count { $0.leader == broker } }
  }
}

extension TroubledPartition {
  fileprivate var rank: Int { Trouble.allCases.firstIndex(of: trouble) ?? 0 }
}
