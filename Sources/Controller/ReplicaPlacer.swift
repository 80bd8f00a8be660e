import Primitives

/// Spreads new partitions over brokers: round by round over racks and over the brokers of a rack, each round from
/// another start, so that leaders and replicas are even; no two replicas on one broker, nor in one rack while racks
/// last.
///
/// Kafka's idea of striping (KIP-631's StripedReplicaPlacer), not its very numbers. A fenced broker may follow
/// (after the live ones), never lead.
struct ReplicaPlacer {
  struct Failure: Error {
    var message: String
  }

  let brokers: [BrokerRegistration]

  func place(
    partitions: Int, startingAt first: Int = 0, replicationFactor: Int, random: inout RandomSource
  ) -> Result<[[BrokerID]], Failure> {
    let leaders = brokers.filter(\.isActive)
    if replicationFactor > brokers.count {
      return .failure(
        Failure(
          message: "The target replication factor of \(replicationFactor) cannot be reached because only "
            + "\(brokers.count) broker(s) are registered or some brokers have all their log directories cordoned."))
    }
    guard !leaders.isEmpty else {
      return .failure(
        Failure(message: "All brokers are currently fenced, or have all their log directories cordoned."))
    }
    var order = leaders.map(\.id)
    let start = Int.random(in: 0..<order.count, using: &random)
    order = Array(order[start...] + order[..<start])
    let active = Set(order)
    let all = interleavedByRack()
    let racks = Dictionary(brokers.map { ($0.id, $0.rack) }, uniquingKeysWith: { a, _ in a })
    var result: [[BrokerID]] = []
    result.reserveCapacity(partitions)
    var load: [BrokerID: Int] = [:]
    for index in 0..<partitions {
      let position = (first + index) % order.count
      let leader = order[position]
      var replicas = [leader]
      var usedRacks: Set<String?> = [racks[leader] ?? nil]
      // The least loaded comes first; live before fenced; a rack not yet used before one that is.
      let shift = (first + index) / order.count + position + 1
      let rotated = all.indices.map { all[($0 + shift) % all.count] }
      while replicas.count < replicationFactor {
        var best: BrokerID?
        var bestScore = (2, 2, Int.max)
        for candidate in rotated where !replicas.contains(candidate) {
          let rack = racks[candidate] ?? nil
          let score = (active.contains(candidate) ? 0 : 1, usedRacks.contains(rack) ? 1 : 0, load[candidate] ?? 0)
          if score < bestScore {
            bestScore = score
            best = candidate
          }
        }
        guard let best else { break }
        replicas.append(best)
        usedRacks.insert(racks[best] ?? nil)
      }
      for replica in replicas { load[replica, default: 0] += 1 }
      result.append(replicas)
    }
    return .success(result)
  }

  private func interleavedByRack() -> [BrokerID] {
    var byRack: [String: [BrokerID]] = [:]
    for broker in brokers { byRack[broker.rack ?? "", default: []].append(broker.id) }
    let lists = byRack.sorted { $0.key < $1.key }.map(\.value)
    let longest = lists.map(\.count).max() ?? 0
    return (0..<longest).flatMap { round in lists.compactMap { round < $0.count ? $0[round] : nil } }
  }
}
