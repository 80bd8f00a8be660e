import Primitives

/// A request of the quorum's protocol; the shell carries it in Kafka's message of the same name.
public enum RaftRequest: Hashable, Sendable {
  case vote(VoteRequest)
  case beginQuorumEpoch(BeginQuorumEpochRequest)
  case endQuorumEpoch(EndQuorumEpochRequest)
  case fetch(FetchRequest)
  case fetchSnapshot(FetchSnapshotRequest)
}

/// The answer to a `RaftRequest` of the same case.
public enum RaftResponse: Hashable, Sendable {
  case vote(VoteResponse)
  case beginQuorumEpoch(QuorumEpochResponse)
  case endQuorumEpoch(QuorumEpochResponse)
  case fetch(FetchResponse)
  case fetchSnapshot(FetchSnapshotResponse)
}

/// Asks for a vote, or (KIP-996) whether a vote would be given.
public struct VoteRequest: Hashable, Sendable {
  /// Nil when the sender names none; otherwise it must be the receiver's.
  public var clusterID: String?
  /// Whom the request is meant for (`VoterId`, `VoterDirectoryId`).
  public var target: ReplicaKey
  public var candidate: ReplicaKey
  /// The epoch to vote in; for a pre-vote the candidate's present epoch (`ReplicaEpoch`).
  public var epoch: LeaderEpoch
  /// The candidate's last epoch and end offset.
  public var logEnd: OffsetAndEpoch
  public var isPreVote: Bool

  public init(
    clusterID: String?, target: ReplicaKey, candidate: ReplicaKey, epoch: LeaderEpoch, logEnd: OffsetAndEpoch,
    isPreVote: Bool
  ) {
    self.clusterID = clusterID
    self.target = target
    self.candidate = candidate
    self.epoch = epoch
    self.logEnd = logEnd
    self.isPreVote = isPreVote
  }
}

/// The answer to a vote request. `leaderID` and `epoch` are what the answering node knows.
public struct VoteResponse: Hashable, Sendable {
  public var error: ErrorCode
  public var leaderID: BrokerID?
  public var epoch: LeaderEpoch
  public var isGranted: Bool

  public init(error: ErrorCode, leaderID: BrokerID?, epoch: LeaderEpoch, isGranted: Bool) {
    self.error = error
    self.leaderID = leaderID
    self.epoch = epoch
    self.isGranted = isGranted
  }
}

/// A new leader makes itself known.
public struct BeginQuorumEpochRequest: Hashable, Sendable {
  public var clusterID: String?
  /// Whom the request is meant for (`VoterId`, `VoterDirectoryId`).
  public var target: ReplicaKey
  public var leaderID: BrokerID
  public var epoch: LeaderEpoch

  public init(clusterID: String?, target: ReplicaKey, leaderID: BrokerID, epoch: LeaderEpoch) {
    self.clusterID = clusterID
    self.target = target
    self.leaderID = leaderID
    self.epoch = epoch
  }
}

/// A leader steps down and says who should follow it, the best first.
public struct EndQuorumEpochRequest: Hashable, Sendable {
  public var clusterID: String?
  public var leaderID: BrokerID
  public var epoch: LeaderEpoch
  public var preferredCandidates: [ReplicaKey]

  public init(clusterID: String?, leaderID: BrokerID, epoch: LeaderEpoch, preferredCandidates: [ReplicaKey]) {
    self.clusterID = clusterID
    self.leaderID = leaderID
    self.epoch = epoch
    self.preferredCandidates = preferredCandidates
  }
}

/// The answer to BeginQuorumEpoch and EndQuorumEpoch.
public struct QuorumEpochResponse: Hashable, Sendable {
  public var error: ErrorCode
  public var leaderID: BrokerID?
  public var epoch: LeaderEpoch

  public init(error: ErrorCode, leaderID: BrokerID?, epoch: LeaderEpoch) {
    self.error = error
    self.leaderID = leaderID
    self.epoch = epoch
  }
}
