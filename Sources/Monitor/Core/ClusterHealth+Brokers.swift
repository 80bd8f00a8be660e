extension ClusterHealth {
  /// What the partitions say of one broker.
  private struct Counts {
    var replicas = 0
    var inSync = 0
    var leaders = 0
    var leaderless = 0
  }

  /// Runs the state machine of each broker that the cluster should have: those that are registered, named by replica
  /// lists, known to the supervisor of this machine, or seen before.
  mutating func observeBrokers(_ observation: ClusterObservation) {
    let at = observation.at
    let fresh = observation.metadata != nil
    let counts = countPartitions()
    let members = Set(knownMembers.map(\.id))
    let fenced = Set(observation.fencedBrokers ?? [])
    let leaving = observation.farewells.union(observation.metrics.filter(\.isLeaving).map(\.broker))
    let beginning = Set(observation.metrics.filter(\.isBeginning).map(\.broker))
    var expected = members.union(counts.keys).union(fenced).union((observation.processes ?? []).map(\.broker))
    // Voters are brokers where every broker is a voter, too; elsewhere they are controllers and nothing else.
    let voters = Set(knownVoters ?? [])
    if !members.isEmpty, members.isSubset(of: voters) { expected.formUnion(voters) }
    for id in expected.sorted() {
      var memory = brokers[id] ?? BrokerMemory(id: id, at: at)
      memory.lastNamedAt = at
      brokers[id] = memory
    }
    for member in knownMembers {
      brokers[member.id]?.view.host = member.host
      brokers[member.id]?.view.port = member.port
      brokers[member.id]?.view.rack = member.rack
    }
    let answers = Dictionary(observation.answers.map { ($0.broker, $0) }, uniquingKeysWith: { first, _ in first })
    for id in brokers.keys.sorted() {
      guard var memory = brokers[id] else { continue }
      let count = counts[id] ?? Counts()
      var facts = BrokerMemory.Facts(
        isMember: members.contains(id), isFenced: fenced.contains(id), answer: answers[id],
        process: observation.processes?.first { $0.broker == id }, replicas: count.replicas,
        inSyncReplicas: count.inSync, leaders: count.leaders, saidFarewell: leaving.contains(id), isBeginning: beginning.contains(id),
        leaderless: count.leaderless,
        isElecting: isElecting && voters.contains(id), metadataIsFresh: fresh,
        monitorWasStarved: observation.wasStarved)
      // Named by replica lists only: nobody knows where to ask, and the cluster does not have it.
      if facts.answer == nil, fresh, !facts.isMember {
        facts.answer = .init(broker: id, answered: false, reason: "not part of the cluster", wasRefused: true)
      }
      memory.observe(facts, at: at)
      memory.view.leaders = memory.isDead ? 0 : count.leaders
      memory.view.replicas = count.replicas
      memory.view.inSyncReplicas = memory.isDead ? 0 : count.inSync
      brokers[id] = at - memory.lastNamedAt > Self.forgetAfter ? nil : memory
    }
  }

  private func countPartitions() -> [Int32: Counts] {
    var counts: [Int32: Counts] = [:]
    for partition in knownTopics.lazy.flatMap(\.partitions) {
      for replica in partition.replicas {
        var count = counts[replica] ?? Counts()
        count.replicas += 1
        let isInSync = partition.isr.contains(replica)
        if isInSync { count.inSync += 1 }
        if partition.leader == replica { count.leaders += 1 }
        if partition.leader < 0, isInSync { count.leaderless += 1 }
        counts[replica] = count
      }
    }
    return counts
  }

  /// By id, with what processes and metrics add.
  mutating func brokerViews(_ observation: ClusterObservation) -> [BrokerView] {
    let at = observation.at
    for metrics in observation.metrics { note(metrics, at: at) }
    for directories in observation.logDirectories { brokers[directories.broker]?.disk.note(directories, at: at) }
    return brokers.keys.sorted().compactMap { id in
      guard var memory = brokers[id] else { return nil }
      // Large pages are not read in every round; what is older than a few rounds is not known any more.
      if let measured = memory.measuredAt, at - measured > Self.metricsAge || !memory.isAlive {
        memory.view.forgetMetrics()
        memory.measuredAt = nil
      }
      if !memory.isAlive { memory.disk = BrokerDisk() }
      memory.view.diskUsedBytes = memory.disk.usedBytes(at: at)
      memory.view.diskFreeBytes = memory.disk.freeBytes(at: at)
      memory.view.lostLogDirectories = memory.disk.lostDirectories(at: at)
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
    view.eventsInPerSecond = traffic.rate(id, "messages", metrics.messagesInTotal, at: at)
    view.bytesInPerSecond = traffic.rate(id, "bytes in", metrics.bytesInTotal, at: at)
    view.bytesOutPerSecond = traffic.rate(id, "bytes out", metrics.bytesOutTotal, at: at)
    view.requestErrorsPerSecond = traffic.rate(id, "errors", metrics.errorsTotal.isEmpty ? nil : errors, at: at)
    view.cpuCores = traffic.rate(id, "cpu", metrics.cpuSecondsTotal, at: at)
    view.producePercentile99 = metrics.producePercentile99
    view.residentBytes = metrics.residentBytes.flatMap(Self.whole)
    view.openFiles = metrics.openFiles.flatMap(Self.whole)
    brokers[id]?.view = view
    brokers[id]?.disk.note(metrics, at: at)
    brokers[id]?.measuredAt = at
  }

  private static func whole(_ value: Double) -> Int64? { Int64(exactly: value.rounded()) }

  /// What to type next: first what mends, then what shows more.
  func nextCommands(_ model: ClusterModel, _ observation: ClusterObservation) -> [NextCommand] {
    guard model.verdict.word != .healthy else { return [] }
    var commands: [NextCommand] = []
    for broker in model.brokers where broker.state == .failed || broker.state == .shutdown {
      // Only a cluster of this machine has processes that a command here can start.
      guard let process = observation.processes?.first(where: { $0.broker == broker.id }) else { continue }
      commands.append(
        process.state == "paused"
          ? .init(command: self.commands.here("resume \(broker.id)"), reason: "lets broker \(broker.id) go on")
          : .init(command: self.commands.here("start \(broker.id)"), reason: "starts broker \(broker.id) again"))
    }
    let servers = model.bootstrapServers
    // Where no broker answers, none tells of topics, either.
    if let topic = model.troubledPartitions.first?.topic, observation.metadata != nil {
      let words = "topics describe \(Phrase.word(Phrase.clean(topic)))"
      commands.append(
        .init(command: self.commands.asking(servers, words), reason: "shows leaders and in-sync replicas"))
    }
    if observation.metadata == nil {
      commands.append(
        observation.processes == nil
          ? .init(command: self.commands.asking(servers, "status"), reason: "asks every broker, and says who answers")
          : .init(command: self.commands.here("status"), reason: "says what each broker's process does"))
    }
    commands.append(.init(command: self.commands.asking(servers, "top"), reason: "follows it in the terminal"))
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
  }
}
