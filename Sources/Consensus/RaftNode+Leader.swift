import Primitives

extension RaftNode {
  /// Opens the epoch: its first record is the LeaderChange, on disk before anybody hears of it.
  mutating func becomeLeader(
    granting: [ReplicaKey], _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    invariant(log.lastEpoch < epoch, "log already holds epoch \(log.lastEpoch), elected in \(epoch)")
    let start = log.endOffset
    let others = voters.filter { $0.id != identity.id }.map { ReplicaProgress(replica: $0) }
    lostElections = 0
    become(
      .leader(Leadership(epochStartOffset: start, electedAt: now, voters: others, announceAt: now)),
      QuorumState(epoch: epoch, leaderID: identity.id, votedFor: votedFor), &effects)
    let change = LeaderChange(leader: identity, voters: voters, grantingVoters: granting.sorted())
    _ = try log.appendLeaderChange(change, epoch: epoch)
    try log.flush()
    persistIfChanged(&effects)
    effects.append(.becameLeader(epoch: epoch, epochStartOffset: start))
    announceLeadership(&effects)
    advanceHighWatermark(log, &effects)
  }

  /// Tells the voters that have not fetched lately who leads: all at first, then every half fetch timeout.
  mutating func announceLeadership(_ effects: inout [RaftEffect]) {
    guard case .leader(var leadership) = state, leadership.announceAt <= now else { return }
    let period = configuration.fetchTimeout / 2
    leadership.announceAt = now + period
    state = .leader(leadership)
    for voter in leadership.voters where voter.lastFetch.map({ $0 + period <= now }) ?? true {
      let request = BeginQuorumEpochRequest(
        clusterID: clusterID, target: voter.replica, leaderID: identity.id, epoch: epoch)
      _ = send(to: voter.replica.id, .beginQuorumEpoch(request), &effects)
    }
  }

  /// Steps down: tells the voters, best successor first. A lost message costs them the fetch timeout, no more; it is
  /// not repeated. After an election timeout without a new leader this node stands again.
  mutating func resign(_ log: some RaftLog, _ effects: inout [RaftEffect]) {
    guard case .leader(let leadership) = state else { return }
    let successors = leadership.voters.enumerated()
      .sorted { ($1.element.endOffset, $0.offset) < ($0.element.endOffset, $1.offset) }
      .map(\.element.replica)
    become(
      .resigned(deadline: now + electionTimeout()), QuorumState(epoch: epoch, votedFor: votedFor), &effects)
    let request = EndQuorumEpochRequest(
      clusterID: clusterID, leaderID: identity.id, epoch: epoch, preferredCandidates: successors)
    for voter in successors { _ = send(to: voter.id, .endQuorumEpoch(request), &effects) }
  }

  /// Appends as the leader. On this node's disk when `proposed` is reached; many batches cost one flush.
  mutating func propose(
    _ token: RequestToken, _ expected: LeaderEpoch?, _ batches: [[UInt8]], _ log: inout some RaftLog,
    _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    guard case .leader = state, expected == nil || expected == epoch else {
      let refusal = ProposalRefusal.notLeader(leaderID: leaderID, epoch: epoch)
      effects.append(.proposalRefused(token, refusal))
      return
    }
    let start = log.endOffset
    for batch in batches {
      do throws(RaftLogError) {
        _ = try log.append(batch[...], epoch: epoch)
      } catch {
        guard case .corrupt(let reason) = error else { throw error }
        // Nobody has seen the batches before it yet.
        try log.truncate(to: start)
        effects.append(.proposalRefused(token, .invalid(reason)))
        return
      }
    }
    try log.flush()
    effects.append(.proposed(token, end: log.end))
    advanceHighWatermark(log, &effects)
    try answerParkedFetches(log, &effects)
  }

  /// The largest offset that a majority has on disk, and only once it covers a record of this epoch: what earlier
  /// leaders wrote is committed by what this one writes (Raft §5.4.2).
  mutating func advanceHighWatermark(_ log: some RaftLog, _ effects: inout [RaftEffect]) {
    guard case .leader(let leadership) = state else { return }
    var ends = leadership.voters.map(\.endOffset)
    ends.append(log.flushedOffset)
    ends.sort(by: >)
    let replicated = min(ends[majority - 1], log.flushedOffset)
    guard replicated > leadership.epochStartOffset || configuration.flaws.contains(.commitBelowEpochStart) else {
      return
    }
    commit(upTo: replicated, &effects)
  }

  mutating func handleFetch(
    _ token: RequestToken, _ request: FetchRequest, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    if let error = leaderError(request.clusterID, request.replica, request.currentLeaderEpoch) {
      return reply(token, .fetch(fetchError(error)), &effects)
    }
    guard request.fetchOffset >= .zero, request.lastFetchedEpoch >= .zero, request.lastFetchedEpoch <= epoch else {
      return reply(token, .fetch(fetchError(.invalidRequest)), &effects)
    }
    if let other = divergence(request, log) {
      noteFetch(from: request.replica, endOffset: nil, log)
      return reply(token, .fetch(other), &effects)
    }
    noteFetch(from: request.replica, endOffset: request.fetchOffset, log)
    let before = highWatermark
    advanceHighWatermark(log, &effects)
    if isAnswerable(request, log) || request.maxWait <= .zero {
      reply(token, .fetch(try records(for: request, log)), &effects)
    } else {
      try park(token, request, log, &effects)
    }
    if highWatermark > before { try answerParkedFetches(log, &effects) }
  }

  /// What keeps this node from answering as the leader of the asker's epoch.
  func leaderError(_ clusterID: String?, _ replica: ReplicaKey, _ epoch: LeaderEpoch) -> ErrorCode? {
    if isOtherCluster(clusterID) { return .inconsistentClusterId }
    if epoch < self.epoch { return .fencedLeaderEpoch }
    if epoch > self.epoch { return .unknownLeaderEpoch }
    guard case .leader = state else { return .notLeaderOrFollower }
    return replica.id == identity.id ? .invalidRequest : nil
  }

  func fetchError(_ error: ErrorCode) -> FetchResponse {
    FetchResponse(error: error, leaderID: leaderID, epoch: epoch)
  }

  /// KIP-595: an offset whose (epoch, end) this log does not have is answered with where to truncate, and one that is
  /// only in a snapshot with the snapshot's id. Nil: the asker's log is a prefix of this one.
  private func divergence(_ request: FetchRequest, _ log: some RaftLog) -> FetchResponse? {
    if configuration.flaws.contains(.noDivergenceCheck), request.fetchOffset <= log.endOffset { return nil }
    var response = FetchResponse(
      error: .none, leaderID: leaderID, epoch: epoch, highWatermark: highWatermark, logStartOffset: log.startOffset)
    let isEmpty = request.fetchOffset == .zero
    if isEmpty, log.startOffset == .zero, log.latestSnapshot == nil { return nil }
    if let snapshot = log.latestSnapshot {
      let isBelowStart =
        isEmpty || request.fetchOffset < log.startOffset || request.lastFetchedEpoch < log.startEpoch
        || (request.fetchOffset == log.startOffset && request.lastFetchedEpoch != log.startEpoch)
      if isBelowStart {
        response.snapshotID = snapshot
        return response
      }
    }
    let end = log.endOffset(for: request.lastFetchedEpoch)
    if end.epoch == request.lastFetchedEpoch, end.offset >= request.fetchOffset { return nil }
    response.divergingEpoch = end
    return response
  }

  private func isAnswerable(_ request: FetchRequest, _ log: some RaftLog) -> Bool {
    request.fetchOffset < log.endOffset || highWatermark > request.highWatermark
  }

  private func records(for request: FetchRequest, _ log: some RaftLog) throws(RaftLogError) -> FetchResponse {
    var response = FetchResponse(
      error: .none, leaderID: leaderID, epoch: epoch, highWatermark: highWatermark, logStartOffset: log.startOffset)
    if request.fetchOffset < log.endOffset {
      let limit = max(0, min(request.maxBytes, configuration.fetchMaxBytes))
      response.records = try log.read(from: request.fetchOffset, maxBytes: limit)
    }
    return response
  }

  /// One Fetch waits for each replica; an earlier one, whose connection must be gone, is answered empty.
  private mutating func park(
    _ token: RequestToken, _ request: FetchRequest, _ log: some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    guard case .leader(var leadership) = state else { return }
    let old = leadership.parked.firstIndex { $0.request.replica == request.replica && request.replica.id != .none }
    let replaced = old.map { leadership.parked.remove(at: $0) }
    let wait = min(request.maxWait, configuration.fetchTimeout / 2)
    leadership.parked.append(ParkedFetch(token: token, request: request, deadline: now + wait))
    state = .leader(leadership)
    if let replaced { reply(replaced.token, .fetch(try records(for: replaced.request, log)), &effects) }
  }

  /// Answers the parked fetches that have something to get by now, or have waited long enough.
  mutating func answerParkedFetches(
    _ log: some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    guard case .leader(var leadership) = state, !leadership.parked.isEmpty else { return }
    let due = leadership.parked.filter { isAnswerable($0.request, log) || $0.deadline <= now }
    guard !due.isEmpty else { return }
    leadership.parked.removeAll { isAnswerable($0.request, log) || $0.deadline <= now }
    state = .leader(leadership)
    for fetch in due { reply(fetch.token, .fetch(try records(for: fetch.request, log)), &effects) }
  }

  /// Books a fetch. Of a replica whose log got shorter (it lost its disk) the shorter end counts from now on, and it is
  /// replicated anew; the high watermark does not go back for it (KAFKA-12181).
  mutating func noteFetch(from replica: ReplicaKey, endOffset: Offset?, _ log: some RaftLog) {
    guard case .leader(var leadership) = state, replica.id != .none else { return }
    if let index = leadership.voters.firstIndex(where: { voter in
      voters.contains { $0.id == voter.replica.id && $0.matches(replica) }
    }) {
      leadership.voters[index].note(replica, endOffset: endOffset, leaderEnd: log.endOffset, now: now)
    } else if let index = leadership.observers.firstIndex(where: { $0.replica == replica }) {
      leadership.observers[index].note(replica, endOffset: endOffset, leaderEnd: log.endOffset, now: now)
    } else {
      // Observers are forgotten five minutes after their last fetch, as in Kafka, and their number is bounded.
      leadership.observers.removeAll { ($0.lastFetch ?? .zero) + .seconds(300) < now }
      if leadership.observers.count < 1024 {
        var observer = ReplicaProgress(replica: replica)
        observer.note(replica, endOffset: endOffset, leaderEnd: log.endOffset, now: now)
        let index = leadership.observers.firstIndex { replica < $0.replica } ?? leadership.observers.endIndex
        leadership.observers.insert(observer, at: index)
      }
    }
    state = .leader(leadership)
  }
}

extension ReplicaProgress {
  mutating func note(_ key: ReplicaKey, endOffset: Offset?, leaderEnd: Offset, now: Instant) {
    if key.directoryID != replica.directoryID {
      replica = key
      self.endOffset = .none
      leaderEndAtLastFetch = .none
    }
    if let endOffset {
      if endOffset >= leaderEnd {
        lastCaughtUp = now
      } else if leaderEndAtLastFetch >= .zero, endOffset >= leaderEndAtLastFetch {
        lastCaughtUp = lastFetch
      }
      self.endOffset = endOffset
      leaderEndAtLastFetch = leaderEnd
    }
    lastFetch = now
  }
}
