extension FailureTolerance {
  /// How many further brokers may die, whichever they are, before acks=all writes to some partition are refused or no
  /// controller can be elected.
  ///
  /// A broker's death takes at most one replica from each partition's in-sync set and one voter from the quorum, so the
  /// answer is the smallest reserve anywhere. In-sync replicas on brokers that are dead already do not count, even
  /// before the controller has noticed. Partitions that tolerate nothing by their configuration (replication factor 1,
  /// say) are named, not counted: they would hide what happens to all others.
  static func judge(
    topics: [PartitionMap.Topic]?, alive: Set<Int32>, quorum: ControllerView?, at: Int64
  ) -> FailureTolerance {
    guard let topics else {
      return FailureTolerance(failures: nil, writesBlocked: nil, reason: "the partitions' state is not known")
    }
    var smallest: (reserve: Int, count: Int, alive: Int, needed: Int)?
    var blocked = 0
    var bare: [String] = []
    for topic in topics {
      for partition in topic.partitions {
        let needed = PartitionHealth.needed(topic, partition)
        let living = partition.isr.count(where: alive.contains)
        let isBlocked = living < needed || partition.leader < 0
        if isBlocked { blocked += 1 }
        if partition.replicas.count <= needed, !isBlocked {
          if bare.last != topic.name { bare.append(topic.name) }
          continue
        }
        let reserve = living - needed
        guard let now = smallest, now.reserve <= reserve else {
          smallest = (reserve, 1, living, needed)
          continue
        }
        if now.reserve == reserve { smallest?.count += 1 }
      }
    }
    var parts: [String] = []
    var failures: Int?
    if let smallest {
      failures = max(0, smallest.reserve)
      let replicas = "\(count(smallest.alive, "living in-sync replica")) and need\(smallest.count == 1 ? "s" : "")"
      parts.append(
        "\(count(smallest.count, "partition")) \(have(smallest.count)) \(replicas) \(smallest.needed)")
    }
    if let quorum, !quorum.voters.isEmpty {
      let majority = quorum.voters.count / 2 + 1
      let living = quorum.voters.count { isAlive($0, of: quorum, alive: alive, at: at) }
      let reserve = max(0, living - majority)
      if failures.map({ reserve <= $0 }) ?? true {
        failures = min(failures ?? reserve, reserve)
        parts.append("the quorum has \(living) of \(quorum.voters.count) voters and needs \(majority)")
      }
    } else if quorum == nil {
      parts.append("the quorum did not answer")
    }
    if !bare.isEmpty {
      let names = bare.prefix(3).joined(separator: ", ") + (bare.count > 3 ? " and \(bare.count - 3) more" : "")
      parts.append("not counted, for they never tolerate a failure: \(names)")
    }
    return FailureTolerance(
      failures: blocked > 0 ? 0 : failures, writesBlocked: blocked > 0, reason: parts.joined(separator: "; "))
  }

  /// A voter that is a broker lives as the broker does; another one lives while it fetches (or leads).
  private static func isAlive(
    _ voter: ControllerView.Member, of quorum: ControllerView, alive: Set<Int32>, at: Int64
  ) -> Bool {
    if alive.contains(voter.id) || voter.id == quorum.id && !quorum.voters.isEmpty { return true }
    guard let fetched = voter.lastFetchAt, fetched > 0 else { return false }
    return at - fetched < 5_000
  }
}
