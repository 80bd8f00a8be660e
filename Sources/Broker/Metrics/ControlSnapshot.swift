import Consensus
import Controller
import Primitives

/// The control loop's figures at one moment, for another thread to write down.
struct ControlSnapshot: Sendable {
  var counts = ControlCounters()
  var requests = RequestFigures()
  /// A copy of the metadata, which costs nothing until the next change.
  var image = MetadataImage()
  var isActiveController = false
  var epoch = LeaderEpoch.none
  /// −1 when there is none.
  var leader = BrokerID.none
  var votedFor = BrokerID.none
  var role = RaftRole.unattached
  var highWatermark: Int64 = 0
  var logStart: Int64 = 0
  var logEnd: Int64 = 0
  var logEndEpoch = LeaderEpoch.none
  var logBytes = 0
  var logSegments = 0
  var voters = 0
  /// Known to a leader only.
  var observers: Int?
  var appliedOffset: Int64 = 0
  var brokerEpoch = BrokerEpoch.none
  var idle: Double?
  var at = Instant.zero
}

extension ControlPlane {
  /// On the control loop; a few loads.
  func snapshot() -> ControlSnapshot {
    var result = ControlSnapshot()
    let raft = quorum.raft
    let log = quorum.metadataLog
    result.at = now
    result.counts = metrics.counts
    result.requests = requestMetrics.snapshot
    result.image = image
    result.isActiveController = controller.isActive
    result.epoch = raft.epoch
    result.leader = raft.leaderID ?? .none
    result.votedFor = raft.votedFor?.id ?? .none
    result.role = raft.role
    result.highWatermark = raft.highWatermark.rawValue
    result.logStart = log.startOffset.rawValue
    result.logEnd = log.endOffset.rawValue
    result.logEndEpoch = log.lastEpoch
    result.logBytes = log.sizeInBytes
    result.logSegments = log.segmentCount
    result.voters = raft.voters.count
    result.observers = raft.role == .leader ? raft.observerProgress.count : nil
    result.appliedOffset = quorum.appliedOffset.rawValue - 1
    result.brokerEpoch = lifecycle?.epoch ?? .none
    result.idle = idleMeter.ratio(idle: loop.idleTime, at: result.at)
    return result
  }
}
