import Consensus
import Primitives

/// Watches all nodes from outside and holds them to Raft's promises, after every step:
///
/// - R1: at most one leader in an epoch.
/// - R2: on one directory epoch and vote never go back; one vote an epoch.
/// - R3: the high watermark is monotone within a node's life, and a leader moves it only past its epoch's start.
/// - R4: a majority of the voters holds everything below the high watermark on disk.
/// - R5: whoever becomes leader holds every record that was committed in an earlier epoch.
/// - R6: the same offset and epoch in two logs means the same log up to there.
/// - R7: no node truncates below its own high watermark.
/// - R9: a snapshot ends at a committed offset, has its epoch, and the log begins no later; a leader loads none.
/// - R10: the state at an offset is the same on all nodes.
/// - R11: no message implies what is not durable.
///
/// At the end, when all is healed (see `RaftSimulation`):
///
/// - R12: a leader within a bounded number of election timeouts.
/// - R13: every proposal is acknowledged, refused, or unknown for a reason (its leader lost office).
/// - R14: no epoch inflation while one node is cut off.
/// - R15: a leader that is cut off resigns within one and a half fetch timeouts.
///
/// R8 (voter changes) has no object: the voter set is static.
final class RaftInvariants {
  struct Position: Hashable {
    var offset: Offset
    var epoch: LeaderEpoch
  }

  private(set) var violation: String?
  /// State hash and epoch after each committed offset, as first committed by anybody.
  private(set) var committed: [RaftSimulatedLog.Entry] = []
  /// The epoch whose leader committed each of them: not before the record's own.
  private var committedIn: [LeaderEpoch] = []
  private var leaders: [LeaderEpoch: BrokerID] = [:]
  private var promised: [QuorumState]
  private var highWatermarks: [Offset]
  private var chains: [Position: UInt64] = [:]
  private let voterCount: Int

  init(nodes: Int, voters: Int) {
    promised = Array(repeating: QuorumState(), count: nodes)
    highWatermarks = Array(repeating: .zero, count: nodes)
    voterCount = voters
  }

  var committedEnd: Offset { Offset(Int64(committed.count)) }

  func broken(_ text: @autoclosure () -> String) {
    if violation == nil { violation = text() }
  }

  func require(_ holds: Bool, _ text: @autoclosure () -> String) {
    if !holds { broken(text()) }
  }

  private func committedChain(at offset: Offset) -> UInt64? {
    if offset == .zero { return 0 }
    guard offset > .zero, offset <= committedEnd else { return nil }
    return committed[Int(offset.rawValue) - 1].chain
  }

  func started(_ node: Int, highWatermark: Offset) { highWatermarks[node] = highWatermark }

  func persisted(_ node: Int, _ state: QuorumState) {
    let old = promised[node]
    require(state.epoch >= old.epoch, "R2: node \(node + 1) went back from epoch \(old.epoch) to \(state.epoch)")
    if state.epoch == old.epoch, let vote = old.votedFor {
      require(state.votedFor == vote, "R2: node \(node + 1) changed its vote of epoch \(state.epoch)")
    }
    promised[node] = state
  }

  func becameLeader(_ node: RaftSimulatedNode, epoch: LeaderEpoch) {
    let id = node.id
    require(leaders[epoch] ?? id == id, "R1: \(id) and \(leaders[epoch] ?? .none) both lead epoch \(epoch)")
    leaders[epoch] = id
    // A leader that slept through its own election may be behind what a later epoch has committed by now, be it
    // records of its own epoch or older ones; it can commit nothing any more. What was committed in earlier epochs it
    // must have.
    var count = committed.count
    while count > 0, committedIn[count - 1] >= epoch { count -= 1 }
    let end = Offset(Int64(count))
    guard let known = committedChain(at: end), node.log.startOffset <= end else { return }
    require(node.log.chain(at: end) == known, "R5: leader \(id) of epoch \(epoch) lacks records below \(end)")
  }

  func truncated(_ node: RaftSimulatedNode, to offset: Offset) {
    require(
      offset >= highWatermarks[node.index],
      "R7: node \(node.id) truncated to \(offset), below its high watermark \(highWatermarks[node.index])")
  }

  func committed(_ node: RaftSimulatedNode, upTo offset: Offset, by leaderStart: Offset?) {
    let old = highWatermarks[node.index]
    require(offset > old, "R3: high watermark of \(node.id) went from \(old) to \(offset)")
    highWatermarks[node.index] = offset
    if let leaderStart {
      require(offset > leaderStart, "R3: \(node.id) committed \(offset) before its epoch's start \(leaderStart)")
    }
    while committedEnd < offset {
      guard let entry = node.log.entry(at: committedEnd) else {
        return broken("R10: \(node.id) committed up to \(offset) but has no record \(committedEnd)")
      }
      committed.append(entry)
      committedIn.append(node.raft?.epoch ?? entry.epoch)
    }
    require(
      node.log.chain(at: offset) == committedChain(at: offset),
      "R10: the state of \(node.id) at \(offset) differs from what was committed there")
  }

  func snapshot(_ node: RaftSimulatedNode, _ id: SnapshotID) {
    require(id.offset <= committedEnd, "R9: snapshot \(id) of \(node.id) beyond what is committed")
    require(node.log.startOffset <= id.offset, "R9: log of \(node.id) begins after snapshot \(id)")
    guard violation == nil, id.offset > .zero else { return }
    require(
      committed[Int(id.offset.rawValue) - 1].epoch == id.epoch, "R9: snapshot \(id) of \(node.id) has a wrong epoch")
    require(
      node.log.snapshotChain == committedChain(at: id.offset), "R10: snapshot \(id) of \(node.id) differs")
  }

  func installed(_ node: RaftSimulatedNode, _ id: SnapshotID) {
    require(node.raft?.role != .leader, "R9: leader \(node.id) loaded snapshot \(id)")
    require(id.offset >= highWatermarks[node.index], "R7: snapshot \(id) reverts \(node.id)")
    snapshot(node, id)
  }

  /// R4, of all voters' disks: after a commit, and whenever some disk came to hold less.
  func checkMajority(_ nodes: [RaftSimulatedNode]) {
    guard let known = committedChain(at: committedEnd) else { return }
    let end = committedEnd
    var holders = 0
    for node in nodes.prefix(voterCount) {
      if node.log.startOffset > end || (node.log.durableOffset >= end && node.log.chain(at: end) == known) {
        holders += 1
      }
    }
    require(holders > voterCount / 2, "R4: only \(holders) of \(voterCount) voters hold \(end) on disk")
  }

  /// R6, of the records that the node wrote since the last look.
  func checkNewRecords(_ node: RaftSimulatedNode) {
    var offset = max(node.log.uncheckedFrom, node.log.startOffset)
    node.log.uncheckedFrom = node.log.endOffset
    while let entry = node.log.entry(at: offset) {
      let position = Position(offset: offset, epoch: entry.epoch)
      if let known = chains[position] {
        require(known == entry.chain, "R6: the log of \(node.id) differs before \(offset) of epoch \(entry.epoch)")
      } else {
        chains[position] = entry.chain
      }
      offset = offset + 1
    }
  }

  func sent(_ node: RaftSimulatedNode, _ request: RaftRequest) {
    let disk = node.disk
    switch request {
    case .vote(let vote):
      require(disk.epoch >= vote.epoch, "R11: \(node.id) asks for votes in epoch \(vote.epoch), not yet written")
      require(vote.isPreVote || disk.votedFor?.id == node.id, "R11: \(node.id) stands before its own vote is written")
      require(node.log.flushedOffset >= vote.logEnd.offset, "R11: \(node.id) boasts of unflushed records")
    case .beginQuorumEpoch(let begin):
      require(disk.epoch >= begin.epoch, "R11: \(node.id) leads epoch \(begin.epoch), not yet written")
    case .endQuorumEpoch(let end):
      require(disk.epoch >= end.epoch, "R11: \(node.id) ends epoch \(end.epoch), not yet written")
    case .fetch(let fetch):
      require(disk.epoch >= fetch.currentLeaderEpoch, "R11: \(node.id) fetches in an epoch not yet written")
      require(node.log.flushedOffset >= fetch.fetchOffset, "R11: \(node.id) acknowledges unflushed records")
    case .fetchSnapshot(let fetch):
      require(disk.epoch >= fetch.currentLeaderEpoch, "R11: \(node.id) fetches in an epoch not yet written")
    }
  }

  func replied(_ node: RaftSimulatedNode, to request: RaftRequest, _ response: RaftResponse) {
    guard case .vote(let vote) = request, case .vote(let answer) = response else { return }
    guard answer.isGranted, !vote.isPreVote else { return }
    require(
      node.disk.epoch == vote.epoch && node.disk.votedFor == vote.candidate,
      "R11: \(node.id) voted for \(vote.candidate) in epoch \(vote.epoch) before it was written")
  }
}
