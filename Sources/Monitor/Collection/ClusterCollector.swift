import KafkaClient
import Wire

/// Asks a cluster all that the model needs, once a round: metadata of one broker, then every broker what it alone knows
/// (ends of what it leads, groups that it coordinates) and through whoever told the metadata the quorum, each in parallel
/// and none for longer than the patience. Speaks only Kafka's protocol, and reads `/metrics` where there is a page.
actor ClusterCollector {
  /// Topic settings are asked for again after so long; those of new topics at once. Milliseconds.
  static let settingsAge: Int64 = 30_000
  /// Sizes of all logs are asked for so seldom. Rounds.
  static let roundsBetweenSizes = 5
  /// Starts of logs change seldom. Rounds.
  static let roundsBetweenStarts = 10
  /// Through so many brokers the quorum is asked when it did not answer through the first.
  static let witnessesMax = 3
  /// A round in which the metadata turned out to be old may take so much longer. Milliseconds.
  static let secondShare: Int64 = 150
  /// When a broker says nothing for so long, the next is asked as well. Milliseconds.
  static let metadataShare: Int64 = 150
  /// Pages beyond this size are read every fifth round. Bytes.
  static let largePage = 128 << 10

  private let options: MonitorOptions
  private let strangers: [BrokerProbe]
  /// Of every broker that was ever seen.
  private var probes: [Int32: BrokerProbe] = [:]
  /// Who answered last is asked first.
  private var lastAnswering: BrokerProbe?
  /// Who told this round's metadata; nil when that is not known, for it was a bootstrap server under another address.
  private var source: Int32?
  private var minISR: [String: Int] = [:]
  private var minISRAskedAt: Int64 = 0
  private var round = 0
  private var largePages: Set<Int32> = []
  private var lastTopics: [PartitionMap.Topic] = []
  private var starts: [ClusterHealth.TopicPartition: Int64] = [:]
  private var isWhole = true
  /// Who told the metadata may not reach the controller: the next round asks for the quorum through others, too.
  private var isDoubtful = true
  /// The last round heard of brokers that it could not ask any more, or what it first believed was old: another one
  /// would tell more.
  private(set) var wantsAnother = false
  /// Towards brokers that do not tell of their log directories.
  private var reluctance = Reluctance()
  /// Pages that are being read, some of them since an earlier round.
  private var reading: Set<Int32> = []
  private let farewells: FarewellWatch

  /// `onFarewell`: called when a broker hands a leadership over, which should be seen at once.
  init(
    _ options: MonitorOptions, bootstrap: [ServerAddress], onFarewell: @escaping @Sendable () -> Void = {}
  ) {
    self.options = options
    farewells = FarewellWatch(onFarewell: onFarewell)
    strangers = bootstrap.map { BrokerProbe(id: -1, address: $0) }
  }

  /// One round. `now` gives milliseconds since 1970. `confirms`: the metadata are asked for once more at the end, for who
  /// told them may have heard of the controller again only after that; otherwise the next round tells.
  func observe(now: @escaping @Sendable () -> Int64, confirms: Bool = false) async -> ClusterObservation {
    round += 1
    let began = ContinuousClock.now
    let deadline = began + .milliseconds(options.patience)
    let starvation = Starvation()
    var observation = ClusterObservation(at: now())
    observation.processes = await options.processes?()
    let pages = Task { [processes = observation.processes] in await scrape(processes, by: deadline) }
    wantsAnother = false
    if let metadata = await metadata(&observation, by: deadline) { await take(metadata, &observation) }
    let better = await askAll(&observation, since: began, by: deadline)
    if let better {
      wantsAnother = true
      await replaceMetadata(&observation, by: better)
    } else if confirms, let told = observation.metadata, let teller = source.flatMap({ probes[$0] }) {
      await replaceMetadata(&observation, by: teller)
      wantsAnother = wantsAnother || observation.metadata != told
    }
    observation.wasStarved = starvation.end()
    (observation.metrics, observation.metricsFailures) = await pages.value
    let gone = observation.answers.filter { $0.wasRefused || $0.wasCutOff }.map(\.broker)
    observation.farewells = await farewells.take(gone: gone, by: deadline)
    if let metadata = observation.metadata { await farewells.update(metadata, observation.extents ?? []) }
    observation.at = now()
    return observation
  }

  private func take(_ metadata: ClusterObservation.Metadata, _ observation: inout ClusterObservation) async {
    await meet(metadata.brokers)
    lastTopics = metadata.topics
    observation.metadata = metadata
    let named = Set(metadata.topics.lazy.flatMap(\.partitions).flatMap(\.replicas)).union(probes.keys)
    isWhole = named.isSubset(of: metadata.brokers.map(\.id))
  }

  /// Takes what `better` tells now for what was told at the round's beginning.
  private func replaceMetadata(_ observation: inout ClusterObservation, by better: BrokerProbe) async {
    lastAnswering = better
    observation.metadata = nil
    let deadline = ContinuousClock.now + .milliseconds(Self.secondShare)
    switch await Self.askMetadata(better, by: deadline) {
    case .success(let response):
      await take(await metadata(response, by: better, deadline: deadline, at: observation.at), &observation)
    case .failure(let error):
      wantsAnother = true
      observation.failures.append("\(await better.address) does not tell of the cluster (\(error.brief))")
    }
  }

  /// Keeps a probe for every broker; one that moved is followed.
  private func meet(_ brokers: [ClusterObservation.Broker]) async {
    for broker in brokers {
      guard let port = UInt16(exactly: broker.port) else { continue }
      let address = ServerAddress(host: broker.host, port: port)
      if let probe = probes[broker.id] {
        await probe.move(to: address)
      } else {
        probes[broker.id] = BrokerProbe(id: broker.id, address: address)
      }
    }
  }

  // MARK: - The cluster as a whole

  /// Of the first broker that answers; who is silent for a moment is not waited for, nor given up.
  private func metadata(
    _ observation: inout ClusterObservation, by deadline: ContinuousClock.Instant
  ) async -> ClusterObservation.Metadata? {
    let known = probes.sorted { $0.key < $1.key }.map(\.value)
    var left = ((lastAnswering.map { [$0] } ?? []) + (known + strangers).filter { $0 !== lastAnswering })[...]
    let (words, speak) = AsyncStream.makeStream(of: MetadataWord.self)
    defer { speak.finish() }
    var (asked, heard) = (0, 0)
    func askNext() {
      guard let probe = left.popFirst() else { return }
      asked += 1
      let number = asked
      Task { speak.yield(.answer(probe, await Self.askMetadata(probe, by: deadline))) }
      Task {
        try? await Task.sleep(for: .milliseconds(Self.metadataShare))
        speak.yield(.moment(number))
      }
    }
    askNext()
    var reasons: [String] = []
    for await word in words {
      switch word {
      case .answer(let probe, .success(let response)):
        // A bootstrap server has a probe by its number from the next round on.
        lastAnswering = probe.id >= 0 ? probe : nil
        let address = await probe.address
        source = lastAnswering?.id ?? response.brokers.first { $0.host == address.host && $0.port == address.port }?.nodeId
        return await metadata(response, by: probe, deadline: deadline, at: observation.at)
      case .answer(let probe, .failure(let error)):
        heard += 1
        reasons.append("\(await probe.address): \(error.brief)")
        if deadline - .now > .milliseconds(20) { askNext() }
      case .moment(let number):
        if number == asked, deadline - .now > .milliseconds(20) { askNext() }
      }
      if heard == asked { break }
    }
    (lastAnswering, source) = (nil, nil)
    observation.failures.append("no broker answers (\(reasons.joined(separator: "; ")))")
    return nil
  }

  private enum MetadataWord: Sendable {
    case answer(BrokerProbe, Result<MetadataResponse, AdminError>)
    /// So many were asked, and a moment has passed since.
    case moment(Int)
  }

  private static func askMetadata(
    _ probe: BrokerProbe, by deadline: ContinuousClock.Instant
  ) async -> Result<MetadataResponse, AdminError> {
    var request = MetadataRequest()
    request.topics = nil
    request.allowAutoTopicCreation = false
    let answer = await probe.bounded(by: deadline) { [request] probe -> Result<MetadataResponse, AdminError> in
      do throws(AdminError) {
        return .success(try await probe.send(request, timeout: BrokerProbe.left(until: deadline)))
      } catch {
        return .failure(error)
      }
    }
    if let answer { return answer }
    return .failure(.timedOut(address: "\(await probe.address)"))
  }

  private func metadata(
    _ response: MetadataResponse, by probe: BrokerProbe, deadline: ContinuousClock.Instant, at: Int64
  ) async -> ClusterObservation.Metadata {
    await learnMinISR(response.topics.compactMap(\.name), from: probe, deadline: deadline, at: at)
    let alive = Set(response.brokers.map(\.nodeId))
    let topics = response.topics.compactMap { topic -> PartitionMap.Topic? in
      guard let name = topic.name else { return nil }
      let partitions = topic.partitions.sorted { $0.partitionIndex < $1.partitionIndex }.map {
        PartitionMap.Partition(
          id: $0.partitionIndex, leader: $0.leaderId, leaderEpoch: $0.leaderEpoch, replicas: $0.replicaNodes,
          isr: $0.isrNodes, offline: $0.replicaNodes.filter { !alive.contains($0) })
      }
      return .init(name: name, isInternal: topic.isInternal, minISR: minISR[name], partitions: partitions)
    }
    return ClusterObservation.Metadata(
      clusterID: response.clusterId, controller: response.controllerId >= 0 ? response.controllerId : nil,
      brokers: response.brokers.map { .init(id: $0.nodeId, host: $0.host, port: $0.port, rack: $0.rack) }
        .sorted { $0.id < $1.id }, topics: topics.sorted { $0.name < $1.name })
  }

  private func learnMinISR(
    _ names: [String], from probe: BrokerProbe, deadline: ContinuousClock.Instant, at: Int64
  ) async {
    let isOld = at - minISRAskedAt > Self.settingsAge
    let wanted = isOld ? names : names.filter { minISR[$0] == nil }
    guard !wanted.isEmpty else { return }
    var request = DescribeConfigsRequest()
    request.resources = wanted.map { name in
      var resource = DescribeConfigsRequest.DescribeConfigsResource()
      resource.resourceType = 2
      resource.resourceName = name
      resource.configurationKeys = ["min.insync.replicas"]
      return resource
    }
    let answer = await probe.bounded(by: deadline) { [request] probe in
      try? await probe.send(request, timeout: BrokerProbe.left(until: deadline))
    }
    guard let response = answer ?? nil else { return }
    if isOld {
      minISRAskedAt = at
      let present = Set(names)
      minISR = minISR.filter { present.contains($0.key) }
    }
    for result in response.results where result.errorCode == 0 {
      guard let value = result.configs.first(where: { $0.name == "min.insync.replicas" })?.value else { continue }
      minISR[result.resourceName] = Int(value)
    }
  }

  // MARK: - Broker by broker

  /// Returns a broker whose metadata are to be believed rather than those that the observation has, if there is one: who
  /// told those does not reach the controller, or the controller has not heard of it for long, and may tell what was.
  private func askAll(
    _ observation: inout ClusterObservation, since began: ContinuousClock.Instant, by deadline: ContinuousClock.Instant
  ) async -> BrokerProbe? {
    let witnesses = isDoubtful || source == nil ? witnesses() : [source ?? -1]
    let questions = questions(through: observation.metadata == nil ? [] : witnesses)
    var replies: [BrokerProbe.Reply] = []
    await withTaskGroup(of: BrokerProbe.Reply.self) { group in
      for (id, question) in questions {
        guard let probe = probes[id] else { continue }
        group.addTask {
          if let reply = await probe.bounded(by: deadline, { await $0.ask(question, by: deadline) }) { return reply }
          let spoke = await probe.answeredAt.map { $0 >= began } ?? false
          return spoke ? .unfinished(probe.id) : .silent(probe.id)
        }
      }
      for await reply in group { replies.append(reply) }
    }
    replies.sort { $0.answer.broker < $1.answer.broker }
    observation.answers = replies.map(\.answer)
    observation.failures += replies.flatMap(\.failures)
    let epoch = replies.compactMap(\.quorum?.leaderEpoch).max()
    let reaching = replies.filter { $0.quorum != nil && $0.quorum?.leaderEpoch == epoch }
    observation.quorum = reaching.first?.quorum
    if reaching.isEmpty, let failure = replies.compactMap(\.quorumFailure).first { observation.failures.append(failure) }
    observation.quorumIsUnsupported = replies.contains(where: \.quorumIsUnsupported)
    let fenced = (reaching + replies).compactMap(\.fenced).first
    observation.fencedBrokers = fenced?.map(\.id)
    if let fenced, fenced.contains(where: { probes[$0.id] == nil }) {
      await meet(fenced)
      wantsAnother = true
    }
    observation.logDirectories = replies.compactMap(\.logDirectories)
    for reply in replies where reply.keepsLogDirectories || reply.logDirectories != nil {
      reluctance.note(reply.answer.broker, hasAnswered: !reply.keepsLogDirectories, round: round)
    }
    let answered = replies.filter(\.answer.answered)
    if !answered.isEmpty {
      var extents = answered.compactMap(\.extents).flatMap { $0 }
      for index in extents.indices {
        let key = ClusterHealth.TopicPartition(topic: extents[index].topic, partition: extents[index].partition)
        if let start = extents[index].start { starts[key] = start } else { extents[index].start = starts[key] }
      }
      observation.extents = extents
    }
    let groups = replies.compactMap(\.groups)
    if !groups.isEmpty { observation.groups = Self.distinct(groups.flatMap { $0 }) }
    observation.groupsAreComplete = knowsCoordinators(
      observation.metadata, Set(replies.filter { $0.groups != nil }.map(\.answer.broker)))
    if source == nil, observation.metadata != nil { wantsAnother = true }
    let current = reaching.map(\.answer.broker).filter { observation.quorum?.isCurrent($0) ?? true }
    let believed = current.isEmpty ? reaching.map(\.answer.broker) : current
    isDoubtful = source.map { !believed.contains($0) } ?? true
    guard let source, let witness = believed.first, !believed.contains(source) else { return nil }
    return probes[witness]
  }

  /// Whoever told the metadata, and a few more, for that one may be cut off from the controller and not know that what
  /// it tells is old.
  private func witnesses() -> Set<Int32> {
    let others = probes.keys.filter { $0 != source }.sorted()
    let start = others.firstIndex { $0 > source ?? -1 } ?? 0
    let ordered = (source.map { [$0] } ?? []) + others[start...] + others[..<start]
    return Set(ordered.prefix(Self.witnessesMax))
  }

  private func questions(through witnesses: Set<Int32>) -> [Int32: BrokerProbe.Question] {
    var led: [Int32: [(topic: String, partitions: [Int32])]] = [:]
    for topic in lastTopics {
      var byLeader: [Int32: [Int32]] = [:]
      for partition in topic.partitions { byLeader[partition.leader, default: []].append(partition.id) }
      for (leader, partitions) in byLeader { led[leader, default: []].append((topic.name, partitions)) }
    }
    // Of starts that were never asked, and of all now and then.
    let wantsStarts = round % Self.roundsBetweenStarts == 1 || starts.isEmpty
    return Dictionary(
      uniqueKeysWithValues: probes.keys.map { id in
        var question = BrokerProbe.Question()
        question.wantsStarts = wantsStarts
        question.wantsGroups = true
        if reluctance.asks(id, round: round) {
          question.logDirectories = round % Self.roundsBetweenSizes == 1 ? .stateAndSizes : .state
        }
        question.wantsQuorum = witnesses.contains(id)
        question.wantsFenced = question.wantsQuorum && !isWhole
        question.led = led[id] ?? []
        return (id, question)
      })
  }

  /// Whether every broker that may coordinate a group told of its groups.
  private func knowsCoordinators(_ metadata: ClusterObservation.Metadata?, _ told: Set<Int32>) -> Bool {
    guard let metadata, told.isSuperset(of: metadata.brokers.map(\.id)) else { return false }
    let offsets = metadata.topics.first { $0.name == "__consumer_offsets" }?.partitions ?? []
    return offsets.allSatisfy { $0.leader >= 0 }
  }

  /// A group that moves between coordinators may be told twice; the one that knows its members is right.
  private static func distinct(_ groups: [ClusterObservation.Group]) -> [ClusterObservation.Group] {
    var best: [String: ClusterObservation.Group] = [:]
    for group in groups where best[group.name].map({ $0.members ?? -1 < group.members ?? -1 }) ?? true { best[group.name] = group }
    return best.sorted { $0.key < $1.key }.map(\.value)
  }

  // MARK: - Metrics

  private func scrape(
    _ processes: [ClusterObservation.Process]?, by deadline: ContinuousClock.Instant
  ) async -> ([ClusterObservation.BrokerMetrics], [Int32: String]) {
    var urls = options.metricsURLs
    for process in processes ?? [] { urls[process.broker] = process.state == "running" ? process.metricsURL : nil }
    let isQuiet = round % 5 != 0
    let scrapes = urls.sorted { $0.key < $1.key }.compactMap { MetricsScrape(broker: $0.key, url: $0.value) }
    var found: [ClusterObservation.BrokerMetrics] = []
    var failures: [Int32: String] = [:]
    await withTaskGroup(of: (Int32, Result<(ClusterObservation.BrokerMetrics, bytes: Int), AdminError>).self) { group in
      for scrape in scrapes where !(isQuiet && largePages.contains(scrape.broker)) {
        let isFree = reading.insert(scrape.broker).inserted
        group.addTask { [self] in
          let late = AdminError.timedOut(address: scrape.url)
          guard isFree else { return (scrape.broker, .failure(late)) }
          let page = await race(until: deadline) {
            let page = await scrape.page(by: deadline)
            await self.finished(scrape)
            return page
          }
          return (scrape.broker, page ?? .failure(late))
        }
      }
      for await (broker, result) in group {
        switch result {
        case .success(let (metrics, bytes)):
          found.append(metrics)
          if bytes > Self.largePage { largePages.insert(broker) } else { largePages.remove(broker) }
        case .failure(let error): failures[broker] = error.brief
        }
      }
    }
    return (found.sorted { $0.broker < $1.broker }, failures)
  }

  private func finished(_ scrape: MetricsScrape) { reading.remove(scrape.broker) }
}

extension ControllerView {
  /// A follower of the quorum has all of its log at least twice a second; whoever lacked it for longer was cut off, or is
  /// too busy to be asked. Milliseconds.
  private static let metadataAgeMax: Int64 = 1_500

  /// Whether a broker's metadata are those of now, as far as the quorum's leader knows.
  fileprivate func isCurrent(_ broker: Int32) -> Bool {
    let members = voters + observers
    // Before Kafka 3.3 the leader does not say.
    guard let now = members.first(where: { $0.id == id })?.lastCaughtUpAt else { return true }
    guard let caughtUp = members.first(where: { $0.id == broker })?.lastCaughtUpAt else { return false }
    return now - caughtUp <= Self.metadataAgeMax
  }
}
