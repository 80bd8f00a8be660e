import BrokerCore
import Consensus
import Controller
import Primitives
import Records
import Wire

/// What `QuorumNode` and `ControlPlane` do around the quorum's core and the controller.
extension SimulatedCluster {
  // MARK: the quorum's core

  func step(_ event: RaftEvent, _ node: SimulatedNode, _ process: NodeProcess) {
    process.raftEvents.append(event)
    guard !process.isRaftStepping else { return }
    process.isRaftStepping = true
    var index = 0
    while index < process.raftEvents.count, node.process === process {
      let event = process.raftEvents[index]
      index += 1
      var log = process.metadataLog
      process.raft.handle(event, at: clock(node), log: &log, into: &process.raftEffects)
      var done = 0
      while done < process.raftEffects.count, node.process === process {
        carryOut(process.raftEffects[done], node, process)
        done += 1
      }
      process.raftEffects.removeAll(keepingCapacity: true)
    }
    process.raftEvents.removeAll(keepingCapacity: true)
    process.isRaftStepping = false
  }

  private func carryOut(_ effect: RaftEffect, _ node: SimulatedNode, _ process: NodeProcess) {
    switch effect {
    case .persist(let state):
      do { try process.stateFile.write(state) } catch { fail(node, "\(error)") }
    case .send(let peer, let id, let request): send(request, id, to: nodes[Int(peer.rawValue) - 1], node, process)
    case .reply(let token, let response): process.raftReplies.removeValue(forKey: token)?(response)
    case .becameLeader(let epoch, let start):
      counters.quorumLeaders += 1
      narrate("\(node.id) leads the quorum in epoch \(epoch)")
      process.pendingActivation = (epoch, start)
      activateIfDue(node, process)
    case .lostLeadership:
      process.pendingActivation = nil
      if process.controller.isActive { step(.resigned, node, process) }
    case .leaderChanged(let leader, _): if leader != nil { controllerChanged(node, process) }
    case .committed(let offset): apply(upTo: offset, node, process)
    case .snapshotInstalled(let id):
      do { try load(id, node, process) } catch { fail(node, "\(error)") }
    case .truncated(let offset): narrate("\(node.id) cuts its metadata to \(offset)")
    case .proposed(let token, let end): process.proposals.removeValue(forKey: token)?(.success(end))
    case .proposalRefused(let token, let refusal): process.proposals.removeValue(forKey: token)?(.failure(refusal))
    case .failed(let failure): fail(node, "\(failure)")
    }
  }

  private func send(
    _ request: RaftRequest, _ id: RequestID, to peer: SimulatedNode, _ node: SimulatedNode, _ process: NodeProcess
  ) {
    let life = node.life
    send(from: node.index, to: peer) { target in
      let token = Consensus.RequestToken(self.nextToken())
      target.raftReplies[token] = { response in
        self.answer(from: peer.index, to: node, life: life) { process in
          self.step(.response(from: peer.id, id, response), node, process)
        }
      }
      self.step(.request(token, request), peer, target)
    } refused: {
      self.on(node, life: life) { process in
        self.step(.requestFailed(to: peer.id, id), node, process)
        guard peer.process == nil, node.process === process else { return }
        self.step(.peerUnreachable(peer.id), node, process)
        if process.controller.isActive { self.step(.brokerUnreachable(peer.id, epoch: nil), node, process) }
      }
    }
  }

  // MARK: committed metadata

  private func apply(upTo end: Offset, _ node: SimulatedNode, _ process: NodeProcess) {
    while process.appliedOffset < end, node.process === process {
      do {
        let read = try process.metadataLog.records(from: process.appliedOffset, upTo: end)
        process.appliedOffset = read.next
        process.appliedEpoch = read.epoch
        for (offset, record) in read.records {
          invariants.metadata(record, at: offset, node.id)
          try process.image.apply(record, at: offset)
        }
        narrateChanges(process.image, upTo: read.next)
        invariants.image(process.image, upTo: read.next, node.id)
        process.news.append((read.records, nil, read.next))
      } catch { return invariants.broken("P13: metadata at \(process.appliedOffset) of \(node.id): \(error)") }
      hearNews(node)
      if process.controller.isActive { step(.committed(upTo: process.appliedOffset), node, process) }
      activateIfDue(node, process)
    }
    snapshotIfDue(node, process)
  }

  private func narrateChanges(_ image: MetadataImage, upTo end: Offset) {
    guard narrates, end > invariants.imageEnd else { return }
    for topic in image.sortedTopics {
      for (index, partition) in topic.partitions.enumerated() {
        let id = TopicIDPartition(topic.id, PartitionID(Int32(index)))
        guard invariants.image.partition(id) != partition else { continue }
        narrate(
          "\(topic.name)-\(index): leader \(partition.leader) of epoch \(partition.leaderEpoch), ISR \(partition.isr), "
            + "ELR \(partition.elr), replicas \(partition.replicas), adding \(partition.addingReplicas), "
            + "removing \(partition.removingReplicas)")
      }
    }
  }

  /// The data loop hears of it a little later.
  private func hearNews(_ node: SimulatedNode) {
    after(chance.span(in: .zero...(.milliseconds(2))), on: node) { self.applyNews(node, $0) }
  }

  private func snapshotIfDue(_ node: SimulatedNode, _ process: NodeProcess) {
    guard process.metadataLog.bytesSinceSnapshot > world.snapshotBytes, node.process === process else { return }
    let newest = process.metadataLog.endOffset(for: process.raft.epoch).epoch
    let epoch = world.flaws.contains(.namesSnapshotsByTheLog) ? newest : process.appliedEpoch
    let id = SnapshotID(offset: process.appliedOffset, epoch: epoch)
    do throws(RaftLogError) {
      let content = try MetadataSnapshot.encode(process.image.records(), now: wallClock(node))
      try process.metadataLog.createSnapshot(id, content: content)
      counters.metadataSnapshots += 1
      process.raftEvents.append(.snapshotCreated(id, deleteLogBefore: id.offset))
    } catch { fail(node, "\(error)") }
  }

  func load(_ id: SnapshotID, _ node: SimulatedNode, _ process: NodeProcess) throws(RaftLogError) {
    let records = try MetadataSnapshot.decode(try process.metadataLog.snapshotContent(id))
    var fresh = MetadataImage()
    for record in records {
      do throws(MetadataError) { try fresh.apply(record, at: id.offset - 1) } catch { throw .corrupt("\(error)") }
    }
    counters.snapshotsLoaded += 1
    process.appliedOffset = id.offset
    process.appliedEpoch = id.epoch
    process.image = fresh
    invariants.image(fresh, upTo: id.offset, node.id)
    process.news.append(([], fresh, id.offset))
    hearNews(node)
  }

  // MARK: the controller

  private func activateIfDue(_ node: SimulatedNode, _ process: NodeProcess) {
    let isEager = world.flaws.contains(.actsBeforeCommit)
    guard let (epoch, start) = process.pendingActivation, process.appliedOffset > start || isEager else { return }
    process.pendingActivation = nil
    counters.activations += 1
    narrate("\(node.id) is the active controller of epoch \(epoch)")
    let gone = nodes.filter { $0.process == nil && !blocked[node.index][$0.index] }.map(\.id)
    step(
      .becameActive(
        epoch: epoch, image: process.image, nextOffset: process.metadataLog.endOffset, unreachable: gone),
      node, process)
  }

  func step(_ event: ControllerEvent, _ node: SimulatedNode, _ process: NodeProcess) {
    process.controllerEvents.append(event)
    guard !process.isControllerStepping else { return }
    process.isControllerStepping = true
    var index = 0
    while index < process.controllerEvents.count, node.process === process {
      var effects: [ControllerEffect] = []
      process.controller.handle(process.controllerEvents[index], at: clock(node), into: &effects)
      index += 1
      for effect in effects { carryOut(effect, node, process) }
    }
    process.controllerEvents.removeAll(keepingCapacity: true)
    process.isControllerStepping = false
  }

  private func carryOut(_ effect: ControllerEffect, _ node: SimulatedNode, _ process: NodeProcess) {
    switch effect {
    case .reply(let token, let response): process.controllerReplies.removeValue(forKey: token)?(response)
    case .append(let epoch, let first, let records):
      var builder = RecordBatchBuilder()
      for record in records { builder.append(key: nil, value: record.encoded(), timestamp: wallClock(node)) }
      guard let batch = try? builder.build() else { return invariants.broken("a metadata batch cannot be built") }
      let token = Consensus.RequestToken(nextToken())
      process.proposals[token] = { result in
        switch result {
        case .success(let end) where end.offset == first + Int64(records.count): break
        case .success:
          process.controllerEvents.append(.resigned)
          self.step(.resign, node, process)
        case .failure: self.step(.resigned, node, process)
        }
      }
      step(.propose(token, epoch: epoch, batches: [batch]), node, process)
    }
  }

  func handle(
    _ request: ControllerRequest, _ node: SimulatedNode, _ process: NodeProcess,
    _ reply: @escaping NodeProcess.ControllerReply
  ) {
    let token = ControllerRequestToken(nextToken())
    process.controllerReplies[token] = reply
    step(.request(token, request, version: Self.version(of: request)), node, process)
  }

  private static func version(of request: ControllerRequest) -> Int16 {
    switch request {
    case .brokerRegistration: BrokerRegistrationRequest.validVersions.upperBound
    case .brokerHeartbeat: BrokerHeartbeatRequest.validVersions.upperBound
    case .alterPartition: AlterPartitionRequest.validVersions.upperBound
    case .alterPartitionReassignments: AlterPartitionReassignmentsRequest.validVersions.upperBound
    default: CreateTopicsRequest.validVersions.upperBound
    }
  }

  // MARK: calls to the active controller

  /// Asks the active controller, again after a change of controllers, until `timeout`; nil: no answer in time.
  func call(
    _ request: ControllerRequest, _ node: SimulatedNode, _ process: NodeProcess, timeout: TimeSpan,
    _ done: @escaping (ControllerResponse?) -> Void
  ) {
    let call = SimulatedCall(request: request, deadline: now + timeout, done: done)
    after(timeout, on: node) { _ in call.finish(nil) }
    attempt(call, node, process)
  }

  private func attempt(_ call: SimulatedCall, _ node: SimulatedNode, _ process: NodeProcess) {
    guard call.isOpen else { return }
    let again: () -> Void = {
      guard self.now + .milliseconds(20) < call.deadline else { return }
      self.after(.milliseconds(20), on: node) { self.attempt(call, node, $0) }
    }
    let take: (ControllerResponse) -> Void = { $0.isNotController ? again() : call.finish($0) }
    guard let leader = process.raft.leaderID else { return again() }
    let life = node.life
    if leader == node.id { return handle(call.request, node, process, take) }
    let target = nodes[Int(leader.rawValue) - 1]
    send(from: node.index, to: target) { controller in
      self.handle(call.request, target, controller) { response in
        self.answer(from: target.index, to: node, life: life) { _ in take(response) }
      }
    } refused: {
      self.on(node, life: life) { _ in again() }
    }
  }
}

/// A question to the controller that is answered once, or given up.
final class SimulatedCall {
  let request: ControllerRequest
  let deadline: Instant
  private var done: ((ControllerResponse?) -> Void)?

  init(request: ControllerRequest, deadline: Instant, done: @escaping (ControllerResponse?) -> Void) {
    self.request = request
    self.deadline = deadline
    self.done = done
  }

  var isOpen: Bool { done != nil }

  func finish(_ response: ControllerResponse?) {
    let done = done
    self.done = nil
    done?(response)
  }
}

extension ControllerResponse {
  var isNotController: Bool {
    let code: Int16? =
      switch self {
      case .brokerRegistration(let response): response.errorCode
      case .brokerHeartbeat(let response): response.errorCode
      case .alterPartition(let response): response.errorCode
      case .createTopics(let response): response.topics.first?.errorCode
      default: nil
      }
    return code == ErrorCode.notController.rawValue
  }
}
