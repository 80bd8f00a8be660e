import BrokerCore
import CommitLog
import Consensus
import EventLoop
import Primitives
import Records
import Wire

/// What the quorum tells the rest of the node. All calls come on the control loop.
protocol QuorumDelegate: AnyObject {
  /// Committed records, in order; `upTo` is the offset after the last of them (control records count).
  func quorumCommitted(_ records: [(offset: Offset, record: MetadataRecord)], upTo: Offset, epoch: LeaderEpoch)
  /// The state begins anew from a snapshot that ends at `offset`.
  func quorumLoadedSnapshot(_ records: [MetadataRecord], offset: Offset, epoch: LeaderEpoch)
  /// This node leads; its controller may act once it has applied everything below `epochStart`.
  func quorumBecameLeader(epoch: LeaderEpoch, epochStart: Offset)
  func quorumLostLeadership(epoch: LeaderEpoch)
  func quorumLeaderChanged(_ leader: BrokerID?, epoch: LeaderEpoch)
  /// A voter's process is gone (see `PeerChannel.unreachable`).
  func quorumPeerUnreachable(_ peer: BrokerID)
  func quorumPeerConnected(_ peer: BrokerID)
  /// The node can keep none of its promises any more.
  func quorumFailed(_ reason: String)
}

/// The shell around `RaftNode`: carries its messages, its disk and its timer.
final class QuorumNode {
  private(set) var raft: RaftNode
  let metadataLog: MetadataLog
  private let stateFile: QuorumStateFile
  private let loop: EventLoop
  private let log: Logger
  private(set) var peers: [BrokerID: PeerChannel] = [:]
  weak var delegate: (any QuorumDelegate)?
  /// Everything below has been handed to the delegate.
  private(set) var appliedOffset: Offset = .zero
  /// The epoch of the record before it: the log may hold later ones of a newer epoch that are not committed.
  private var appliedEpoch: LeaderEpoch = .zero

  private var timer: LoopTimer?
  private var effects: [RaftEffect] = []
  private var pending: [RaftEvent] = []
  private var isStepping = false
  private var nextToken: UInt64 = 1
  private var replies: [RequestToken: (RaftResponse) -> Void] = [:]
  private var proposals: [RequestToken: (Result<OffsetAndEpoch, ProposalRefusal>) -> Void] = [:]
  private let requestTimeout: TimeSpan
  private let snapshotAfterBytes: Int
  private var hasFailed = false

  init(
    _ loop: EventLoop, configuration: BrokerConfiguration, clusterID: String, directoryID: UUID128,
    metadataLog: MetadataLog, stateFile: QuorumStateFile, random: RandomSource, log: Logger
  ) throws {
    self.loop = loop
    self.log = log
    self.metadataLog = metadataLog
    self.stateFile = stateFile
    requestTimeout = configuration.span("controller.quorum.request.timeout.ms")
    snapshotAfterBytes = configuration.integer("metadata.log.max.record.bytes.between.snapshots")
    var raftConfiguration = RaftConfiguration()
    raftConfiguration.electionTimeout = configuration.span("controller.quorum.election.timeout.ms")
    raftConfiguration.fetchTimeout = configuration.span("controller.quorum.fetch.timeout.ms")
    raftConfiguration.electionBackoffMax = configuration.span("controller.quorum.election.backoff.max.ms")
    raftConfiguration.requestTimeout = requestTimeout
    raft = RaftNode(
      identity: ReplicaKey(id: configuration.nodeID, directoryID: directoryID), clusterID: clusterID,
      voters: configuration.voters.map { ReplicaKey(id: $0.id) }, configuration: raftConfiguration,
      persisted: try stateFile.read() ?? QuorumState(), log: metadataLog, random: random,
      now: Instant(nanoseconds: loop.now))
    timer = try LoopTimer(loop) { [weak self] in self?.step(.timer) }
    for voter in configuration.voters where voter.id != configuration.nodeID {
      let channel = try PeerChannel(
        loop, peer: voter.id, host: voter.host, port: voter.port, clientId: "node-\(configuration.nodeID)", log: log)
      channel.unreachable = { [weak self] in
        self?.step(.peerUnreachable(voter.id))
        self?.delegate?.quorumPeerUnreachable(voter.id)
      }
      channel.connected = { [weak self] in self?.delegate?.quorumPeerConnected(voter.id) }
      peers[voter.id] = channel
    }
  }

  /// Makes sure that what was recovered is on disk, loads the newest snapshot, and takes part.
  func start() {
    do throws(RaftLogError) {
      try metadataLog.flush()
      if let snapshot = metadataLog.latestSnapshot { try load(snapshot) }
    } catch { return fail("\(error)") }
    for (_, channel) in peers.sorted(by: { $0.key < $1.key }) { channel.keepConnected() }
    step(.timer)
  }

  func close() {
    timer?.close()
    for channel in peers.values { channel.close() }
    metadataLog.close()
  }

  /// Peers whose process was found gone and has not come back.
  var unreachablePeers: [BrokerID] { peers.values.filter(\.isKnownUnreachable).map(\.peer).sorted() }

  // MARK: driving the core

  func step(_ event: RaftEvent) {
    pending.append(event)
    guard !isStepping, !hasFailed else { return }
    isStepping = true
    var index = 0
    while index < pending.count {
      let event = pending[index]
      index += 1
      var log = metadataLog
      raft.handle(event, at: Instant(nanoseconds: loop.now), log: &log, into: &effects)
      var done = 0
      while done < effects.count {
        perform(effects[done])
        done += 1
        if hasFailed { break }
      }
      effects.removeAll(keepingCapacity: true)
    }
    pending.removeAll(keepingCapacity: true)
    isStepping = false
    armTimer()
  }

  private func armTimer() {
    let deadline = raft.nextDeadline
    guard deadline < .distantFuture else { return }
    let wait = max(0, (deadline - Instant(nanoseconds: loop.now)).nanoseconds)
    timer?.start(after: UInt64((wait + 999_999) / 1_000_000))
  }

  /// Brings a peer's request to the core; `reply` is called once, now or later.
  func request(_ request: RaftRequest, _ reply: @escaping (RaftResponse) -> Void) {
    let token = RequestToken(nextToken)
    nextToken += 1
    replies[token] = reply
    step(.request(token, request))
  }

  /// Proposes one batch of records; `done` is called when it is on this node's disk, or was refused.
  ///
  /// The outcome is known before this returns, but for calls from within the delegate.
  func propose(
    _ batch: [UInt8], epoch: LeaderEpoch, _ done: @escaping (Result<OffsetAndEpoch, ProposalRefusal>) -> Void
  ) {
    let token = RequestToken(nextToken)
    nextToken += 1
    proposals[token] = done
    step(.propose(token, epoch: epoch, batches: [batch]))
  }

  private func perform(_ effect: RaftEffect) {
    switch effect {
    case .persist(let state):
      do throws(FileError) { try stateFile.write(state) } catch { fail("\(error)") }
    case .send(let peer, let id, let request): send(request, to: peer, id)
    case .reply(let token, let response): replies.removeValue(forKey: token)?(response)
    case .becameLeader(let epoch, let start):
      log.info("leads the quorum", "epoch=\(epoch) epoch_start=\(start)")
      delegate?.quorumBecameLeader(epoch: epoch, epochStart: start)
    case .lostLeadership(let epoch):
      log.info("no longer leads the quorum", "epoch=\(epoch)")
      delegate?.quorumLostLeadership(epoch: epoch)
    case .leaderChanged(let leader, let epoch):
      log.info("quorum leader", "leader=\(leader.map { "\($0)" } ?? "none") epoch=\(epoch)")
      delegate?.quorumLeaderChanged(leader, epoch: epoch)
    case .committed(let offset): apply(upTo: offset)
    case .snapshotInstalled(let id):
      do throws(RaftLogError) { try load(id) } catch { fail("\(error)") }
    case .truncated(let offset): log.warn("metadata log truncated", "to=\(offset)")
    case .proposed(let token, let end): proposals.removeValue(forKey: token)?(.success(end))
    case .proposalRefused(let token, let refusal): proposals.removeValue(forKey: token)?(.failure(refusal))
    case .failed(let failure): fail("\(failure)")
    }
  }

  private func fail(_ reason: String) {
    guard !hasFailed else { return }
    hasFailed = true
    log.error("the quorum's log failed", "reason=\"\(reason)\"")
    delegate?.quorumFailed(reason)
  }

  // MARK: messages

  private func send(_ request: RaftRequest, to peer: BrokerID, _ id: RequestID) {
    guard let channel = peers[peer] else { return pending.append(.requestFailed(to: peer, id)) }
    func send<R: RequestMessage>(_ message: R, _ version: Int16, _ core: @escaping (R.Response) -> RaftResponse) {
      channel.send(message, version: version, timeout: requestTimeout) { [weak self] result in
        switch result {
        case .success(let response): self?.step(.response(from: peer, id, core(response)))
        case .failure: self?.step(.requestFailed(to: peer, id))
        }
      }
    }
    switch request {
    case .vote(let r): send(QuorumWire.wire(r), QuorumWire.voteVersion) { .vote(QuorumWire.core($0)) }
    case .beginQuorumEpoch(let r):
      send(QuorumWire.wire(r), QuorumWire.beginVersion) { .beginQuorumEpoch(QuorumWire.core($0)) }
    case .endQuorumEpoch(let r):
      send(QuorumWire.wire(r), QuorumWire.endVersion) { .endQuorumEpoch(QuorumWire.core($0)) }
    case .fetch(let r): send(QuorumWire.wire(r), QuorumWire.fetchVersion) { .fetch(QuorumWire.core($0)) }
    case .fetchSnapshot(let r):
      send(QuorumWire.wire(r), QuorumWire.fetchSnapshotVersion) {
        .fetchSnapshot(QuorumWire.core($0, asked: r.snapshotID))
      }
    }
  }

  // MARK: committed records

  private func apply(upTo end: Offset) {
    while appliedOffset < end, !hasFailed {
      do throws(RaftLogError) {
        let read = try metadataLog.records(from: appliedOffset, upTo: end)
        appliedOffset = read.next
        appliedEpoch = read.epoch
        delegate?.quorumCommitted(read.records, upTo: read.next, epoch: read.epoch)
      } catch { return fail("\(error)") }
    }
    snapshotIfDue()
  }

  // MARK: snapshots

  /// What a snapshot is made of; set by the owner of the metadata image.
  var snapshotRecords: (() -> [MetadataRecord])?

  private func snapshotIfDue() {
    guard metadataLog.bytesSinceSnapshot > snapshotAfterBytes, let records = snapshotRecords?() else { return }
    let id = SnapshotID(offset: appliedOffset, epoch: appliedEpoch)
    do throws(RaftLogError) {
      try metadataLog.createSnapshot(
        id, content: try MetadataSnapshot.encode(records, now: EventLoop.wallClockMilliseconds))
      log.info("metadata snapshot", "end=\(id.offset) epoch=\(id.epoch) records=\(records.count)")
      pending.append(.snapshotCreated(id, deleteLogBefore: id.offset))
    } catch { fail("\(error)") }
  }

  private func load(_ id: SnapshotID) throws(RaftLogError) {
    let records = try MetadataSnapshot.decode(try metadataLog.snapshotContent(id))
    appliedOffset = id.offset
    appliedEpoch = id.epoch
    log.info("metadata snapshot loaded", "end=\(id.offset) epoch=\(id.epoch) records=\(records.count)")
    delegate?.quorumLoadedSnapshot(records, offset: id.offset, epoch: id.epoch)
  }
}
