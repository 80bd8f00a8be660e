import KafkaClient
import Wire

/// Asks a cluster all that the model needs, once a round: metadata and quorum of one broker, then every broker what it
/// alone knows (ends of what it leads, groups that it coordinates), each in parallel and none for longer than the
/// patience. Speaks only Kafka's protocol, and reads `/metrics` where there is a page.
actor ClusterCollector {
  /// Topic settings are asked for again after so long; those of new topics at once. Milliseconds.
  static let settingsAge: Int64 = 30_000
  /// Starts of logs change seldom. Rounds.
  static let roundsBetweenStarts = 10
  /// Pages beyond this size are read every fifth round.
  static let largePage = 128 << 10

  private let options: MonitorOptions
  private let bootstrap: [ServerAddress]
  private var probes: [Int32: BrokerProbe] = [:]
  private var strangers: [BrokerProbe] = []
  private var minISR: [String: Int] = [:]
  private var minISRAskedAt: Int64 = 0
  private var round = 0
  private var largePages: Set<Int32> = []
  private var lastTopics: [PartitionMap.Topic] = []
  private var starts: [ClusterHealth.TopicPartition: Int64] = [:]

  init(_ options: MonitorOptions, bootstrap: [ServerAddress]) {
    self.options = options
    self.bootstrap = bootstrap
    strangers = bootstrap.map { BrokerProbe(id: -1, address: $0) }
  }

  /// One round. `now` gives milliseconds since 1970.
  func observe(now: @escaping @Sendable () -> Int64) async -> ClusterObservation {
    round += 1
    let deadline = ContinuousClock.now + .milliseconds(options.patience)
    var observation = ClusterObservation(at: now())
    observation.processes = await options.processes?()
    let (metadata, asked) = await metadata(&observation, by: deadline)
    if let metadata {
      meet(metadata.brokers)
      lastTopics = metadata.topics
      observation.metadata = metadata
    }
    if let asked { observation.quorum = await quorum(asked, &observation, by: deadline) }
    let processes = observation.processes
    async let pages = scrape(processes, by: deadline)
    await askAll(&observation, by: deadline)
    observation.metrics = await pages
    observation.at = now()
    return observation
  }

  /// Keeps a probe for every broker that was ever seen; what moved is followed.
  private func meet(_ brokers: [ClusterObservation.Broker]) {
    for broker in brokers {
      guard let port = UInt16(exactly: broker.port) else { continue }
      let address = ServerAddress(host: broker.host, port: port)
      if let probe = probes[broker.id] {
        Task { await probe.move(to: address) }
      } else {
        probes[broker.id] = BrokerProbe(id: broker.id, address: address)
      }
    }
  }

  // MARK: - The cluster as a whole

  /// Of the first broker that answers; the one that was asked last time stands first, so its connection is warm.
  private func metadata(
    _ observation: inout ClusterObservation, by deadline: ContinuousClock.Instant
  ) async -> (ClusterObservation.Metadata?, BrokerProbe?) {
    var reasons: [String] = []
    let known = probes.sorted { $0.key < $1.key }.map(\.value)
    let candidates = known + strangers
    for (number, probe) in candidates.enumerated() {
      let left = deadline - ContinuousClock.now
      guard left > .milliseconds(20) else { break }
      // The last one may take what is left; one that is silent leaves enough for the others.
      let share = number == candidates.count - 1 ? left : min(left / 2, .milliseconds(300))
      var request = MetadataRequest()
      request.topics = nil
      request.allowAutoTopicCreation = false
      do throws(AdminError) {
        let response = try await probe.send(request, timeout: share)
        return (await metadata(response, by: probe, deadline: deadline, at: observation.at), probe)
      } catch {
        let name = await probe.address
        reasons.append("\(name): \(error.brief)")
      }
    }
    observation.failures.append("no broker answers (\(reasons.joined(separator: "; ")))")
    return (nil, nil)
  }

  private func metadata(
    _ response: MetadataResponse, by probe: BrokerProbe, deadline: ContinuousClock.Instant, at: Int64
  ) async -> ClusterObservation.Metadata {
    let names = response.topics.filter { $0.errorCode == 0 || !$0.partitions.isEmpty }.compactMap(\.name)
    await learnMinISR(names, from: probe, deadline: deadline, at: at)
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
    let left = max(.milliseconds(1), deadline - ContinuousClock.now)
    guard let response = try? await probe.send(request, timeout: left) else { return }
    if isOld {
      minISRAskedAt = at
      minISR = minISR.filter { names.contains($0.key) }
    }
    for result in response.results where result.errorCode == 0 {
      guard let value = result.configs.first(where: { $0.name == "min.insync.replicas" })?.value else { continue }
      minISR[result.resourceName] = Int(value)
    }
  }

  private func quorum(
    _ probe: BrokerProbe, _ observation: inout ClusterObservation, by deadline: ContinuousClock.Instant
  ) async -> ControllerView? {
    var partition = DescribeQuorumRequest.PartitionData()
    partition.partitionIndex = 0
    var topic = DescribeQuorumRequest.TopicData()
    topic.topicName = "__cluster_metadata"
    topic.partitions = [partition]
    var request = DescribeQuorumRequest()
    request.topics = [topic]
    do throws(AdminError) {
      let response = try await probe.send(request, timeout: max(.milliseconds(1), deadline - ContinuousClock.now))
      guard response.errorCode == 0, let answer = response.topics.first?.partitions.first, answer.errorCode == 0 else {
        let code = response.topics.first?.partitions.first?.errorCode ?? response.errorCode
        observation.failures.append("the quorum did not answer (error \(code))")
        return nil
      }
      var view = ControllerView()
      view.id = answer.leaderId >= 0 ? answer.leaderId : nil
      view.leaderEpoch = answer.leaderEpoch
      view.highWatermark = answer.highWatermark
      let end = answer.currentVoters.first { $0.replicaId == answer.leaderId }?.logEndOffset
      view.voters = answer.currentVoters.map { Self.member($0, leaderEnd: end) }
      view.observers = answer.observers.map { Self.member($0, leaderEnd: end) }
      return view
    } catch {
      observation.failures.append("the quorum did not answer (\(error.brief))")
      return nil
    }
  }

  private static func member(
    _ state: DescribeQuorumResponse.ReplicaState, leaderEnd: Int64?
  ) -> ControllerView.Member {
    var member = ControllerView.Member(id: state.replicaId)
    if state.logEndOffset >= 0 {
      member.logEndOffset = state.logEndOffset
      member.lag = leaderEnd.map { max(0, $0 - state.logEndOffset) }
    }
    member.lastFetchAt = state.lastFetchTimestamp > 0 ? state.lastFetchTimestamp : nil
    member.lastCaughtUpAt = state.lastCaughtUpTimestamp > 0 ? state.lastCaughtUpTimestamp : nil
    return member
  }

  // MARK: - Broker by broker

  private func askAll(_ observation: inout ClusterObservation, by deadline: ContinuousClock.Instant) async {
    let wantsStarts = round % Self.roundsBetweenStarts == 1
    let questions = probes.mapValues { probe in
      var question = BrokerProbe.Question()
      question.wantsStarts = wantsStarts
      question.wantsGroups = true
      question.led = lastTopics.compactMap { topic in
        let led = topic.partitions.filter { $0.leader == probe.id }.map(\.id)
        return led.isEmpty ? nil : (topic.name, led)
      }
      return question
    }
    var replies: [BrokerProbe.Reply] = []
    await withTaskGroup(of: BrokerProbe.Reply.self) { group in
      for (id, question) in questions {
        guard let probe = probes[id] else { continue }
        group.addTask { await probe.ask(question, by: deadline) }
      }
      for await reply in group { replies.append(reply) }
    }
    replies.sort { $0.answer.broker < $1.answer.broker }
    observation.answers = replies.map(\.answer)
    observation.failures += replies.flatMap(\.failures)
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
  }

  /// A group that moves between coordinators may be told twice; the one that knows its members is right.
  private static func distinct(_ groups: [ClusterObservation.Group]) -> [ClusterObservation.Group] {
    var best: [String: ClusterObservation.Group] = [:]
    for group in groups where best[group.name].map({ $0.members < group.members }) ?? true { best[group.name] = group }
    return best.sorted { $0.key < $1.key }.map(\.value)
  }

  // MARK: - Metrics

  private func scrape(
    _ processes: [ClusterObservation.Process]?, by deadline: ContinuousClock.Instant
  ) async -> [ClusterObservation.BrokerMetrics] {
    var urls = options.metricsURLs
    for process in processes ?? [] where process.state == "running" { urls[process.broker] = process.metricsURL }
    let isQuiet = round % 5 != 0
    let scrapes = urls.sorted { $0.key < $1.key }.compactMap { MetricsScrape(broker: $0.key, url: $0.value) }
    var found: [ClusterObservation.BrokerMetrics] = []
    await withTaskGroup(of: (Int32, ClusterObservation.BrokerMetrics, Int)?.self) { group in
      for scrape in scrapes where !(isQuiet && largePages.contains(scrape.broker)) {
        group.addTask {
          try? await WorkerThread.run { () throws(AdminError) in
            let (metrics, bytes) = try scrape.read(by: deadline)
            return (scrape.broker, metrics, bytes)
          }
        }
      }
      for await result in group {
        guard let (broker, metrics, bytes) = result else { continue }
        found.append(metrics)
        if bytes > Self.largePage { largePages.insert(broker) } else { largePages.remove(broker) }
      }
    }
    return found.sorted { $0.broker < $1.broker }
  }
}
