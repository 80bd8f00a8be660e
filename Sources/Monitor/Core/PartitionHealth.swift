/// What is remembered of the partitions: who led and was in sync while each last was whole, and since when it is not.
///
/// Replicas on brokers that are known to be dead are not in sync and lead nothing, even while the controller has not
/// noticed (9 s with Kafka's defaults): during that time the counts would lie.
struct PartitionHealth: Sendable {
  /// A partition whose leader died and that others could lead is offline when none does after so long: clients retry
  /// over less.
  /// Milliseconds.
  static let electionPatience: Int64 = 3_000

  private struct Memory: Sendable {
    var leader: Int32
    var isr: [Int32]
    var trouble: TroubledPartition.Trouble?
    var since: Int64
    var leaderDeadSince: Int64?
  }

  private var memories: [String: [Int32: Memory]] = [:]
  private(set) var totals = PartitionTotals()
  private(set) var troubled: [TroubledPartition] = []
  /// Partitions that take no acks=all writes: no living leader for longer than patience, or too few living in-sync
  /// replicas. Nil: not known.
  private(set) var refusing: Int?
  /// Partitions whose leader just died, not yet counted as offline.
  private(set) var awaitingLeader = 0

  /// `min.insync.replicas` as Kafka applies it: never more than there are replicas. Nil: not known.
  static func needed(_ topic: PartitionMap.Topic, _ partition: PartitionMap.Partition) -> Int? {
    topic.minISR.map { max(1, min($0, partition.replicas.count)) }
  }

  /// What was known is not known any more; who led and was in sync is remembered.
  mutating func forget() {
    let total = totals.total
    totals = PartitionTotals()
    totals.total = total
    troubled = []
    refusing = nil
    awaitingLeader = 0
  }

  /// `canElect` false: it is known that there is no controller that could make another broker the leader.
  mutating func observe(_ topics: [PartitionMap.Topic], dead: Set<Int32>, canElect: Bool = true, at: Int64) {
    var counts = (total: 0, offline: 0, under: 0, atMin: 0, behind: 0, moved: 0, refusing: 0)
    var isMinISRKnown = true
    awaitingLeader = 0
    var ailing: [TroubledPartition] = []
    var seen: [String: [Int32: Memory]] = [:]
    for topic in topics {
      let before = memories[topic.name] ?? [:]
      var after: [Int32: Memory] = [:]
      for partition in topic.partitions {
        let living = dead.isEmpty ? partition.isr : partition.isr.filter { !dead.contains($0) }
        let needed = Self.needed(topic, partition)
        let known = before[partition.id]
        var memory = known ?? Memory(leader: partition.leader, isr: living, trouble: nil, since: at)
        memory.leaderDeadSince = dead.contains(partition.leader) ? memory.leaderDeadSince ?? at : nil
        // Who is in sync and alive may lead. Where nobody is, there is nothing to wait for.
        let patience = living.isEmpty || !canElect ? 0 : Self.electionPatience
        let isLeaderless = memory.leaderDeadSince.map { at - $0 >= patience } ?? (partition.leader < 0)
        if memory.leaderDeadSince != nil, !isLeaderless { awaitingLeader += 1 }
        counts.total += 1
        if isLeaderless { counts.offline += 1 }
        if needed == nil { isMinISRKnown = false }
        // Whatever it is, it is at least one.
        let isUnder = living.count < needed ?? 1
        let isAtMin = living.count == needed
        if isUnder { counts.under += 1 }
        if isAtMin { counts.atMin += 1 }
        if living.count < partition.replicas.count { counts.behind += 1 }
        if partition.leader != partition.replicas.first { counts.moved += 1 }
        if isLeaderless || isUnder { counts.refusing += 1 }
        let trouble: TroubledPartition.Trouble? =
          isLeaderless
          ? .offline
          : isUnder
            ? .underMinISR : living.count == partition.replicas.count ? nil : isAtMin ? .atMinISR : .underReplicated
        if trouble == nil {
          memory.leader = partition.leader
          memory.isr = living
        }
        if trouble == nil || memory.trouble == nil { memory.since = at }
        memory.trouble = trouble
        after[partition.id] = memory
        guard let trouble else { continue }
        ailing.append(
          TroubledPartition(
            topic: topic.name, partition: partition.id, trouble: trouble, since: memory.since,
            leaderBefore: known.map { _ in memory.leader }, isrBefore: known.map { _ in memory.isr },
            leader: dead.contains(partition.leader) ? -1 : partition.leader, isr: living,
            replicas: partition.replicas))
      }
      seen[topic.name] = after
    }
    memories = seen
    totals.total = counts.total
    totals.offline = counts.offline
    // What is known to be bad is said; that nothing is bad is not known of what could not be asked.
    totals.underMinISR = isMinISRKnown || counts.under > 0 ? counts.under : nil
    totals.atMinISR = isMinISRKnown || counts.atMin > 0 ? counts.atMin : nil
    totals.underReplicated = counts.behind
    totals.notPreferred = counts.moved
    refusing = isMinISRKnown || counts.refusing > 0 ? counts.refusing : nil
    troubled = Array(
      ailing.sorted { ($0.rank, $0.topic, $0.partition) < ($1.rank, $1.topic, $1.partition) }
        .prefix(ClusterModel.troubledPartitionsMax))
  }
}

extension TroubledPartition {
  fileprivate var rank: Int { Trouble.allCases.firstIndex(of: trouble) ?? 0 }
}
