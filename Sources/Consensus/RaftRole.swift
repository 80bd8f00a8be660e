import Primitives

/// What a node is in the quorum at the moment, in Kafka's words. An observer is only ever unattached or a follower.
public enum RaftRole: String, Hashable, Sendable {
  case unattached = "Unattached"
  case prospective = "Prospective"
  case candidate = "Candidate"
  case leader = "Leader"
  case follower = "Follower"
  case resigned = "Resigned"
}

/// What the leader knows of one replica; the content of DescribeQuorum's `ReplicaState`.
public struct ReplicaProgress: Hashable, Sendable {
  public var replica: ReplicaKey
  /// The replica's durable log end as last reported; `Offset.none` before its first Fetch in this epoch.
  public var endOffset: Offset = .none
  public var lastFetch: Instant?
  /// The last moment at which the replica held everything that the leader then had.
  public var lastCaughtUp: Instant?
  var leaderEndAtLastFetch: Offset = .none

  init(replica: ReplicaKey) { self.replica = replica }
}

/// The role together with what only that role has.
enum RoleState: Sendable {
  case unattached(Unattached)
  case prospective(Ballot)
  case candidate(Ballot)
  case leader(Leadership)
  case follower(Following)
  case resigned(deadline: Instant)
}

/// No leader is known: wait for one, look for one, or stand for election.
struct Unattached: Sendable {
  var electionDeadline: Instant
  var search: FetchSchedule
}

/// An election, or its rehearsal, in progress.
struct Ballot: Sendable {
  var deadline: Instant
  /// Those who have not answered.
  var undecided: [BrokerID]
  var granted: [ReplicaKey]
}

/// When the next Fetch is due; nil while one is under way.
struct FetchSchedule: Sendable {
  var due: Instant?
  var inFlight: RequestID?
}

struct Following: Sendable {
  var leaderID: BrokerID
  /// Without a successful fetch until then, a voter stands for election.
  var fetchDeadline: Instant
  var fetch: FetchSchedule
  /// Whether any fetch from this leader succeeded: from then on other voters' pre-votes are refused.
  var hasFetched = false
  /// The leader resigned, or its process is gone: pre-votes are granted again.
  var leaderIsGone = false
  var download: SnapshotDownload?
}

struct SnapshotDownload: Sendable {
  var id: SnapshotID
  var position: Int64
}

struct Leadership: Sendable {
  var epochStartOffset: Offset
  var electedAt: Instant
  /// The other voters, in the order of the voter set.
  var voters: [ReplicaProgress]
  var observers: [ReplicaProgress] = []
  var parked: [ParkedFetch] = []
  var announceAt: Instant
}

/// A Fetch that waits for something to answer.
struct ParkedFetch: Sendable {
  var token: RequestToken
  var request: FetchRequest
  var deadline: Instant
}

/// A request under way.
struct InFlight: Sendable {
  var id: RequestID
  var to: BrokerID
  var deadline: Instant
}
