/// Makes the model of a cluster's health from one observation after another. Pure: no clock, no I/O, no engine.
///
/// What an observation could not say is kept from before where that is safe (who the brokers are, what the partitions
/// were) and named as a blind spot; nothing unknown becomes zero or healthy.
public struct ClusterHealth: Sendable {
  /// A broker that nothing names any more is forgotten after so long. Milliseconds.
  static let forgetAfter: Int64 = 600_000
  /// The quorum's figures are kept for so long while it does not answer, as between two controllers. Milliseconds.
  let quorumPatience: Int64

  let bootstrapServers: String
  /// What counts as slow or full.
  private let limits: AlertSettings
  let commands: LocalCommands
  /// So many rounds a cluster of this machine that was never seen has to start.
  let startRounds: Int
  var brokers: [Int32: BrokerMemory] = [:]
  var partitionHealth = PartitionHealth()
  var groupProgress = GroupProgress()
  var traffic: Traffic
  private var metadata: ClusterObservation.Metadata?
  private var map = PartitionMap(version: 0, at: 0, topics: [])
  private var sequence = 0
  private var roundsWithoutMetadata = 0
  private var verdict: Verdict?
  private var reasonsSince: [String: Int64] = [:]
  private var controller = ControllerView()
  /// Who they are is remembered while the quorum does not answer.
  private var voters: [ControllerView.Member] = []
  private var quorumSeenAt: Int64?
  private var quorumSilentSince: Int64?
  private var isMajorityLost = false

  struct TopicPartition: Hashable, Sendable {
    var topic: String
    var partition: Int32
  }

  /// - Parameters:
  ///   - unaccountedTopics: those whose events are not users' traffic (the canary's).
  ///   - limits: those of the alerts, so that verdict and alerts agree on what is slow or full.
  public init(
    bootstrapServers: String, unaccountedTopics: Set<String> = [], limits: AlertSettings = AlertSettings(),
    commands: LocalCommands = LocalCommands(), startRounds: Int = 0, quorumPatience: Int64 = 3_000
  ) {
    self.bootstrapServers = bootstrapServers
    self.limits = limits
    self.commands = commands
    self.startRounds = startRounds
    self.quorumPatience = quorumPatience
    traffic = Traffic(unaccountedTopics: unaccountedTopics)
  }

  /// One round: the model and the map of all partitions (its version grows when it changed).
  public mutating func observe(_ observation: ClusterObservation) -> (model: ClusterModel, map: PartitionMap) {
    let at = observation.at
    sequence += 1
    if let seen = observation.metadata {
      metadata = seen
      roundsWithoutMetadata = 0
    } else {
      roundsWithoutMetadata += 1
    }
    observeController(observation)
    observeBrokers(observation)
    let dead = Set(brokers.values.filter(\.isDead).map(\.view.id))
    forgetControllerOfLostMajority(observation, dead: dead)
    let isKnown = metadata != nil && (!isLost(observation) || isDown(observation))
    if isKnown {
      partitionHealth.observe(knownTopics, dead: dead, canElect: !isMajorityLost, at: at)
    } else {
      partitionHealth.forget()
    }
    observeMap(dead: dead, at: at)

    var model = ClusterModel(at: at, sequence: sequence, bootstrapServers: bootstrapServers)
    model.clusterID = metadata?.clusterID
    model.controller = controller
    model.partitions = partitionHealth.totals
    model.troubledPartitions = partitionHealth.troubled
    model.canary = observation.canary ?? CanaryView()
    model.blindSpots = observation.failures
    traffic.observe(observation, topics: knownTopics, dead: dead)
    model.topics = traffic.topics(knownTopics, dead: dead, at: at)
    model.traffic = traffic.view(observation, model.topics)
    model.groups = groupProgress.observe(
      observation.groups ?? [], isComplete: observation.groupsAreComplete, extents: observation.extents, at: at)
    model.traffic.eventsOutPerSecond = groupProgress.consumedPerSecond
    model.brokers = brokerViews(observation)
    fillBytes(&model)
    model.tolerance = FailureTolerance.judge(
      topics: isKnown ? metadata?.topics : nil, dead: dead, refusing: partitionHealth.refusing,
      quorum: quorumWithVoters, needsQuorum: !observation.quorumIsUnsupported, alive: alive, at: at)
    judge(&model, observation)
    model.nextCommands = nextCommands(model, observation)
    return (model, map)
  }

  /// A group with its partitions, as of the last round.
  public func group(named name: String) -> GroupView? { groupProgress.group(named: name) }

  /// Nobody told anything in this round. Once that may be the monitor's own fault, when its machine gave it no time.
  private func isLost(_ observation: ClusterObservation) -> Bool {
    observation.metadata == nil && (roundsWithoutMetadata > 1 || !observation.wasStarved)
  }

  /// Nobody serves, and that is certain: all are gone, or so many voters that no controller can be found.
  private func isDown(_ observation: ClusterObservation) -> Bool {
    guard observation.metadata == nil, !observation.answers.isEmpty, observation.answers.allSatisfy({ !$0.answered })
    else { return false }
    let gone = Set(observation.answers.filter(observation.isGone).map(\.broker))
    let lost = voters.count { gone.contains($0.id) }
    return gone.count == observation.answers.count || !voters.isEmpty && voters.count - lost <= voters.count / 2
  }

  private var alive: Set<Int32> { Set(brokers.values.filter(\.isAlive).map(\.view.id)) }

  private mutating func observeMap(dead: Set<Int32>, at: Int64) {
    let topics = dead.isEmpty ? knownTopics : knownTopics.map { $0.marking(dead: dead) }
    guard metadata != nil, topics != map.topics || map.version == 0 else { return }
    map = PartitionMap(version: map.version + 1, at: at, topics: topics)
  }

  // MARK: - Controller

  private mutating func observeController(_ observation: ClusterObservation) {
    let at = observation.at
    if var seen = observation.quorum {
      seen.since = seen.id == controller.id ? controller.since ?? at : at
      controller = seen
      voters = seen.voters
      quorumSeenAt = at
      quorumSilentSince = nil
      return
    }
    quorumSilentSince = quorumSilentSince ?? at
    if let seenAt = quorumSeenAt, at - seenAt <= quorumPatience { return }
    let since = controller.since
    let before = controller.id
    controller = ControllerView()
    // Metadata names the controller only where there is no quorum to ask; KRaft's brokers name anyone.
    guard observation.quorumIsUnsupported, let id = observation.metadata?.controller else { return }
    controller.id = id
    controller.since = id == before ? since : at
  }

  /// Without a majority nobody can act as the controller, whatever the last answer was. Known at once when voters are
  /// known to be dead; the rest shows by the quorum's silence.
  private mutating func forgetControllerOfLostMajority(_ observation: ClusterObservation, dead: Set<Int32>) {
    let lost = voters.count { dead.contains($0.id) }
    isMajorityLost = !voters.isEmpty && voters.count - lost <= voters.count / 2
    guard isMajorityLost && observation.metadata != nil || isDown(observation) else { return }
    controller = ControllerView()
  }

  /// The quorum, or while it is silent what is known of it: who votes.
  private var quorumWithVoters: ControllerView? {
    if !controller.voters.isEmpty { return controller }
    guard !voters.isEmpty else { return nil }
    var view = ControllerView()
    view.voters = voters
    return view
  }

  // MARK: - Verdict

  private mutating func judge(_ model: inout ClusterModel, _ observation: ClusterObservation) {
    let memories = brokers.sorted { $0.key < $1.key }.map(\.value)
    let quorum = quorumWithVoters
    let dead = Set(memories.filter(\.isDead).map(\.view.id))
    let facts = Judgement.Facts(
      at: observation.at, observation: observation, brokers: memories, totals: model.partitions,
      refusing: partitionHealth.refusing, awaitingLeader: partitionHealth.awaitingLeader, tolerance: model.tolerance,
      canary: model.canary, groups: model.groups, isLost: isLost(observation),
      isDown: isDown(observation),
      isStarting: metadata == nil && observation.processes?.isEmpty == false && sequence <= startRounds,
      quorumSilentFor: quorumSilentSince.map { observation.at - $0 }, quorumPatience: quorumPatience,
      isMajorityLost: isMajorityLost,
      voters: quorum.map { quorum in
        let alive = alive
        return (
          living: quorum.voters.count {
            FailureTolerance.isAlive($0, of: quorum, alive: alive, dead: dead, at: observation.at)
          }, total: quorum.voters.count
        )
      }, limits: limits)
    let findings = Judgement.findings(facts)
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

  /// Bytes of all living brokers; unknown as soon as one of them is.
  private func fillBytes(_ model: inout ClusterModel) {
    let living = model.brokers.filter { brokers[$0.id]?.isAlive ?? false }
    func sum(_ value: (BrokerView) -> Double?) -> Double? {
      let known = living.compactMap(value)
      return known.isEmpty || known.count < living.count ? nil : known.reduce(0, +)
    }
    model.traffic.bytesInPerSecond = sum(\.bytesInPerSecond)
    model.traffic.bytesOutPerSecond = sum(\.bytesOutPerSecond)
  }

  var knownTopics: [PartitionMap.Topic] { metadata?.topics ?? [] }
  var knownMembers: [ClusterObservation.Broker] { metadata?.brokers ?? [] }
  var knownController: Int32? { controller.id }
  /// Nil: not known.
  var knownVoters: [Int32]? { voters.isEmpty ? nil : voters.map(\.id) }
  /// The quorum has no leader: it says so, or too many voters are dead for one.
  var isElecting: Bool {
    quorumSilentSince == nil ? quorumSeenAt != nil && controller.id == nil : isMajorityLost
  }
}

extension PartitionMap.Topic {
  /// With the replicas of dead brokers as offline.
  fileprivate func marking(dead: Set<Int32>) -> PartitionMap.Topic {
    var topic = self
    for index in topic.partitions.indices {
      topic.partitions[index].offline = topic.partitions[index].replicas.filter {
        dead.contains($0) || partitions[index].offline.contains($0)
      }
    }
    return topic
  }
}
