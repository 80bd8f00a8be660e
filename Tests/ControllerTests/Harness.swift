import Controller
import Primitives
import Testing
import Wire

/// A controller with a log in memory that commits when told to, and a second replica that replays what is committed.
struct Harness {
  var controller: ControllerState
  var log: [MetadataRecord] = []
  var committedCount = 0
  /// The image of a node that only follows the log.
  var follower = MetadataImage()
  var replies: [ControllerRequestToken: [ControllerResponse]] = [:]
  var batches: [[MetadataRecord]] = []
  var asked = 0
  var now = Instant.milliseconds(1000)
  var epoch: Int32 = 0
  var autoCommit = true
  var epochs: [Int32: Int64] = [:]

  init(_ configure: (inout ControllerConfiguration) -> Void = { _ in }) {
    var configuration = ControllerConfiguration()
    configure(&configuration)
    controller = ControllerState(configuration: configuration)
  }

  /// Brokers 1… are registered and unfenced, and the controller is active.
  static func cluster(
    brokers: Int = 3, racks: [String?] = [], _ configure: (inout ControllerConfiguration) -> Void = { _ in }
  ) -> Harness {
    var harness = Harness(configure)
    harness.activate()
    for index in 0..<brokers {
      harness.start(Int32(index + 1), rack: index < racks.count ? racks[index] : nil)
    }
    return harness
  }

  var image: MetadataImage { controller.workingImage ?? follower }
  var epochOfBroker: (Int32) -> Int64 { { [image] in image.broker(BrokerID($0))?.epoch.rawValue ?? -1 } }

  mutating func activate(unreachable: [Int32] = []) {
    commit()
    epoch += 1
    send(
      .becameActive(
        epoch: LeaderEpoch(epoch), image: follower, nextOffset: Offset(Int64(log.count)),
        unreachable: unreachable.map { BrokerID($0) }))
  }

  mutating func send(_ event: ControllerEvent) {
    var effects: [ControllerEffect] = []
    controller.handle(event, at: now, into: &effects)
    for effect in effects {
      switch effect {
      case .append(let epoch, let first, let records):
        #expect(epoch == LeaderEpoch(self.epoch))
        #expect(first == Offset(Int64(log.count)), "batches follow each other without gaps")
        log += records
        batches.append(records)
      case .reply(let token, let response): replies[token, default: []].append(response)
      }
    }
    if autoCommit { commit() }
  }

  mutating func commit() {
    guard committedCount < log.count else { return }
    while committedCount < log.count {
      do { try follower.apply(log[committedCount], at: Offset(Int64(committedCount))) } catch {
        Issue.record("record \(committedCount) does not apply: \(error)")
      }
      committedCount += 1
    }
    send(.committed(upTo: Offset(Int64(log.count))))
  }

  /// Uncommitted records are lost, as after a change of the quorum's leader.
  mutating func loseUncommitted() {
    send(.resigned)
    log.removeSubrange(committedCount...)
  }

  @discardableResult
  mutating func ask(_ request: ControllerRequest, version: Int16 = 99) -> ControllerResponse? {
    asked += 1
    let token = ControllerRequestToken(UInt64(asked))
    replies[token] = []
    send(.request(token, request, version: version))
    return replies[token]?.first
  }

  mutating func advance(_ span: TimeSpan) { now = now + span }

  /// Runs timers until `span` has passed, with heartbeats of `alive` every 200 ms.
  mutating func run(for span: TimeSpan, alive: [Int32] = []) {
    let end = now + span
    var beat = now
    while now < end {
      if now >= beat {
        for id in alive { heartbeat(id) }
        beat = now + .milliseconds(200)
      }
      let next = min(end, min(beat, controller.nextDeadline ?? end))
      now = max(next, now + .milliseconds(1))
      send(.timer)
    }
  }
}

// MARK: - brokers

extension Harness {
  static func incarnation(_ number: UInt64) -> UUID128 { UUID128(high: 7, low: number) }

  @discardableResult
  mutating func register(
    _ id: Int32, incarnation: UInt64? = nil, previous: Int64 = -1, rack: String? = nil, version: Int16 = 4,
    _ edit: (inout BrokerRegistrationRequest) -> Void = { _ in }
  ) -> BrokerRegistrationResponse {
    var request = BrokerRegistrationRequest()
    request.brokerId = id
    request.incarnationId = Self.incarnation(incarnation ?? UInt64(UInt32(bitPattern: id)))
    request.rack = rack
    request.logDirs = [UUID128(high: 9, low: UInt64(UInt32(bitPattern: id)))]
    request.previousBrokerEpoch = previous
    var listener = BrokerRegistrationRequest.Listener()
    listener.name = "PLAINTEXT"
    listener.host = "127.0.0.1"
    listener.port = UInt16(truncatingIfNeeded: 9000 + id)
    request.listeners = [listener]
    var feature = BrokerRegistrationRequest.Feature()
    feature.name = "metadata.version"
    feature.minSupportedVersion = 7
    feature.maxSupportedVersion = 30
    request.features = [feature]
    edit(&request)
    if case .brokerRegistration(let response)? = ask(.brokerRegistration(request), version: version) {
      if response.errorCode == 0 { epochs[id] = response.brokerEpoch }
      return response
    }
    return BrokerRegistrationResponse()
  }

  /// Registers and unfences.
  mutating func start(_ id: Int32, incarnation: UInt64? = nil, previous: Int64 = -1, rack: String? = nil) {
    let response = register(id, incarnation: incarnation, previous: previous, rack: rack)
    #expect(response.errorCode == 0)
    heartbeat(id)
  }

  @discardableResult
  mutating func heartbeat(
    _ id: Int32, epoch: Int64? = nil, offset: Int64? = nil, wantFence: Bool = false, wantShutDown: Bool = false
  ) -> BrokerHeartbeatResponse {
    var request = BrokerHeartbeatRequest()
    request.brokerId = id
    request.brokerEpoch = epoch ?? epochs[id] ?? -1
    request.currentMetadataOffset = offset ?? Int64(committedCount - 1)
    request.wantFence = wantFence
    request.wantShutDown = wantShutDown
    if case .brokerHeartbeat(let response)? = ask(.brokerHeartbeat(request)) { return response }
    return BrokerHeartbeatResponse()
  }

  mutating func kill(_ id: Int32) { send(.brokerUnreachable(BrokerID(id), epoch: nil)) }
}

// MARK: - topics

extension Harness {
  @discardableResult
  mutating func create(
    _ name: String, partitions: Int32 = 1, factor: Int16 = 3, configs: [(String, String?)] = [],
    assignments: [[Int32]] = [], validateOnly: Bool = false
  ) -> CreateTopicsResponse.CreatableTopicResult? {
    var topic = CreateTopicsRequest.CreatableTopic()
    topic.name = name
    topic.numPartitions = assignments.isEmpty ? partitions : -1
    topic.replicationFactor = assignments.isEmpty ? factor : -1
    topic.configs = configs.map {
      var config = CreateTopicsRequest.CreatableTopicConfig()
      config.name = $0.0
      config.value = $0.1
      return config
    }
    topic.assignments = assignments.enumerated().map {
      var assignment = CreateTopicsRequest.CreatableReplicaAssignment()
      assignment.partitionIndex = Int32($0.offset)
      assignment.brokerIds = $0.element
      return assignment
    }
    var request = CreateTopicsRequest()
    request.topics = [topic]
    request.validateOnly = validateOnly
    if case .createTopics(let response)? = ask(.createTopics(request)) { return response.topics.first }
    return nil
  }

  func partition(_ topic: String, _ index: Int = 0) -> PartitionRegistration? {
    image.topic(named: topic).flatMap { $0.partitions.indices.contains(index) ? $0.partitions[index] : nil }
  }

  @discardableResult
  mutating func alterPartition(
    _ topic: String, _ index: Int = 0, isr: [Int32], from sender: Int32? = nil,
    _ edit: (inout AlterPartitionRequest, inout AlterPartitionRequest.PartitionData) -> Void = { _, _ in }
  ) -> (top: Int16, partition: AlterPartitionResponse.PartitionData?) {
    guard let state = partition(topic, index), let id = image.topicID(topic) else { return (-1, nil) }
    var request = AlterPartitionRequest()
    request.brokerId = sender ?? state.leader.rawValue
    request.brokerEpoch = epochOfBroker(request.brokerId)
    var data = AlterPartitionRequest.PartitionData()
    data.partitionIndex = Int32(index)
    data.leaderEpoch = state.leaderEpoch.rawValue
    data.partitionEpoch = state.partitionEpoch.rawValue
    data.leaderRecoveryState = state.leaderRecoveryState.rawValue
    data.newIsrWithEpochs = isr.map {
      var member = AlterPartitionRequest.BrokerState()
      member.brokerId = $0
      member.brokerEpoch = epochOfBroker($0)
      return member
    }
    edit(&request, &data)
    var topicData = AlterPartitionRequest.TopicData()
    topicData.topicId = id
    topicData.partitions = [data]
    if request.topics.isEmpty { request.topics = [topicData] }
    guard case .alterPartition(let response)? = ask(.alterPartition(request), version: 3) else { return (-1, nil) }
    return (response.errorCode, response.topics.first?.partitions.first)
  }

  @discardableResult
  mutating func setConfig(
    _ resource: ConfigResource, _ name: String, _ value: String?, operation: Int8 = 0
  ) -> Int16 {
    var config = IncrementalAlterConfigsRequest.AlterableConfig()
    config.name = name
    config.value = value
    config.configOperation = operation
    var entry = IncrementalAlterConfigsRequest.AlterConfigsResource()
    entry.resourceType = resource.type
    entry.resourceName = resource.name
    entry.configs = [config]
    var request = IncrementalAlterConfigsRequest()
    request.resources = [entry]
    if case .incrementalAlterConfigs(let response)? = ask(.incrementalAlterConfigs(request)) {
      return response.responses.first?.errorCode ?? -1
    }
    return -1
  }
}

extension [BrokerID] {
  var ids: [Int32] { map(\.rawValue) }
}

/// P1 and its kin: what must hold of every partition in every image.
func checkInvariants(_ image: MetadataImage, minInSyncReplicas: Int, _ context: @autoclosure () -> String) {
  let elrEnabled = (image.features["eligible.leader.replicas.version"] ?? 0) > 0
  for topic in image.sortedTopics {
    let minimum = image.effectiveConfig(topic: topic.name, key: "min.insync.replicas").flatMap { Int($0) }
    for (index, p) in topic.partitions.enumerated() {
      let name = "\(topic.name)-\(index): \(p)\n\(context())"
      #expect(!p.replicas.isEmpty && Set(p.replicas).count == p.replicas.count, "\(name)")
      #expect(p.isr.allSatisfy(p.replicas.contains) && Set(p.isr).count == p.isr.count, "ISR of replicas: \(name)")
      #expect(p.elr.allSatisfy(p.replicas.contains) && Set(p.elr).count == p.elr.count, "ELR of replicas: \(name)")
      #expect(!p.elr.contains(where: p.isr.contains), "disjoint: \(name)")
      if p.isr.count >= min(minimum ?? minInSyncReplicas, p.replicas.count) {
        #expect(p.elr.isEmpty, "no ELR beside a full ISR: \(name)")
      }
      if p.hasLeader {
        #expect(p.isr.contains(p.leader), "the leader is in the ISR: \(name)")
        #expect(image.broker(p.leader)?.fenced == false, "a fenced broker leads: \(name)")
      }
      let fenced = p.isr.filter { image.broker($0)?.fenced != false }
      let isLast = !elrEnabled && p.isr.count == 1 && !p.hasLeader
      #expect(fenced.isEmpty || isLast, "fenced in the ISR: \(name)")
      #expect(p.directories.count == p.replicas.count, "\(name)")
    }
  }
}
