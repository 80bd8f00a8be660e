import Consensus
import Primitives

extension RaftCluster {
  /// Elections are told message by message; fetches would fill books.
  func narrate(_ request: RaftRequest, from node: RaftSimulatedNode, to peer: BrokerID) {
    switch request {
    case .vote(let vote):
      narrate("\(node.id) asks \(peer) for a \(vote.isPreVote ? "pre-vote" : "vote") in epoch \(vote.epoch)")
    case .endQuorumEpoch(let end): narrate("\(node.id) tells \(peer) that epoch \(end.epoch) ends")
    case .fetchSnapshot(let fetch):
      narrate("\(node.id) fetches snapshot \(fetch.snapshotID) from byte \(fetch.position)")
    case .beginQuorumEpoch, .fetch: break
    }
  }

  func narrate(_ response: RaftResponse, to request: RaftRequest, from node: RaftSimulatedNode) {
    switch (response, request) {
    case (.vote(let answer), .vote(let vote)):
      let kind = vote.isPreVote ? "pre-vote" : "vote"
      narrate("\(node.id) \(answer.isGranted ? "grants" : "refuses") \(vote.candidate.id) the \(kind)")
    case (.fetch(let answer), .fetch(let fetch)):
      if let end = answer.divergingEpoch { narrate("\(node.id) and \(fetch.replica.id) agree at most up to \(end)") }
    default: break
    }
  }
}
