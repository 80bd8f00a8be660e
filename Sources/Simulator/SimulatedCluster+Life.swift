import BrokerCore
import CommitLog
import Consensus
import Controller
import Primitives
import Replication
import Wire

/// Processes come and go: what `Node` and `BrokerLifecycle` do.
extension SimulatedCluster {
  static let clusterID = "simulated-cluster"
  static let metadataDirectory = "cluster_metadata-0"

  func start(_ node: SimulatedNode) {
    guard node.process == nil else { return }
    node.life += 1
    node.busyUntil = now
    let random = source.stream("node \(node.index) life \(node.life)")
    let wasClean = node.cleanEpoch != nil
    do {
      try node.disk.makeDirectory(Self.metadataDirectory)
      let log = try MetadataLog(
        directory: Self.metadataDirectory, files: node.disk, wasCleanShutdown: wasClean,
        wallClock: { [time, skew = world.wallClockSkews[node.index]] in time.wallClock(skew: skew) })
      let voters = nodes.map { ReplicaKey(id: $0.id) }
      let stateFile = QuorumStateFile(
        path: Self.metadataDirectory + "/quorum-state", files: node.disk, voters: voters.map(\.id))
      var configuration = RaftConfiguration()
      configuration.electionTimeout = .milliseconds(400)
      configuration.fetchTimeout = .milliseconds(800)
      configuration.electionBackoffMax = .milliseconds(200)
      configuration.requestTimeout = .milliseconds(800)
      let raft = RaftNode(
        identity: ReplicaKey(id: node.id), clusterID: Self.clusterID, voters: voters, configuration: configuration,
        persisted: try stateFile.read() ?? QuorumState(), log: log, random: random.stream("quorum"), now: clock(node))
      var settings = ControllerConfiguration()
      settings.clusterID = Self.clusterID
      settings.sessionTimeout = .milliseconds(600)
      settings.imbalanceCheckInterval = .milliseconds(700)
      settings.flaws = world.controllerFlaws
      settings.seed = random.stream("controller").state
      var incarnation = random.stream("incarnation")
      node.process = NodeProcess(
        wasClean: wasClean, incarnation: UUID128(high: incarnation.next(), low: incarnation.next()), raft: raft,
        metadataLog: log, stateFile: stateFile, controller: ControllerState(configuration: settings))
    } catch {
      return invariants.broken("S1: node \(node.id) cannot start: \(error)")
    }
    narrate("\(node.id) starts\(wasClean ? " after a clean stop" : "")")
    guard let process = node.process else { return }
    do throws(LogError) { try openLogs(node, process) } catch { return fail(node, "\(error)") }
    do throws(RaftLogError) {
      try process.metadataLog.flush()
      if let snapshot = process.metadataLog.latestSnapshot { try load(snapshot, node, process) }
    } catch { return fail(node, "\(error)") }
    step(RaftEvent.timer, node, process)
    register(node, process)
    tick(node)
  }

  private func tick(_ node: SimulatedNode) {
    after(.milliseconds(10), on: node) { process in
      let time = self.clock(node)
      if process.raft.nextDeadline <= time { self.step(RaftEvent.timer, node, process) }
      if let deadline = process.controller.nextDeadline, deadline <= time {
        self.step(ControllerEvent.timer, node, process)
      }
      if time >= process.nextBeat { self.beat(node, process) }
      self.tickData(node, process)
      self.tickGroups(node, process)
      if node.process === process { self.tick(node) }
    }
  }

  // MARK: registration and heartbeats

  func register(_ node: SimulatedNode, _ process: NodeProcess) {
    guard !process.isRegistering else { return }
    process.isRegistering = true
    var request = BrokerRegistrationRequest()
    request.brokerId = node.id.rawValue
    request.clusterId = Self.clusterID
    request.incarnationId = process.incarnation
    request.rack = nil
    request.logDirs = [UUID128(high: 1, low: UInt64(node.index))]
    let previous = world.flaws.contains(.uncleanRestartUnnoticed) ? node.lastEpoch : node.cleanEpoch ?? .none
    request.previousBrokerEpoch = previous.rawValue
    var listener = BrokerRegistrationRequest.Listener()
    listener.name = "PLAINTEXT"
    listener.host = "node-\(node.id)"
    listener.port = 9092
    request.listeners = [listener]
    request.features = [
      ("eligible.leader.replicas.version", 0, 1), ("kraft.version", 0, 0), ("metadata.version", 7, 30),
    ]
    .map { (name: String, low: Int16, high: Int16) in
      var feature = BrokerRegistrationRequest.Feature()
      feature.name = name
      feature.minSupportedVersion = low
      feature.maxSupportedVersion = high
      return feature
    }
    call(.brokerRegistration(request), node, process, timeout: .seconds(2)) { response in
      process.isRegistering = false
      guard case .brokerRegistration(let response) = response, response.errorCode == 0 else {
        return self.after(.milliseconds(50), on: node) { if $0.brokerEpoch == .none { self.register(node, $0) } }
      }
      self.counters.registrations += 1
      process.brokerEpoch = BrokerEpoch(response.brokerEpoch)
      node.lastEpoch = process.brokerEpoch
      node.cleanEpoch = nil
      self.narrate("\(node.id) is registered with epoch \(process.brokerEpoch)")
      self.beat(node, process)
    }
  }

  func controllerChanged(_ node: SimulatedNode, _ process: NodeProcess) {
    if process.brokerEpoch == .none { register(node, process) } else { process.nextBeat = .zero }
  }

  private func beat(_ node: SimulatedNode, _ process: NodeProcess) {
    guard process.brokerEpoch != .none, !process.isBeating else { return }
    process.isBeating = true
    process.nextBeat = .distantFuture
    var request = BrokerHeartbeatRequest()
    request.brokerId = node.id.rawValue
    request.brokerEpoch = process.brokerEpoch.rawValue
    request.currentMetadataOffset = process.reportedOffset.rawValue
    call(.brokerHeartbeat(request), node, process, timeout: .milliseconds(300)) { response in
      process.isBeating = false
      var wait = TimeSpan.milliseconds(100)
      if case .brokerHeartbeat(let response) = response {
        switch ErrorCode(rawValue: response.errorCode) ?? .unknownServerError {
        case .none:
          process.isRunning = !response.isFenced
          if response.isFenced { wait = .milliseconds(10) }
        case .staleBrokerEpoch, .brokerIdNotRegistered:
          process.brokerEpoch = .none
          process.isRunning = false
          return self.register(node, process)
        default: wait = .milliseconds(50)
        }
      } else {
        wait = .milliseconds(20)
      }
      process.nextBeat = self.clock(node) + wait
    }
  }

  // MARK: deaths

  /// A promise cannot be kept any more: the process ends without the clean mark.
  func fail(_ node: SimulatedNode, _ reason: String) {
    narrate("\(node.id) ends: \(reason)")
    for other in narrates ? nodes : [] {
      guard let log = other.process?.metadataLog else { continue }
      narrate(
        "\(other.id) has metadata from \(log.startOffset)@\(log.startEpoch) to \(log.endOffset)@\(log.lastEpoch), "
          + "snapshots \(log.snapshots)")
    }
    let isExcused = node.disk.capacity != nil || node.disk.failedSyncs > 0
    guard isExcused else { return invariants.broken("S1: \(node.id) failed on a sound disk: \(reason)") }
    counters.diskFailures += 1
    die(node)
    if node.debt == .none { node.debt = .killed }
    restartLater(node)
  }

  func die(_ node: SimulatedNode) {
    for partition in node.process?.sortedPartitions ?? [] {
      let highWatermark = partition.replica.highWatermark
      node.highWatermarks[partition.name] = min(highWatermark, partition.log.unflushedCut ?? highWatermark)
    }
    node.process = nil
    node.cleanEpoch = nil
  }

  func restartLater(_ node: SimulatedNode) {
    let life = node.life
    after(.milliseconds(Int64.random(in: 1...800, using: &chance))) {
      guard node.life == life, node.process == nil else { return }
      node.disk.capacity = nil
      node.disk.forgetFailedSyncs()
      self.start(node)
    }
  }
}
