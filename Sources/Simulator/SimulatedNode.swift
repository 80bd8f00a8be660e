import BrokerCore
import CommitLog
import Consensus
import Controller
import Groups
import Primitives
import Replication
import Wire

/// A node's machine: what survives the process, and the process while there is one.
final class SimulatedNode {
  /// A death that the controller has to hear of before another may befall the cluster.
  enum Debt { case none, killed, lossy }

  let index: Int
  var id: BrokerID { BrokerID(Int32(index + 1)) }
  let disk = MemoryFileSystem()
  /// The checkpoints of the log directory, taken for durable.
  var recoveryPoints: [TopicPartition: Offset] = [:]
  var highWatermarks: [TopicPartition: Offset] = [:]
  /// The partitions that have a folder.
  var folders: [TopicIDPartition: TopicPartition] = [:]
  /// The mark of a stop in good order: the registration of then.
  var cleanEpoch: BrokerEpoch?
  /// The registration of the last process, for a planted flaw.
  var lastEpoch = BrokerEpoch.none
  var debt = Debt.none
  /// Rises with every process; what was meant for earlier ones finds nobody.
  var life = 0
  /// Nothing is written back from its page cache for now.
  var isUnsynced = false
  /// A paused process does nothing until then.
  var busyUntil = Instant.zero
  var process: NodeProcess?

  init(index: Int) { self.index = index }
}

/// One process: the real cores, joined as `Broker` joins them.
final class NodeProcess {
  typealias ControllerReply = (ControllerResponse) -> Void

  let wasClean: Bool
  let incarnation: UUID128
  // Quorum
  var raft: RaftNode
  let metadataLog: MetadataLog
  let stateFile: QuorumStateFile
  var raftEffects: [RaftEffect] = []
  var raftEvents: [RaftEvent] = []
  var isRaftStepping = false
  var raftReplies: [Consensus.RequestToken: (RaftResponse) -> Void] = [:]
  var proposals: [Consensus.RequestToken: (Result<OffsetAndEpoch, ProposalRefusal>) -> Void] = [:]
  /// Everything below has been applied to `image`.
  var appliedOffset = Offset.zero
  /// The epoch of the record before it.
  var appliedEpoch = LeaderEpoch.zero
  // Controller
  var controller: ControllerState
  var image = MetadataImage()
  var controllerEvents: [ControllerEvent] = []
  var isControllerStepping = false
  var controllerReplies: [ControllerRequestToken: ControllerReply] = [:]
  var pendingActivation: (epoch: LeaderEpoch, start: Offset)?
  // Life
  var brokerEpoch = BrokerEpoch.none
  var isRegistering = false
  var isBeating = false
  var nextBeat = Instant.zero
  var reportedOffset = Offset.none
  /// The controller has unfenced this broker.
  var isRunning = false
  // Data
  var dataImage = MetadataImage()
  var news: [(records: [(offset: Offset, record: MetadataRecord)], fresh: MetadataImage?, upTo: Offset)] = []
  var partitions: [TopicIDPartition: SimulatedReplica] = [:]
  /// Logs that were opened at the start and that the metadata has not named yet.
  var unclaimed: [TopicIDPartition: PartitionLog] = [:]
  var waiting: [UInt64: (ErrorCode) -> Void] = [:]
  // Groups
  var shard: GroupShard?
  var shardLoading: (epoch: LeaderEpoch, end: Offset)?
  var groupReplies: [Groups.RequestToken: (GroupResponse) -> Void] = [:]

  init(
    wasClean: Bool, incarnation: UUID128, raft: RaftNode, metadataLog: MetadataLog, stateFile: QuorumStateFile,
    controller: ControllerState
  ) {
    self.wasClean = wasClean
    self.incarnation = incarnation
    self.raft = raft
    self.metadataLog = metadataLog
    self.stateFile = stateFile
    self.controller = controller
  }

  var sortedPartitions: [SimulatedReplica] { partitions.values.sorted { $0.id < $1.id } }
}

/// A partition on a node: the replication core and its log.
final class SimulatedReplica {
  let id: TopicIDPartition
  let name: TopicPartition
  let log: PartitionLog
  var replica: PartitionReplica
  var effects: [ReplicationEffect] = []
  var follows: BrokerID?
  /// When the fetch under way was sent; later ones replace it.
  var askedAt: Instant?
  var generation = 0
  var wasLeaderIn = LeaderEpoch.none
  /// What was last compared with the committed batches.
  var checkedUpTo = Offset.zero

  init(id: TopicIDPartition, name: TopicPartition, log: PartitionLog, replica: PartitionReplica) {
    self.id = id
    self.name = name
    self.log = log
    self.replica = replica
  }
}
