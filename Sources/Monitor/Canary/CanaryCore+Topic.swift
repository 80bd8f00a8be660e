import Primitives

/// The canary's topic: made, grown for brokers that come later, and led as it was meant.
extension CanaryCore {
  mutating func learn(_ metadata: ClusterObservation.Metadata, at now: Instant, into effects: inout [Effect]) {
    let ids = metadata.brokers.map(\.id).sorted()
    if ids != brokers {
      brokers = ids
      brokersSince = now
    }
    guard let topic = metadata.topics.first(where: { $0.name == settings.topic }) else {
      lanes = [:]
      if let via = administrator(at: now) {
        effects.append(.create(assignments: ids.indices.map { Self.assignment(ids, preferring: $0) }, via: via))
      }
      return
    }
    learnLanes(topic, at: now, into: &effects)
    administer(topic, at: now, into: &effects)
  }

  private mutating func learnLanes(_ topic: PartitionMap.Topic, at now: Instant, into effects: inout [Effect]) {
    var known: Set<Int32> = []
    for partition in topic.partitions {
      // The first partition that prefers a broker is its lane.
      guard let broker = partition.replicas.first, known.insert(broker).inserted else { continue }
      var lane =
        lanes[broker]
        ?? Lane(
          broker: broker, partition: partition.id, replicas: partition.replicas, leader: partition.leader,
          next: now + .milliseconds(settings.interval * Int64(known.count - 1) / Int64(max(1, topic.partitions.count))))
      if lane.partition != partition.id {
        lane.partition = partition.id
        lane.round = nil
      }
      lane.replicas = partition.replicas
      lane.leader = partition.leader
      // Whoever does not answer and leads no more is left alone.
      if var round = lane.round, let attempt = round.attempt, partition.leader >= 0,
        attempt.target != partition.leader, now - round.began > .milliseconds(settings.patience)
      {
        effects.append(.abandon(attempt))
        round.attempt = nil
        round.tries = 0
        round.retryAt = now
        round.lastError = round.lastError ?? .noAnswer
        lane.round = round
      }
      lanes[broker] = lane
    }
    for id in lanes.keys.sorted() where !known.contains(id) { lanes[id] = nil }
  }

  private mutating func administer(_ topic: PartitionMap.Topic, at now: Instant, into effects: inout [Effect]) {
    let without = brokers.indices.filter { lanes[brokers[$0]] == nil }
    if !without.isEmpty {
      guard let via = administrator(at: now) else { return }
      let assignments = without.map { Self.assignment(brokers, preferring: $0, like: topic) }
      effects.append(.grow(to: topic.partitions.count + without.count, assignments: assignments, via: via))
      return
    }
    let strayed = topic.partitions.filter { partition in
      guard let preferred = partition.replicas.first else { return false }
      return partition.leader != preferred && partition.isr.contains(preferred) && brokers.contains(preferred)
        && lanes[preferred]?.partition == partition.id
    }
    guard !strayed.isEmpty, let via = administrator(at: now) else { return }
    effects.append(.electPreferred(partitions: strayed.map(\.id), via: via))
  }

  /// Who is asked to change something; nil while brokers come and go, or when someone was asked a moment ago.
  private mutating func administrator(at now: Instant) -> Int32? {
    let settling = brokers.count < 3 ? Self.settlingOfFew : Self.settling
    guard !brokers.isEmpty, now - brokersSince >= settling else { return nil }
    if let last = administeredAt, now - last < Self.administrationInterval { return nil }
    administeredAt = now
    administrations += 1
    // Another one each time: the last may be the one that does not answer.
    return brokers[administrations % brokers.count]
  }

  /// Replicas for a partition that prefers one broker: it, and those after it.
  static func assignment(_ brokers: [Int32], preferring index: Int, like topic: PartitionMap.Topic? = nil) -> [Int32] {
    // Partitions of one topic have the same number of replicas.
    let count = min(brokers.count, topic?.partitions.first?.replicas.count ?? 3)
    return (0..<count).map { brokers[(index + $0) % brokers.count] }
  }
}
