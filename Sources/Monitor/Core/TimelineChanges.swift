/// What changed from one round to the next that is worth a line on the timeline. Pure.
///
/// Brokers: lost when one that took part is FAILED or SHUTDOWN, back when it takes part again. An unknown state, an
/// unknown controller, an unknown count change nothing: the next known one is compared with the last known one.
struct TimelineChanges: Sendable {
  struct Change: Equatable {
    var kind: Marker.Kind
    var broker: Int32?
    var text: String
  }

  /// Brokers that took part when last known, and those that are lost with since when.
  private var present: Set<Int32> = []
  private var lostSince: [Int32: Int64] = [:]
  private var controller: Int32?
  private var leaders: [String: [Int32: Int32]] = [:]
  private var mapVersion: Int?
  private var notWholeSince: Int64?

  mutating func between(_ model: ClusterModel, _ partitions: PartitionMap) -> [Change] {
    brokers(model) + controller(model) + leaders(partitions) + isr(model)
  }

  private mutating func brokers(_ model: ClusterModel) -> [Change] {
    var changes: [Change] = []
    for broker in model.brokers {
      switch broker.state {
      case .running, .recovering, .leaderElection:
        if let since = lostSince.removeValue(forKey: broker.id) {
          let away = Phrase.time(Double(model.at - since))
          changes.append(
            Change(kind: .brokerBack, broker: broker.id, text: "broker \(broker.id) is back after \(away)"))
        }
        present.insert(broker.id)
      case .failed, .shutdown:
        guard present.remove(broker.id) != nil else { continue }
        lostSince[broker.id] = model.at
        let how = broker.state == .failed ? "lost" : "shut down"
        changes.append(
          Change(kind: .brokerLost, broker: broker.id, text: "broker \(broker.id) \(how): \(broker.transition)"))
      case .starting, .unknown: continue
      }
    }
    return changes
  }

  private mutating func controller(_ model: ClusterModel) -> [Change] {
    guard let now = model.controller.id else { return [] }
    defer { controller = now }
    guard let before = controller, before != now else { return [] }
    return [
      Change(kind: .controllerChange, broker: now, text: "controller moved from broker \(before) to broker \(now)")
    ]
  }

  /// One line for all leaders that moved, however many.
  private mutating func leaders(_ partitions: PartitionMap) -> [Change] {
    guard partitions.version != mapVersion else { return [] }
    let isFirst = mapVersion == nil
    mapVersion = partitions.version
    var moved: [Int32: Int] = [:]
    var lost: [Int32: Int] = [:]
    var found: [Int32: Int] = [:]
    var now: [String: [Int32: Int32]] = [:]
    for topic in partitions.topics {
      let before = leaders[topic.name] ?? [:]
      var after: [Int32: Int32] = [:]
      for partition in topic.partitions {
        after[partition.id] = partition.leader
        guard let old = before[partition.id], old != partition.leader else { continue }
        if partition.leader < 0 {
          lost[old, default: 0] += 1
        } else if old < 0 {
          found[partition.leader, default: 0] += 1
        } else {
          moved[old, default: 0] += 1
        }
      }
      now[topic.name] = after
    }
    leaders = now
    if isFirst || moved.isEmpty && lost.isEmpty && found.isEmpty { return [] }
    var parts: [String] = []
    for (broker, count) in moved.sorted(by: { $0.key < $1.key }) {
      parts.append("\(Phrase.count(count, "leader")) moved from broker \(broker)")
    }
    for (broker, count) in lost.sorted(by: { $0.key < $1.key }) {
      parts.append("\(Phrase.count(count, "partition")) of broker \(broker) without a leader")
    }
    for (broker, count) in found.sorted(by: { $0.key < $1.key }) {
      parts.append("broker \(broker) leads \(Phrase.count(count, "partition")) that had no leader")
    }
    let named = Set(moved.keys).union(lost.keys).union(found.keys)
    return [
      Change(kind: .leaderChange, broker: named.count == 1 ? named.first : nil, text: parts.joined(separator: "; "))
    ]
  }

  private mutating func isr(_ model: ClusterModel) -> [Change] {
    guard let underReplicated = model.partitions.underReplicated else { return [] }
    guard underReplicated == 0 else {
      notWholeSince = notWholeSince ?? model.at
      return []
    }
    guard let since = notWholeSince else { return [] }
    notWholeSince = nil
    let total = model.partitions.total.map { "all \(Phrase.count($0, "partition"))" } ?? "all partitions"
    let away = Phrase.time(Double(model.at - since))
    return [Change(kind: .isrWhole, broker: nil, text: "\(total) in sync again after \(away)")]
  }
}
