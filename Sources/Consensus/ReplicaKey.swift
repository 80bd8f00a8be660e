import Primitives

/// What makes a replica of the quorum's log itself: the node's id and the id of the directory that holds its log
/// (KIP-853). A node that lost its disk comes back with another directory id and is another replica.
///
/// `UUID128.zero` stands for "not named", as on Kafka's wire and in a static `controller.quorum.voters`.
public struct ReplicaKey: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var id: BrokerID
  public var directoryID: UUID128

  public init(id: BrokerID, directoryID: UUID128 = .zero) {
    self.id = id
    self.directoryID = directoryID
  }

  public static func < (a: ReplicaKey, b: ReplicaKey) -> Bool { (a.id, a.directoryID) < (b.id, b.directoryID) }

  /// Whether both may be the same replica: the ids agree, and the directories wherever both are named.
  public func matches(_ other: ReplicaKey) -> Bool {
    id == other.id && (directoryID.isZero || other.directoryID.isZero || directoryID == other.directoryID)
  }

  public var description: String { directoryID.isZero ? "\(id)" : "\(id)/\(directoryID)" }
}

/// A member of the quorum. The directory id is zero where the static configuration does not name it.
public typealias Voter = ReplicaKey

/// An end offset (exclusive) and the epoch of the last record before it.
public struct OffsetAndEpoch: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var offset: Offset
  public var epoch: LeaderEpoch

  public init(offset: Offset, epoch: LeaderEpoch) {
    self.offset = offset
    self.epoch = epoch
  }

  public static let zero = OffsetAndEpoch(offset: .zero, epoch: .zero)

  /// The order by which votes compare logs: first the epoch, then the length (Raft §5.4.1).
  public static func < (a: OffsetAndEpoch, b: OffsetAndEpoch) -> Bool { (a.epoch, a.offset) < (b.epoch, b.offset) }

  public var description: String { "\(offset)@\(epoch)" }
}

/// A snapshot's name: the end offset that it covers (exclusive) and the epoch of its last record (KIP-630).
public typealias SnapshotID = OffsetAndEpoch

/// What a node must never forget: written to `quorum-state`, and synced, before any message that rests on it leaves.
public struct QuorumState: Hashable, Sendable {
  public var epoch: LeaderEpoch
  /// The leader of `epoch`, once known.
  public var leaderID: BrokerID?
  /// Whom this node voted for in `epoch`.
  public var votedFor: ReplicaKey?

  public init(epoch: LeaderEpoch = .zero, leaderID: BrokerID? = nil, votedFor: ReplicaKey? = nil) {
    self.epoch = epoch
    self.leaderID = leaderID
    self.votedFor = votedFor
  }
}
