import Primitives

extension RaftNode {
  mutating func handleBeginQuorumEpoch(
    _ token: RequestToken, _ request: BeginQuorumEpochRequest, _ log: inout some RaftLog,
    _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    var error = ErrorCode.none
    if isOtherCluster(request.clusterID) {
      error = .inconsistentClusterId
    } else if request.epoch < epoch {
      error = .fencedLeaderEpoch
    } else if request.target.id != .none, !request.target.matches(identity) {
      error = .invalidVoterKey
    } else if !voters.contains(where: { $0.id == request.leaderID }) || request.leaderID == identity.id {
      error = .inconsistentVoterSet
    } else {
      // Itself it says that it lives: whatever was heard of its end is wrong, or older than this epoch.
      if request.epoch == epoch, departedLeader == request.leaderID { departedLeader = nil }
      _ = learn(request.epoch, leaderID: request.leaderID, &effects)
    }
    reply(
      token,
      .beginQuorumEpoch(QuorumEpochResponse(error: error, leaderID: leaderID, epoch: epoch)), &effects)
    try sendDueFetch(&log, &effects)
  }

  /// The leader stepped down. Its successors stand one after another, the first at once (KIP-595).
  mutating func handleEndQuorumEpoch(
    _ token: RequestToken, _ request: EndQuorumEpochRequest, _ effects: inout [RaftEffect]
  ) {
    var error = ErrorCode.none
    if isOtherCluster(request.clusterID) {
      error = .inconsistentClusterId
    } else if request.epoch < epoch {
      error = .fencedLeaderEpoch
    } else if !voters.contains(where: { $0.id == request.leaderID }) || request.leaderID == identity.id {
      error = .inconsistentVoterSet
    } else {
      _ = learn(request.epoch, leaderID: request.leaderID, &effects)
      if case .follower(var following) = state, following.leaderID == request.leaderID {
        departedLeader = request.leaderID
        following.leaderIsGone = true
        following.fetchDeadline = now + successionDelay(request.preferredCandidates)
        following.fetch = FetchSchedule(due: now + configuration.retryBackoff)
        state = .follower(following)
        inFlight = []
      }
    }
    reply(
      token, .endQuorumEpoch(QuorumEpochResponse(error: error, leaderID: leaderID, epoch: epoch)), &effects)
  }

  /// Kafka's strict exponential back-off by place in the list; whoever is not listed waits longest.
  private func successionDelay(_ successors: [ReplicaKey]) -> TimeSpan {
    let longest = configuration.electionBackoffMax
    guard let place = successors.firstIndex(where: { $0.matches(identity) }) else { return longest }
    if place == 0 { return .zero }
    let base = longest.nanoseconds >> Int64(min(successors.count - 1, 62))
    let (delay, overflow) = base.multipliedReportingOverflow(by: Int64(1) << Int64(min(place - 1, 61)))
    return overflow ? longest : min(longest, TimeSpan(nanoseconds: delay))
  }

  /// Sends the next Fetch when it is due: to the leader, or, to find one, to any voter.
  mutating func sendDueFetch(_ log: inout some RaftLog, _ effects: inout [RaftEffect]) throws(RaftLogError) {
    switch state {
    case .unattached(var unattached):
      guard let due = unattached.search.due, due <= now, let peer = anyOtherVoter() else { return }
      unattached.search.due = nil
      unattached.search.inFlight = try sendFetch(to: peer, maxWait: .zero, &log, &effects)
      state = .unattached(unattached)
    case .follower(var following):
      guard let due = following.fetch.due, due <= now else { return }
      following.fetch.due = nil
      if let download = following.download {
        following.fetch.inFlight = sendFetchSnapshot(to: following.leaderID, download, &effects)
      } else {
        let wait = min(configuration.fetchMaxWait, configuration.fetchTimeout / 2)
        following.fetch.inFlight = try sendFetch(to: following.leaderID, maxWait: wait, &log, &effects)
      }
      state = .follower(following)
    default: return
    }
  }

  private mutating func anyOtherVoter() -> BrokerID? {
    voters.filter { $0.id != identity.id }.randomElement(using: &random)?.id
  }

  /// A Fetch acknowledges everything below its offset, so that must be on disk (KAFKA-10533).
  private mutating func sendFetch(
    to peer: BrokerID, maxWait: TimeSpan, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) -> RequestID {
    try log.flushIfBehind()
    let request = FetchRequest(
      clusterID: clusterID, replica: identity, currentLeaderEpoch: epoch, fetchOffset: log.endOffset,
      lastFetchedEpoch: log.lastEpoch, maxWait: maxWait, maxBytes: configuration.fetchMaxBytes,
      highWatermark: highWatermark)
    return send(to: peer, .fetch(request), &effects)
  }

  /// The fetch came to nothing: again, after a pause.
  mutating func retryFetch(_ id: RequestID) {
    let due = now + configuration.retryBackoff
    switch state {
    case .unattached(var unattached) where unattached.search.inFlight == id:
      unattached.search = FetchSchedule(due: due)
      state = .unattached(unattached)
    case .follower(var following) where following.fetch.inFlight == id:
      following.fetch = FetchSchedule(due: due)
      state = .follower(following)
    default: break
    }
  }

  mutating func handleFetchResponse(
    _ id: RequestID, _ response: FetchResponse, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    // Where the answer is from an earlier epoch, nothing was learnt and the fetch is still to do.
    guard !learn(response.epoch, leaderID: response.leaderID, &effects) else { return retryFetch(id) }
    guard case .follower(var following) = state, following.fetch.inFlight == id, following.download == nil,
      response.error == .none
    else { return retryFetch(id) }
    following.fetchDeadline = nextFetchDeadline()
    following.fetch = FetchSchedule(due: now)
    following.hasFetched = true
    following.leaderIsGone = false
    departedLeader = nil
    state = .follower(following)
    if let end = response.divergingEpoch {
      try truncate(toMatch: end, &log, &effects)
    } else if let snapshot = response.snapshotID {
      startDownload(snapshot, &effects)
    } else {
      try append(response, id, &log, &effects)
    }
  }

  private mutating func append(
    _ response: FetchResponse, _ id: RequestID, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    if !response.records.isEmpty {
      do throws(RaftLogError) {
        try log.appendFetched(response.records[...], leaderEpoch: epoch)
      } catch {
        guard case .corrupt = error, case .follower(var following) = state else { throw error }
        following.fetch = FetchSchedule(due: now + configuration.retryBackoff)
        state = .follower(following)
      }
      try log.flush()
    }
    commit(upTo: min(response.highWatermark, log.endOffset), &effects)
  }

  /// Drops what the leader does not have: down to the smaller end of the largest epoch that both may share, and asks
  /// again, until the logs agree (KIP-101, KIP-279). Never below the high watermark: that would lose committed records.
  private mutating func truncate(
    toMatch leaderEnd: OffsetAndEpoch, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    let own = log.endOffset(for: leaderEnd.epoch)
    var target = own.epoch == leaderEnd.epoch ? min(own.offset, leaderEnd.offset) : own.offset
    if configuration.flaws.contains(.truncateBelowHighWatermark) {
      target = max(log.startOffset, target - 3)
    } else if target < highWatermark {
      return fail(.truncationBelowHighWatermark(to: target, highWatermark: highWatermark), &effects)
    }
    guard target < log.endOffset else { return pauseFetch() }
    try log.truncate(to: target)
    try log.flush()
    effects.append(.truncated(to: target))
  }

  /// The answer made no progress possible; asking again at once would only spin.
  mutating func pauseFetch() {
    guard case .follower(var following) = state else { return }
    following.fetch = FetchSchedule(due: now + configuration.retryBackoff)
    state = .follower(following)
  }
}
