extension ClusterHealth {
  /// Runs each broker's state machine: those that the cluster names, its replica lists name, or were seen before.
  mutating func observeBrokers(_ observation: ClusterObservation) {
    let at = observation.at
    let fresh = observation.metadata != nil
    var counts: [Int32: (replicas: Int, inSync: Int, leaders: Int, leaderless: Int)] = [:]
    for partition in knownTopics.lazy.flatMap(\.partitions) {
      for replica in partition.replicas {
        var count = counts[replica] ?? (0, 0, 0, 0)
        count.replicas += 1
        if partition.isr.contains(replica) { count.inSync += 1 }
        if partition.leader == replica { count.leaders += 1 }
        if partition.leader < 0, partition.isr.contains(replica) { count.leaderless += 1 }
        counts[replica] = count
      }
    }
    let members = Set(knownMembers.map(\.id))
    let local = Set((observation.processes ?? []).map(\.broker))
    for id in members.union(counts.keys).union(local).union(observation.answers.map(\.broker)).sorted() {
      var memory = brokers[id] ?? BrokerMemory(id: id, at: at)
      memory.lastNamedAt = at
      brokers[id] = memory
    }
    for member in knownMembers {
      brokers[member.id]?.view.host = member.host
      brokers[member.id]?.view.port = member.port
      brokers[member.id]?.view.rack = member.rack
    }
    for id in brokers.keys.sorted() {
      guard var memory = brokers[id] else { continue }
      let count = counts[id] ?? (0, 0, 0, 0)
      var facts = BrokerMemory.Facts(
        isMember: members.contains(id), answer: observation.answers.first { $0.broker == id },
        process: observation.processes?.first { $0.broker == id }, replicas: count.replicas,
        inSyncReplicas: count.inSync, leaders: count.leaders, leaderless: count.leaderless, metadataIsFresh: fresh)
      // Named by replica lists only: nobody knows where to ask, and the cluster does not have it.
      if facts.answer == nil, fresh, !facts.isMember {
        facts.answer = .init(broker: id, answered: false, reason: "not part of the cluster", wasRefused: true)
      }
      memory.observe(facts, at: at)
      memory.view.leaders = count.leaders
      memory.view.replicas = count.replicas
      memory.view.inSyncReplicas = count.inSync
      brokers[id] = at - memory.lastNamedAt > Self.forgetAfter ? nil : memory
    }
  }

  /// By id, with what processes and metrics add.
  mutating func brokerViews(_ observation: ClusterObservation) -> [BrokerView] {
    let at = observation.at
    for metrics in observation.metrics { note(metrics, at: at) }
    return brokers.keys.sorted().compactMap { id in
      guard var memory = brokers[id] else { return nil }
      // Large pages are not read in every round; what is older than a few rounds is not known any more.
      if let measured = memory.measuredAt, at - measured > Self.metricsAge || !memory.isAlive {
        memory.view.forgetMetrics()
        memory.measuredAt = nil
      }
      memory.view.isController = knownController == id
      memory.view.isVoter = knownVoters.map { $0.contains(id) }
      if let process = observation.processes?.first(where: { $0.broker == id }) {
        memory.view.processID = process.processID
        memory.view.metricsURL = process.metricsURL
      }
      brokers[id] = memory
      return memory.view
    }
  }

  private static var metricsAge: Int64 { 6_000 }

  private mutating func note(_ metrics: ClusterObservation.BrokerMetrics, at: Int64) {
    let id = metrics.broker
    guard var view = brokers[id]?.view else { return }
    let errors = metrics.errorsTotal.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
    view.metricsURL = metrics.url
    view.eventsInPerSecond = rate(id, "messages", metrics.messagesInTotal, at: at)
    view.bytesInPerSecond = rate(id, "bytes in", metrics.bytesInTotal, at: at)
    view.bytesOutPerSecond = rate(id, "bytes out", metrics.bytesOutTotal, at: at)
    view.requestErrorsPerSecond = rate(id, "errors", metrics.errorsTotal.isEmpty ? nil : errors, at: at)
    view.cpuCores = rate(id, "cpu", metrics.cpuSecondsTotal, at: at)
    view.producePercentile99 = metrics.producePercentile99
    view.residentBytes = metrics.residentBytes.flatMap(Self.whole)
    view.openFiles = metrics.openFiles.flatMap(Self.whole)
    view.diskUsedBytes = metrics.diskUsedBytes.flatMap(Self.whole)
    view.diskFreeBytes = metrics.diskFreeBytes.flatMap(Self.whole)
    brokers[id]?.view = view
    brokers[id]?.measuredAt = at
  }

  private static func whole(_ value: Double) -> Int64? { Int64(exactly: value.rounded()) }

  /// What to type next: first what shows more, then what mends.
  func nextCommands(_ model: ClusterModel) -> [NextCommand] {
    guard model.verdict.word != .healthy else { return [] }
    var commands: [NextCommand] = []
    let servers = model.bootstrapServers
    for broker in model.brokers where broker.state == .failed || broker.state == .shutdown {
      // Only a cluster of this machine has processes that a command here can start.
      if broker.processID != nil || broker.metricsURL?.contains("127.0.0.1") == true {
        commands.append(.init(command: "streamsocial start \(broker.id)", reason: "starts broker \(broker.id) again"))
      }
    }
    if !model.troubledPartitions.isEmpty {
      let topics = model.troubledPartitions.map(\.topic)
      if let topic = topics.first, topic.allSatisfy({ $0.isLetter || $0.isNumber || "._-".contains($0) }) {
        commands.append(
          .init(
            command: "streamsocial topics describe \(topic) --bootstrap-servers \(servers)",
            reason: "shows leaders and in-sync replicas"))
      }
    }
    commands.append(
      .init(command: "streamsocial top --bootstrap-servers \(servers)", reason: "follows it in the terminal"))
    return commands
  }
}

extension BrokerView {
  fileprivate mutating func forgetMetrics() {
    eventsInPerSecond = nil
    bytesInPerSecond = nil
    bytesOutPerSecond = nil
    requestErrorsPerSecond = nil
    cpuCores = nil
    producePercentile99 = nil
    residentBytes = nil
    openFiles = nil
    diskUsedBytes = nil
    diskFreeBytes = nil
  }
}
