import CommitLog
import Primitives
import Replication

/// Something that will happen in the simulated world. Brokers are named by their index.
enum ReplicationHappening {
  case register(from: Int, life: Int, cleanEpoch: BrokerEpoch)
  case registered(to: Int, life: Int, BrokerEpoch, version: Int)
  case heartbeat(from: Int, BrokerEpoch)
  case metadata(to: Int, life: Int, version: Int, PartitionMetadata)
  case alterPartition(from: Int, life: Int, BrokerEpoch, AlterPartitionProposal)
  case alterAnswer(to: Int, life: Int, AlterPartitionProposal, AlterPartitionAnswer)
  case fetch(from: Int, life: Int, to: Int, BrokerEpoch, ReplicationFetch)
  case fetchAnswer(to: Int, life: Int, ReplicationFetch, FetchAnswer, [UInt8])
  case produce(to: Int, ReplicationProduce)
  case produceTimeout(ReplicationProduce)
  case tick(Int, life: Int)
  case fetchTimer(Int, life: Int, generation: Int)
  case expireSessions
  case restart(Int)
  case healNetwork
  case disturbance(ReplicationDisturbance)
}

/// A follower's request. Late answers and second ones still reach the core; only the newest request's fetches on.
struct ReplicationFetch {
  var request: NextFetch
  var generation: Int
}

typealias AlterPartitionAnswer = Result<
  (isr: [BrokerID], partitionEpoch: PartitionEpoch, leaderEpoch: LeaderEpoch), ErrorCode
>

/// A broker's machine: what survives the process, and the process while there is one.
final class ReplicationSimulatedBroker {
  /// A death that the controller has to hear of before another may befall the partition.
  enum Debt { case none, killed, lossy }

  struct Token {
    var batch: ReplicationProduce
    var offset: Offset
  }

  let index: Int
  var id: BrokerID { BrokerID(Int32(index + 1)) }
  var log: ReplicationSimulatedLog
  var storedHighWatermark = Offset.zero
  /// The registration under which the last process stopped in good order; `.none` if it did not.
  var cleanEpoch = BrokerEpoch.none
  var debt = Debt.none
  /// The machine died, not just the process.
  var losesPageCache = false

  /// Rises with every process; messages to earlier ones find nobody.
  var life = 0
  var replica: PartitionReplica?
  var brokerEpoch = BrokerEpoch.none
  var metadataVersion = 0
  /// A paused process does nothing until then.
  var busyUntil = Instant.zero
  var fetchesFrom: Int?
  var fetchGeneration = 0
  var waiting: [UInt64: Token] = [:]
  var effects: [ReplicationEffect] = []

  init(index: Int, segmentBytes: Int) {
    self.index = index
    log = ReplicationSimulatedLog(segmentBytes: segmentBytes)
  }

  var isRegistered: Bool { replica != nil && brokerEpoch != .none }
  var isLeader: Bool { replica?.isLeader ?? false }
  var highWatermark: Offset { replica?.highWatermark ?? .zero }

  /// Whether a batch of a client is taken; one that is known already even if too few replicas are in sync.
  func admits(_ verdict: ProducerStateTable.Verdict) -> Bool {
    guard let replica else { return false }
    guard let refusal = replica.checkProduce(acks: -1) else { return true }
    guard refusal == .notEnoughReplicas, case .duplicate = verdict else { return false }
    return true
  }

  func die() {
    storedHighWatermark = log.highWatermarkToStore(highWatermark)
    replica = nil
    log.die()
    brokerEpoch = .none
    fetchesFrom = nil
    waiting.removeAll()
    busyUntil = .zero
  }
}
