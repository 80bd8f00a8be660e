import Primitives

extension RaftNode {
  /// The log may shrink to what the snapshot does not cover.
  mutating func handleSnapshotCreated(
    _ id: SnapshotID, deleteLogBefore bound: Offset, _ log: inout some RaftLog
  ) throws(RaftLogError) {
    invariant(id.offset <= highWatermark, "snapshot \(id) beyond the high watermark \(highWatermark)")
    let start = min(bound, id.offset)
    if start > log.startOffset { try log.deletePrefix(before: start) }
  }

  mutating func handleFetchSnapshot(
    _ token: RequestToken, _ request: FetchSnapshotRequest, _ log: some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    var response = FetchSnapshotResponse(
      error: .none, leaderID: leaderID, epoch: epoch, snapshotID: request.snapshotID)
    if let error = leaderError(request.clusterID, request.replica, request.currentLeaderEpoch) {
      response.error = error
    } else if let size = log.snapshotSize(request.snapshotID) {
      noteFetch(from: request.replica, endOffset: nil, log)
      if request.position < 0 || request.position >= size {
        response.error = .positionOutOfRange
      } else {
        let limit = max(1, min(request.maxBytes, configuration.fetchMaxBytes))
        response.size = size
        response.position = request.position
        response.bytes = try log.readSnapshot(request.snapshotID, position: request.position, maxBytes: limit)
      }
    } else {
      response.error = .snapshotNotFound
    }
    reply(token, .fetchSnapshot(response), &effects)
  }

  mutating func startDownload(_ id: SnapshotID, _ effects: inout [RaftEffect]) {
    guard case .follower(var following) = state else { return }
    guard id.offset >= highWatermark, id.epoch <= epoch else {
      // What it replaces is committed here already, and would be lost.
      return fail(.truncationBelowHighWatermark(to: id.offset, highWatermark: highWatermark), &effects)
    }
    following.download = SnapshotDownload(id: id, position: 0)
    state = .follower(following)
  }

  mutating func sendFetchSnapshot(
    to leader: BrokerID, _ download: SnapshotDownload, _ effects: inout [RaftEffect]
  ) -> RequestID {
    let request = FetchSnapshotRequest(
      clusterID: clusterID, replica: identity, currentLeaderEpoch: epoch, snapshotID: download.id,
      position: download.position, maxBytes: configuration.fetchMaxBytes)
    return send(to: leader, .fetchSnapshot(request), &effects)
  }

  mutating func handleFetchSnapshotResponse(
    _ id: RequestID, _ response: FetchSnapshotResponse, _ log: inout some RaftLog, _ effects: inout [RaftEffect]
  ) throws(RaftLogError) {
    // Where the answer is from an earlier epoch, nothing was learnt and the fetch is still to do.
    guard !learn(response.epoch, leaderID: response.leaderID, &effects) else { return retryFetch(id) }
    guard case .follower(var following) = state, following.fetch.inFlight == id, var download = following.download
    else { return }
    let count = Int64(response.bytes.count)
    guard response.error == .none, response.snapshotID == download.id, response.position == download.position,
      count > 0, count <= response.size - download.position
    else {
      // The leader may have a newer snapshot by now: its next Fetch answer says which.
      following.download = nil
      state = .follower(following)
      return retryFetch(id)
    }
    following.fetchDeadline = nextFetchDeadline()
    following.hasFetched = true
    following.leaderIsGone = false
    following.fetch = FetchSchedule(due: now)
    try log.writeSnapshot(download.id, position: download.position, bytes: response.bytes[...])
    download.position += count
    let isWhole = download.position == response.size
    following.download = isWhole ? nil : download
    state = .follower(following)
    guard isWhole else { return }
    do throws(RaftLogError) {
      try log.installSnapshot(download.id)
    } catch {
      guard case .corrupt = error else { throw error }
      return pauseFetch()
    }
    effects.append(.snapshotInstalled(download.id))
    commit(upTo: download.id.offset, &effects)
  }
}
