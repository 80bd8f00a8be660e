extension FailureTolerance {
  /// How many further brokers may die, whichever they are, before acks=all writes to some partition are refused or no
  /// controller can be elected.
  ///
  /// A broker's death takes at most one replica from each partition's in-sync set and one voter from the quorum, so the
  /// answer is the smallest reserve anywhere. In-sync replicas on brokers that are dead already do not count, even
  /// before the controller has noticed. Partitions that tolerate nothing by their configuration (replication factor 1,
  /// say) are named, not counted: they would hide what happens to all others.
  ///
  /// - Parameters:
  ///   - topics: nil when the partitions' state is not known. A partition whose `min.insync.replicas` is not known
  ///     makes the answer unknown, unless the next failure is known to be one too many.
  ///   - quorum: nil when it is not known who votes; the answer is unknown then, unless `needsQuorum` is false (a
  ///     cluster without one) or the next failure is one too many already.
  ///   - refusing: how many partitions take no acks=all writes now.
  static func judge(
    topics: [PartitionMap.Topic]?, dead: Set<Int32>, refusing: Int?, quorum: ControllerView?, needsQuorum: Bool,
    alive: Set<Int32>, at: Int64
  ) -> FailureTolerance {
    guard let topics else {
      return FailureTolerance(failures: nil, writesBlocked: nil, reason: "the partitions' state is not known")
    }
    var smallest: (reserve: Int, count: Int, alive: Int, needed: Int)?
    var bare: [String] = []
    var unknown: [String] = []
    for topic in topics {
      for partition in topic.partitions {
        let living = partition.isr.count { !dead.contains($0) }
        guard let needed = PartitionHealth.needed(topic, partition) else {
          if unknown.last != topic.name { unknown.append(topic.name) }
          continue
        }
        if partition.replicas.count <= needed, living >= needed {
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
      let replicas = "\(Monitor.count(smallest.alive, "living in-sync replica"))"
      parts.append(
        "\(Monitor.count(smallest.count, "partition")) \(have(smallest.count)) \(replicas) and "
          + "need\(smallest.count == 1 ? "s" : "") \(smallest.needed)")
    }
    if let quorum, !quorum.voters.isEmpty {
      let majority = quorum.voters.count / 2 + 1
      let living = quorum.voters.count { isAlive($0, of: quorum, alive: alive, dead: dead, at: at) }
      let reserve = max(0, living - majority)
      if failures.map({ reserve <= $0 }) ?? true {
        failures = min(failures ?? reserve, reserve)
        parts.append("the quorum has \(living) of \(quorum.voters.count) voters and needs \(majority)")
      }
    } else if needsQuorum {
      if failures != 0 { failures = nil }
      parts.append("the quorum is not known")
    }
    if !bare.isEmpty {
      let names = bare.prefix(3).joined(separator: ", ") + (bare.count > 3 ? " and \(bare.count - 3) more" : "")
      parts.append("not counted, for they never tolerate a failure: \(names)")
    }
    if !unknown.isEmpty {
      if failures != 0 { failures = nil }
      parts.append("min.insync.replicas of \(Monitor.count(unknown.count, "topic")) is not known")
    }
    let blocked = refusing.map { $0 > 0 }
    return FailureTolerance(
      failures: blocked == true ? 0 : failures, writesBlocked: blocked, reason: parts.joined(separator: "; "))
  }

  /// A voter that is a broker lives as the broker does; another one lives while it fetches (or leads).
  static func isAlive(
    _ voter: ControllerView.Member, of quorum: ControllerView, alive: Set<Int32>, dead: Set<Int32>, at: Int64
  ) -> Bool {
    if alive.contains(voter.id) { return true }
    if dead.contains(voter.id) { return false }
    if voter.id == quorum.id { return true }
    guard let fetched = voter.lastFetchAt else { return false }
    return at - fetched < 5_000
  }
}
