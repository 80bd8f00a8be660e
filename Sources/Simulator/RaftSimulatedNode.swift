import Consensus
import Primitives

/// A simulated machine: the core while its process lives, and the disk that outlives it.
final class RaftSimulatedNode {
  let index: Int
  let id: BrokerID
  var log = RaftSimulatedLog()
  /// `quorum-state` as on disk.
  var disk = QuorumState()
  var raft: RaftNode?
  /// Counts the process's lives; what was meant for an earlier one is lost, as with a connection.
  var life = 0
  var busyUntil = Instant.zero
  var timerAt = Instant.distantFuture
  var crashesInNextStep = false
  /// Requests to answer, by token.
  var origins: [RequestToken: Origin] = [:]
  /// Proposals appended here and not yet decided.
  var pending: [OffsetAndEpoch] = []
  var effects: [RaftEffect] = []

  struct Origin {
    var from: Int
    var life: Int
    var requestID: RequestID
    var request: RaftRequest
  }

  init(index: Int) {
    self.index = index
    id = BrokerID(Int32(index) + 1)
  }

  var key: ReplicaKey { ReplicaKey(id: id, directoryID: UUID128(high: 0xd1, low: UInt64(index) + 1)) }
  var isAlive: Bool { raft != nil }
}
