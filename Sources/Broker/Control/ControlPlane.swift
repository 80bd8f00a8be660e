import Consensus
import Controller
import EventLoop
import Metrics
import Primitives
import Records
import Wire

/// What the control plane tells the data plane; called on the control loop.
protocol MetadataSubscriber: AnyObject, Sendable {
  func metadataCommitted(_ records: [(offset: Offset, record: MetadataRecord)], upTo: Offset)
  func metadataReplaced(_ image: MetadataImage, upTo: Offset)
}

/// The control plane of a node: the quorum, the controller, and this broker's own life in the cluster.
///
/// It has a loop of its own, so that heavy load on the data path never looks like death. It is there until the process
/// ends, as is the broker's life (`lifecycle`), which holds it.
final class ControlPlane: @unchecked Sendable {
  let loop: EventLoop
  let configuration: BrokerConfiguration
  let clusterID: String
  let log: Logger
  let quorum: QuorumNode
  private(set) var controller: ControllerState
  /// Everything committed and applied so far.
  private(set) var image = MetadataImage()
  weak var subscriber: (any MetadataSubscriber)?
  var lifecycle: BrokerLifecycle?
  /// Ends the process: a promise cannot be kept any more.
  var failed: ((String) -> Void)?

  private var timer: LoopTimer?
  private var effects: [ControllerEffect] = []
  private var events: [ControllerEvent] = []
  private var isStepping = false
  private var nextToken: UInt64 = 1
  private var replies: [ControllerRequestToken: (ControllerResponse) -> Void] = [:]
  /// This node leads the quorum from this offset on, and its controller waits for everything below to be applied.
  private var pendingActivation: (epoch: LeaderEpoch, start: Offset)?
  private var sessions: [ObjectIdentifier: ClientSession] = [:]
  private var listener: Listener?
  /// Calls to the other controllers have connections of their own: answers leave in order, and behind the quorum's long
  /// polls they would wait.
  private var channels: [BrokerID: PeerChannel] = [:]
  let metrics = ControlMetrics()
  let requestMetrics = RequestMetrics()
  private(set) var idleMeter = IdleMeter()
  private var idleTimer: LoopTimer?

  init(
    _ loop: EventLoop, configuration: BrokerConfiguration, clusterID: String, quorum: QuorumNode, seed: UInt64,
    log: Logger
  ) throws(IOError) {
    self.loop = loop
    self.configuration = configuration
    self.clusterID = clusterID
    self.quorum = quorum
    self.log = log
    var settings = ControllerConfiguration()
    settings.clusterID = clusterID
    settings.sessionTimeout = configuration.span("broker.session.timeout.ms")
    settings.imbalanceCheckInterval =
      configuration.flag("auto.leader.rebalance.enable")
      ? .seconds(Int64(configuration.integer("leader.imbalance.check.interval.seconds"))) : .seconds(1 << 30)
    settings.maxIdleInterval = configuration.span("metadata.max.idle.interval.ms")
    settings.defaultReplicationFactor = Int16(clamping: configuration.integer("default.replication.factor"))
    settings.defaultPartitions = Int32(clamping: configuration.integer("num.partitions"))
    settings.minInSyncReplicas = configuration.integer("min.insync.replicas")
    settings.uncleanLeaderElection = configuration.flag("unclean.leader.election.enable")
    settings.allowsTopicDeletion = configuration.flag("delete.topic.enable")
    settings.seed = seed
    controller = ControllerState(configuration: settings)
    timer = try LoopTimer(loop) { [weak self] in self?.step(.timer) }
    idleTimer = try LoopTimer(loop) { [weak self] in
      guard let self else { return }
      self.idleMeter.note(idle: self.loop.idleTime, at: self.now)
    }
    idleTimer?.start(after: 0, every: 5000)
    for voter in configuration.voters where voter.id != configuration.nodeID {
      channels[voter.id] = try PeerChannel(
        loop, peer: voter.id, host: voter.host, port: voter.port, clientId: "broker-\(configuration.nodeID)", log: log)
    }
    loop.flushed = { [requestMetrics] in requestMetrics.turnEnded { loop.now } }
    quorum.delegate = self
    quorum.snapshotRecords = { [weak self] in self?.image.records() ?? [] }
  }

  /// Listens for controllers and brokers, and takes part in the quorum.
  func start() throws(IOError) {
    guard let endpoint = configuration.controllerListener else { return }
    listener = try Listener(loop, host: endpoint.host, port: endpoint.port) { [weak self] connection in
      guard let self else { return connection.close() }
      connection.maxFrameBytes = self.configuration.integer("socket.request.max.bytes")
      let session = ClientSession(connection, server: self)
      self.sessions[ObjectIdentifier(session)] = session
      self.metrics.counts.connections += 1
      self.metrics.counts.connectionsCreated += 1
    }
    try listener?.listen()
    quorum.start()
    lifecycle?.start()
  }

  func close() {
    listener?.close()
    for session in sessions.values { session.drop() }
    timer?.close()
    idleTimer?.close()
    for channel in channels.values { channel.close() }
    quorum.close()
  }

  var now: Instant { Instant(nanoseconds: loop.now) }

  // MARK: the controller

  func step(_ event: ControllerEvent) {
    events.append(event)
    guard !isStepping else { return }
    isStepping = true
    var index = 0
    while index < events.count {
      controller.handle(events[index], at: now, into: &effects)
      index += 1
      let batch = effects
      effects.removeAll(keepingCapacity: true)
      for effect in batch { perform(effect) }
    }
    events.removeAll(keepingCapacity: true)
    isStepping = false
    armTimer()
  }

  private func armTimer() {
    guard let deadline = controller.nextDeadline, deadline < .distantFuture else {
      timer?.stop()
      return
    }
    let wait = max(0, (deadline - now).nanoseconds)
    timer?.start(after: UInt64((wait + 999_999) / 1_000_000))
  }

  private func perform(_ effect: ControllerEffect) {
    switch effect {
    case .reply(let token, let response): replies.removeValue(forKey: token)?(response)
    case .append(let epoch, let first, let records):
      var builder = RecordBatchBuilder()
      let time = EventLoop.wallClockMilliseconds
      for record in records { builder.append(key: nil, value: record.encoded(), timestamp: time) }
      guard let batch = try? builder.build() else { return failed?("a metadata batch cannot be built") ?? () }
      metrics.counts.recordsAppended += records.count
      quorum.propose(batch, epoch: epoch) { [weak self] result in
        switch result {
        case .success(let end) where end.offset == first + Int64(records.count):
          if let self { self.metrics.appended(upTo: end.offset, at: self.now) }
        case .success(let end):
          self?.log.error("metadata batch at another offset than counted on", "end=\(end.offset) first=\(first)")
          self?.events.append(.resigned)
          self?.quorum.step(.resign)
        case .failure(let refusal):
          self?.log.warn("metadata batch refused", "reason=\(refusal)")
          self?.step(.resigned)
        }
      }
    }
  }

  /// Brings a request to this node's controller; `reply` is called once, now or later.
  func handle(_ request: ControllerRequest, version: Int16, _ reply: @escaping (ControllerResponse) -> Void) {
    let token = ControllerRequestToken(nextToken)
    nextToken += 1
    replies[token] = reply
    step(.request(token, request, version: version))
  }

  // MARK: calls to the active controller, wherever it is

  /// Asks the active controller, again after a change of controllers, until `timeout`; nil: no answer in time.
  ///
  /// `version` is that of the client's request that is passed on, or the newest.
  func call<Call: ControllerCall>(
    _ request: Call, version: Int16 = Call.validVersions.upperBound, timeout: TimeSpan,
    _ done: @escaping (Call.Response?) -> Void
  ) {
    attempt(request, version, deadline: now + timeout, done)
  }

  private func attempt<Call: ControllerCall>(
    _ request: Call, _ version: Int16, deadline: Instant, _ done: @escaping (Call.Response?) -> Void
  ) {
    let finish: (Call.Response?) -> Void = { [weak self] response in
      guard let self else { return done(nil) }
      if let response, !Call.isNotController(response) { return done(response) }
      guard self.now + .milliseconds(20) < deadline else { return done(response) }
      self.after(20) { self.attempt(request, version, deadline: deadline, done) }
    }
    guard let leader = quorum.raft.leaderID else { return finish(nil) }
    if leader == configuration.nodeID {
      handle(request.controllerRequest, version: version) { finish(Call.unwrap($0)) }
    } else if let channel = channels[leader] {
      channel.send(request, version: version, timeout: max(.milliseconds(1), deadline - now)) { result in
        if case .success(let response) = result { finish(response) } else { finish(nil) }
      }
    } else {
      finish(nil)
    }
  }

  /// The connection for calls to another controller.
  func channel(to controller: BrokerID) -> PeerChannel? { channels[controller] }

  /// Runs `work` once after so many milliseconds.
  func after(_ milliseconds: UInt64, _ work: @escaping () -> Void) {
    var timer: LoopTimer?
    timer = try? LoopTimer(loop) {
      timer?.close()
      timer = nil
      work()
    }
    timer?.start(after: milliseconds)
  }
}

// MARK: - what the quorum tells

extension ControlPlane: QuorumDelegate {
  func quorumCommitted(_ records: [(offset: Offset, record: MetadataRecord)], upTo: Offset, epoch: LeaderEpoch) {
    metrics.committed(upTo: upTo, at: now)
    // What is read again at a start has been counted in an earlier life.
    let isNews = controller.isActive || lifecycle?.state == .running
    for (offset, record) in records {
      if isNews, case .partitionChange(let change) = record { metrics.countElection(change, before: image) }
      do throws(MetadataError) { try image.apply(record, at: offset) } catch {
        failed?("metadata record at offset \(offset) does not fit: \(error)")
        return
      }
    }
    subscriber?.metadataCommitted(records, upTo: upTo)
    if controller.isActive { step(.committed(upTo: upTo)) }
    activateIfDue()
  }

  func quorumLoadedSnapshot(_ records: [MetadataRecord], offset: Offset, epoch: LeaderEpoch) {
    var fresh = MetadataImage()
    for record in records {
      do throws(MetadataError) { try fresh.apply(record, at: offset - 1) } catch {
        failed?("the snapshot that ends at \(offset) does not fit: \(error)")
        return
      }
    }
    image = fresh
    metrics.counts.snapshotsLoaded += 1
    subscriber?.metadataReplaced(fresh, upTo: offset)
  }

  func quorumBecameLeader(epoch: LeaderEpoch, epochStart: Offset) {
    pendingActivation = (epoch, epochStart)
    activateIfDue()
  }

  /// The controller acts once the first record of its epoch is committed, and with it all that came before.
  private func activateIfDue() {
    guard let (epoch, start) = pendingActivation, quorum.appliedOffset > start else { return }
    pendingActivation = nil
    log.info("active controller", "epoch=\(epoch)")
    step(
      .becameActive(
        epoch: epoch, image: image, nextOffset: quorum.metadataLog.endOffset, unreachable: quorum.unreachablePeers))
  }

  func quorumLostLeadership(epoch: LeaderEpoch) {
    pendingActivation = nil
    metrics.uncommitted = []
    if controller.isActive { step(.resigned) }
  }

  func quorumLeaderChanged(_ leader: BrokerID?, epoch: LeaderEpoch) {
    metrics.leaderChanged(to: leader, at: now)
    if leader != nil { lifecycle?.controllerChanged() }
  }

  func quorumPeerUnreachable(_ peer: BrokerID) {
    if controller.isActive { step(.brokerUnreachable(peer, epoch: nil)) }
  }

  func quorumPeerConnected(_ peer: BrokerID) {}
  func quorumFailed(_ reason: String) { failed?(reason) }
}

// MARK: - the controllers' listener

extension ControlPlane: RequestServer {
  func servedVersions(of api: ApiKey) -> ClosedRange<Int16>? { ServedApis.controller.versions[api] }

  func sessionEnded(_ session: ClientSession) {
    if sessions.removeValue(forKey: ObjectIdentifier(session)) != nil { metrics.counts.connections -= 1 }
  }

  func serve(_ context: RequestContext, _ frame: UnsafeMutableRawBufferPointer, bodyStart: Int) {
    let input = UnsafeRawBufferPointer(frame)
    do throws(DecodeError) {
      switch context.api {
      case .vote:
        try ask(context, input, bodyStart, QuorumWire.core, RaftRequest.vote) {
          if case .vote(let r) = $0 { QuorumWire.wire(r) } else { nil }
        }
      case .beginQuorumEpoch:
        try ask(context, input, bodyStart, QuorumWire.core, RaftRequest.beginQuorumEpoch) {
          if case .beginQuorumEpoch(let r) = $0 { QuorumWire.wireBegin(r) } else { nil }
        }
      case .endQuorumEpoch:
        try ask(context, input, bodyStart, QuorumWire.core, RaftRequest.endQuorumEpoch) {
          if case .endQuorumEpoch(let r) = $0 { QuorumWire.wireEnd(r) } else { nil }
        }
      case .fetch:
        context.isFollowersFetch()
        try ask(context, input, bodyStart, QuorumWire.core, RaftRequest.fetch) {
          if case .fetch(let r) = $0 { QuorumWire.wire(r) } else { nil }
        }
      case .fetchSnapshot:
        try ask(context, input, bodyStart, QuorumWire.core, RaftRequest.fetchSnapshot) {
          if case .fetchSnapshot(let r) = $0 { QuorumWire.wire(r) } else { nil }
        }
      case .brokerRegistration: try control(BrokerRegistrationRequest.self, context, input, bodyStart)
      case .brokerHeartbeat: try control(BrokerHeartbeatRequest.self, context, input, bodyStart)
      case .unregisterBroker: try control(UnregisterBrokerRequest.self, context, input, bodyStart)
      case .controllerRegistration: try control(ControllerRegistrationRequest.self, context, input, bodyStart)
      case .alterPartition: try control(AlterPartitionRequest.self, context, input, bodyStart)
      case .allocateProducerIds: try control(AllocateProducerIdsRequest.self, context, input, bodyStart)
      case .createTopics: try control(CreateTopicsRequest.self, context, input, bodyStart)
      case .deleteTopics: try control(DeleteTopicsRequest.self, context, input, bodyStart)
      case .createPartitions: try control(CreatePartitionsRequest.self, context, input, bodyStart)
      case .incrementalAlterConfigs: try control(IncrementalAlterConfigsRequest.self, context, input, bodyStart)
      case .alterConfigs: try control(AlterConfigsRequest.self, context, input, bodyStart)
      case .electLeaders: try control(ElectLeadersRequest.self, context, input, bodyStart)
      case .alterPartitionReassignments:
        try control(AlterPartitionReassignmentsRequest.self, context, input, bodyStart)
      case .listPartitionReassignments: try control(ListPartitionReassignmentsRequest.self, context, input, bodyStart)
      case .describeQuorum:
        let request = try DescribeQuorumRequest.decode(input, version: context.version, from: bodyStart)
        context.reply(describeQuorum(request, version: context.version))
      case .describeCluster: try describeControllers(context, input, bodyStart)
      case .apiVersions:
        let request = try ApiVersionsRequest.decode(input, version: context.version, from: bodyStart)
        context.reply(
          ApiVersionsHandler.response(
            to: request, version: context.version, apis: .controller, image: image))
      default: context.session.end("\(context.api.name) is not served on the controllers' listener")
      }
    } catch {
      context.session.end("\(context.api.name) v\(context.version): \(error)")
    }
  }

  private func ask<Request: RequestMessage, Core>(
    _ context: RequestContext, _ input: UnsafeRawBufferPointer, _ bodyStart: Int, _ core: (Request) -> Core?,
    _ wrap: (Core) -> RaftRequest, _ answer: @escaping (RaftResponse) -> Request.Response?
  ) throws(DecodeError) {
    let request = try Request.decode(input, version: context.version, from: bodyStart)
    guard let core = core(request) else {
      return context.session.end("\(Request.name) names no partition of the quorum")
    }
    quorum.request(wrap(core)) { response in
      if let wire = answer(response) { context.reply(wire) }
    }
  }

  private func control<Call: ControllerCall>(
    _: Call.Type, _ context: RequestContext, _ input: UnsafeRawBufferPointer, _ bodyStart: Int
  ) throws(DecodeError) {
    let request = try Call.decode(input, version: context.version, from: bodyStart)
    handle(request.controllerRequest, version: context.version) { response in
      if let answer = Call.unwrap(response) { context.reply(answer) }
    }
  }

  private func describeControllers(
    _ context: RequestContext, _ input: UnsafeRawBufferPointer, _ bodyStart: Int
  ) throws(DecodeError) {
    let request = try DescribeClusterRequest.decode(input, version: context.version, from: bodyStart)
    var response = DescribeClusterResponse()
    response.clusterId = clusterID
    response.endpointType = 2
    if context.version < 1 || request.endpointType != 2 {
      response.errorCode = ErrorCode.mismatchedEndpointType.rawValue
      response.errorMessage = "This is a controller: it describes controllers (endpoint type 2) only"
      return context.reply(response)
    }
    response.controllerId = quorum.raft.leaderID?.rawValue ?? -1
    response.brokers = configuration.voters.map { voter in
      var entry = DescribeClusterResponse.DescribeClusterBroker()
      entry.brokerId = voter.id.rawValue
      entry.host = voter.host
      entry.port = Int32(voter.port)
      return entry
    }
    context.reply(response)
  }
}
