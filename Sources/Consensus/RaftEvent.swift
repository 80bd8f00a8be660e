import Primitives

/// Names a request that came in, so that its answer finds the way back. Chosen by the shell.
public struct RequestToken: TypedNumber {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Names a request that went out. Chosen by the core, unique for the life of one `RaftNode`.
public struct RequestID: TypedNumber {
  public var rawValue: UInt64
  public init(rawValue: UInt64) { self.rawValue = rawValue }
}

/// Everything that can happen to a `RaftNode`.
public enum RaftEvent: Sendable {
  /// `nextDeadline` has come. Harmless at any other time.
  case timer
  case request(RequestToken, RaftRequest)
  case response(from: BrokerID, RequestID, RaftResponse)
  /// The request will get no answer: its connection broke or could not be made.
  case requestFailed(to: BrokerID, RequestID)
  /// The peer's process is gone: the connection dropped and a new one was refused. A hint for speed only.
  case peerUnreachable(BrokerID)
  /// Appends batches, one after another, if this node leads `epoch`; nil: if it leads at all.
  case propose(RequestToken, epoch: LeaderEpoch?, batches: [[UInt8]])
  /// The shell has written and synced a snapshot of committed state; the log below `deleteLogBefore` may go.
  case snapshotCreated(SnapshotID, deleteLogBefore: Offset)
  /// Step down for good manners (shutdown): name successors, and lead no more.
  case resign
}

/// What the shell has to do, strictly in order: an effect may rest on the ones before it being done and durable.
public enum RaftEffect: Hashable, Sendable {
  /// Write and sync `quorum-state` before going on to the next effect.
  case persist(QuorumState)
  case send(to: BrokerID, RequestID, RaftRequest)
  case reply(RequestToken, RaftResponse)
  /// This node leads `epoch`. The controller may act once it has applied everything below `epochStartOffset`, and its
  /// first records are appended behind the LeaderChange record at that offset.
  case becameLeader(epoch: LeaderEpoch, epochStartOffset: Offset)
  /// This node no longer leads `epoch`; proposals not yet committed have an unknown outcome.
  case lostLeadership(epoch: LeaderEpoch)
  /// Nil: no leader is known in `epoch`.
  case leaderChanged(BrokerID?, epoch: LeaderEpoch)
  /// Everything below is committed and in the log (or a snapshot); never goes back within one life of the node.
  case committed(upTo: Offset)
  /// The log was replaced by this snapshot: reload the state from it.
  case snapshotInstalled(SnapshotID)
  /// Uncommitted records at and above the offset were dropped.
  case truncated(to: Offset)
  /// The batches are in the log and on this node's disk; committed once `committed` reaches past `end`.
  case proposed(RequestToken, end: OffsetAndEpoch)
  /// Nothing was appended.
  case proposalRefused(RequestToken, ProposalRefusal)
  /// The node can no longer keep its promises and does nothing more; the process should end.
  case failed(RaftFailure)
}

/// Why a proposal was not appended.
public enum ProposalRefusal: Error, Hashable, Sendable {
  /// Another node leads, or none: Kafka's NOT_CONTROLLER.
  case notLeader(leaderID: BrokerID?, epoch: LeaderEpoch)
  /// The log refused the batch.
  case invalid(String)
}

/// What ends a node's part in the quorum.
public enum RaftFailure: Error, Hashable, Sendable {
  case storage(String)
  /// The leader's log contradicts what this node knows to be committed: data was lost somewhere.
  case truncationBelowHighWatermark(to: Offset, highWatermark: Offset)
}
