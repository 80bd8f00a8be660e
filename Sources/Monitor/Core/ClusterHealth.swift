/// Makes the model of a cluster's health from one observation after another. Pure: no clock, no I/O, no engine.
///
/// What an observation could not say is kept from before where that is safe (who the brokers are, what the partitions
/// were) and named as a blind spot; nothing unknown becomes zero or healthy.
public struct ClusterHealth: Sendable {
  /// A broker that nothing names any more is forgotten after so long. Milliseconds.
  static let forgetAfter: Int64 = 600_000

  let bootstrapServers: String
  /// Topics whose events are not users' traffic (the canary's).
  let unaccountedTopics: Set<String>
  var brokers: [Int32: BrokerMemory] = [:]
  var partitionHealth = PartitionHealth()
  var groupProgress = GroupProgress()
  private var metadata: ClusterObservation.Metadata?
  private var map = PartitionMap(version: 0, at: 0, topics: [])
  private var sequence = 0
  private var roundsWithoutMetadata = 0
  private var verdict: Verdict?
  private var reasonsSince: [String: Int64] = [:]
  private var controller = ControllerView()
  private var endRates = Rates<TopicPartition>()
  private var counterRates = Rates<String>()
  private var eventsInLast: (at: Int64, perTopic: [String: Double], events: [String: Int64])?

  struct TopicPartition: Hashable, Sendable {
    var topic: String
    var partition: Int32
  }

  public init(bootstrapServers: String, unaccountedTopics: Set<String> = []) {
    self.bootstrapServers = bootstrapServers
    self.unaccountedTopics = unaccountedTopics
  }

  /// One round: the model and the map of all partitions (its version grows when it changed).
  public mutating func observe(_ observation: ClusterObservation) -> (model: ClusterModel, map: PartitionMap) {
    sequence += 1
    if let seen = observation.metadata {
      metadata = seen
      roundsWithoutMetadata = 0
      partitionHealth.observe(seen.topics, at: observation.at)
      if seen.topics != map.topics || map.version == 0 {
        map = PartitionMap(version: map.version + 1, at: observation.at, topics: seen.topics)
      }
    } else {
      roundsWithoutMetadata += 1
    }
    observeBrokers(observation)
    observeController(observation)
    var model = ClusterModel(at: observation.at, sequence: sequence, bootstrapServers: bootstrapServers)
    model.clusterID = metadata?.clusterID
    model.controller = controller
    model.partitions = partitionHealth.totals
    model.troubledPartitions = partitionHealth.troubled
    model.canary = observation.canary ?? CanaryView()
    model.blindSpots = observation.failures
    fillTraffic(&model, observation)
    model.groups = groupProgress.observe(observation.groups, extents: observation.extents, at: observation.at)
    model.traffic.eventsOutPerSecond = groupProgress.consumedPerSecond
    model.brokers = brokerViews(observation)
    fillBytes(&model)
    model.tolerance = FailureTolerance.judge(
      topics: metadata?.topics, alive: Set(brokers.values.filter(\.isAlive).map(\.view.id)),
      quorum: observation.quorum, at: observation.at)
    judge(&model, observation)
    model.nextCommands = nextCommands(model)
    return (model, map)
  }

  /// A group with its partitions, as of the last round.
  public func group(named name: String) -> GroupView? { groupProgress.group(named: name) }

  private mutating func observeController(_ observation: ClusterObservation) {
    guard var seen = observation.quorum else {
      // Who it is may still be known from Metadata; the quorum's figures are not.
      let id = observation.metadata?.controller
      if id != controller.id || id == nil { controller = ControllerView() }
      controller.id = id
      return
    }
    seen.since = seen.id == controller.id ? controller.since ?? observation.at : observation.at
    controller = seen
  }

  private mutating func judge(_ model: inout ClusterModel, _ observation: ClusterObservation) {
    let memories = brokers.sorted { $0.key < $1.key }.map(\.value)
    let facts = Judgement.Facts(
      at: observation.at, observation: observation, brokers: memories,
      ledBefore: Dictionary(uniqueKeysWithValues: memories.map { ($0.view.id, $0.leadersBefore) }),
      totals: model.partitions, tolerance: model.tolerance, canary: model.canary, groups: model.groups,
      roundsWithoutMetadata: roundsWithoutMetadata)
    var findings = Judgement.findings(facts)
    if observation.metadata != nil, let quorum = observation.quorum, quorum.id == nil {
      findings.insert(
        .init(
          code: "no-controller", subject: "", severity: .critical, text: "no active controller", word: .unavailable),
        at: 0)
    }
    var word = Judgement.word(findings)
    // A round that brought nothing changes nothing but what it found.
    if observation.metadata == nil, word == .healthy || word == .degraded { word = verdict?.word ?? .unknown }
    let since = verdict?.word == word ? verdict?.since ?? observation.at : observation.at
    var held: [String: Int64] = [:]
    let reasons = findings.map { finding in
      let key = "\(finding.code) \(finding.subject)"
      held[key] = reasonsSince[key] ?? observation.at
      return Verdict.Reason(
        code: finding.code, severity: finding.severity, text: finding.text, since: held[key] ?? observation.at)
    }
    reasonsSince = held
    model.verdict = Verdict(
      word: word, sentence: Judgement.sentence(word, since: since, findings, facts), since: since, reasons: reasons)
    verdict = model.verdict
  }

  private mutating func fillTraffic(_ model: inout ClusterModel, _ observation: ClusterObservation) {
    let at = observation.at
    if let extents = observation.extents {
      var perTopic: [String: Double] = [:]
      var events: [String: Int64] = [:]
      for extent in extents {
        let key = TopicPartition(topic: extent.topic, partition: extent.partition)
        if let rate = endRates.observe(key, Double(extent.end), at: at) { perTopic[extent.topic, default: 0] += rate }
        if let start = extent.start { events[extent.topic, default: 0] += max(0, extent.end - start) }
      }
      endRates.forget(olderThan: 60_000, at: at)
      eventsInLast = (at, perTopic, events)
    }
    // Large clusters are asked in turns: what was asked lately still holds.
    let traffic = eventsInLast.flatMap { at - $0.at <= 10_000 ? $0 : nil }
    model.topics = (metadata?.topics ?? []).map { topic in
      var view = TopicView(
        name: topic.name, isInternal: topic.isInternal, partitions: topic.partitions.count,
        replicationFactor: topic.partitions.first?.replicas.count ?? 0)
      view.minISR = topic.minISR
      view.offline = topic.partitions.count { $0.leader < 0 }
      view.underReplicated = topic.partitions.count { $0.isr.count < $0.replicas.count }
      view.events = traffic?.events[topic.name]
      view.eventsInPerSecond = traffic?.perTopic[topic.name]
      return view
    }.sorted { $0.name < $1.name }
    let users = model.topics.filter { !$0.isInternal && !unaccountedTopics.contains($0.name) }
    let rates = users.compactMap(\.eventsInPerSecond)
    if !rates.isEmpty || users.isEmpty && traffic != nil { model.traffic.eventsInPerSecond = rates.reduce(0, +) }
    model.traffic.targetPerSecond = observation.targetPerSecond
    model.traffic.errorsPerSecond = errorRates(observation)
  }

  /// Bytes of all brokers whose metrics are known.
  private func fillBytes(_ model: inout ClusterModel) {
    let into = model.brokers.compactMap(\.bytesInPerSecond)
    let out = model.brokers.compactMap(\.bytesOutPerSecond)
    model.traffic.bytesInPerSecond = into.isEmpty ? nil : into.reduce(0, +)
    model.traffic.bytesOutPerSecond = out.isEmpty ? nil : out.reduce(0, +)
  }

  private mutating func errorRates(_ observation: ClusterObservation) -> [TrafficView.ErrorRate] {
    var rates: [String: Double] = [:]
    for metrics in observation.metrics {
      for (code, total) in metrics.errorsTotal.sorted(by: { $0.key < $1.key }) {
        let key = "error \(metrics.broker) \(code)"
        if let rate = counterRates.observe(key, total, at: observation.at), rate > 0 { rates[code, default: 0] += rate }
      }
    }
    for broker in observation.canary?.brokers ?? [] where broker.ok == false {
      rates[broker.error ?? "no answer", default: 0] += 1
    }
    return rates.sorted { $0.key < $1.key }.map { .init(code: $0.key, perSecond: $0.value) }
  }

  /// A rate of a broker's counter by name; nil when there is none yet.
  mutating func rate(_ broker: Int32, _ name: String, _ total: Double?, at: Int64) -> Double? {
    guard let total else { return nil }
    return counterRates.observe("\(name) \(broker)", total, at: at)
  }

  var knownTopics: [PartitionMap.Topic] { metadata?.topics ?? [] }
  var knownMembers: [ClusterObservation.Broker] { metadata?.brokers ?? [] }
  var knownController: Int32? { controller.id }
  var knownVoters: [Int32]? { controller.voters.isEmpty ? nil : controller.voters.map(\.id) }
}
