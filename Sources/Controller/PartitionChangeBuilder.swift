import Primitives
import Wire

/// Works out one partition's change: who is in the ISR and the ELR, and who leads (KIP-966; KIP-455 for reassignments).
///
/// Set the target, then `build`: the record holds only what differs, and there is none when nothing does.
struct PartitionChangeBuilder {
  enum Election {
    /// Keep the leader that is still valid, else the first valid one in assignment order.
    case any
    /// Prefer the first replica.
    case preferred
    /// As `any`, but a live replica outside ISR and ELR will do when there is no other: what it lacks is lost.
    case unclean
  }

  let topic: TopicID
  let partition: PartitionID
  let before: PartitionRegistration
  let minInSyncReplicas: Int
  let elrEnabled: Bool
  var election = Election.any
  var isr: [BrokerID]
  var replicas: [BrokerID]
  var adding: [BrokerID]
  var removing: [BrokerID]
  var recoveryState: LeaderRecoveryState
  /// Replicas whose process ended without a clean shutdown: whatever they had acknowledged may be gone.
  var uncleanlyShutDown: [BrokerID] = []
  var mayMoveBelowMinISR = false
  private var elr: [BrokerID]
  private var lastKnownElr: [BrokerID]

  init(
    _ id: TopicIDPartition, _ before: PartitionRegistration, minInSyncReplicas: Int, elrEnabled: Bool
  ) {
    topic = id.topic
    partition = id.partition
    self.before = before
    self.minInSyncReplicas = minInSyncReplicas
    self.elrEnabled = elrEnabled
    isr = before.isr
    replicas = before.replicas
    adding = before.addingReplicas
    removing = before.removingReplicas
    recoveryState = before.leaderRecoveryState
    elr = before.elr
    lastKnownElr = before.lastKnownElr
  }

  /// `mayLead` says which brokers are live enough.
  mutating func build(mayLead: (BrokerID) -> Bool) -> MetadataRecord? {
    var record = PartitionChangeRecord()
    record.topicId = topic
    record.partitionId = partition.rawValue
    completeReassignment()
    // "Without ELR the last ISR member always stays in the ISR with leader −1."
    if isr.isEmpty, !elrEnabled { isr = before.isr }
    updateElr()
    let leader = elect(mayLead: mayLead)
    if leader != before.leader {
      record.leader = leader.rawValue
    } else if before.replicas.contains(where: { !replicas.contains($0) }) {
      // A replica that is no longer assigned must be fenced off by a new leader epoch.
      record.leader = leader.rawValue
    }
    if isr.isEmpty, !before.isr.isEmpty, before.hasLeader { lastKnownElr = [before.leader] }
    if isr != before.isr { record.isr = isr.map(\.rawValue) }
    if elr != before.elr { record.eligibleLeaderReplicas = elr.map(\.rawValue) }
    if lastKnownElr != before.lastKnownElr { record.lastKnownElr = lastKnownElr.map(\.rawValue) }
    if recoveryState != before.leaderRecoveryState { record.leaderRecoveryState = recoveryState.rawValue }
    if replicas != before.replicas {
      record.replicas = replicas.map(\.rawValue)
      record.directories = replicas.map { replica in
        guard let index = before.replicas.firstIndex(of: replica), before.directories.indices.contains(index) else {
          return .zero
        }
        return before.directories[index]
      }
    }
    if adding != before.addingReplicas { record.addingReplicas = adding.map(\.rawValue) }
    if removing != before.removingReplicas { record.removingReplicas = removing.map(\.rawValue) }
    var unchanged = PartitionChangeRecord()
    unchanged.topicId = record.topicId
    unchanged.partitionId = record.partitionId
    return record == unchanged ? nil : .partitionChange(record)
  }

  /// Whether enough of the replicas that have all that was committed are among those that stay: `min.insync.replicas` of
  /// them, or all that there are. One of those that stay may have died with its page cache, and nobody knows yet; then
  /// what goes might have been the last whole copy. (Kafka is content with one in-sync replica that stays.)
  func keepsEnough(of staying: [BrokerID]) -> Bool {
    let whole = Set(isr + elr + before.isr).subtracting(uncleanlyShutDown)
    let kept = whole.intersection(staying).count
    return kept >= min(minInSyncReplicas, staying.count) || kept == whole.count || mayMoveBelowMinISR
  }

  /// A reassignment is complete when every new replica is in the ISR, and enough are: then the others go.
  private mutating func completeReassignment() {
    guard !adding.isEmpty || !removing.isEmpty else { return }
    let target = replicas.filter { !removing.contains($0) }
    guard !target.isEmpty, adding.allSatisfy(isr.contains) else { return }
    let remaining = isr.filter { !removing.contains($0) }
    guard !remaining.isEmpty, keepsEnough(of: target) else { return }
    replicas = target
    isr = remaining
    adding = []
    removing = []
  }

  private mutating func updateElr() {
    elr = elr.filter { replicas.contains($0) }
    lastKnownElr = lastKnownElr.filter { replicas.contains($0) }
    guard elrEnabled else { return }
    if isr.count >= min(minInSyncReplicas, replicas.count) {
      elr = []
      lastKnownElr = []
      return
    }
    let candidates = elr + before.isr.filter { !elr.contains($0) }
    elr = candidates.filter {
      !isr.contains($0) && replicas.contains($0) && !uncleanlyShutDown.contains($0)
    }
  }

  private mutating func elect(mayLead: (BrokerID) -> Bool) -> BrokerID {
    var clean: BrokerID?
    if election == .preferred, let preferred = replicas.first, isEligible(preferred), mayLead(preferred) {
      clean = preferred
    }
    if clean == nil, replicas.contains(before.leader), isEligible(before.leader), mayLead(before.leader) {
      clean = before.leader
    }
    if let leader = clean ?? replicas.first(where: { isEligible($0) && mayLead($0) }) {
      if isr.isEmpty {
        isr = [leader]
        updateElr(elected: leader)
      }
      return leader
    }
    var unclean: BrokerID?
    if elrEnabled, isr.isEmpty, elr.isEmpty, lastKnownElr.count == 1, mayLead(lastKnownElr[0]) {
      unclean = lastKnownElr[0]
    } else if election == .unclean {
      unclean = replicas.first(where: mayLead)
    }
    guard let leader = unclean else { return .none }
    isr = [leader]
    elr = []
    lastKnownElr = []
    recoveryState = .recovering
    return leader
  }

  /// "Election order: ISR, then (ISR empty) ELR members."
  private func isEligible(_ id: BrokerID) -> Bool { isr.contains(id) || (isr.isEmpty && elr.contains(id)) }

  private mutating func updateElr(elected leader: BrokerID) {
    elr = elr.filter { $0 != leader }
    lastKnownElr = []
    if isr.count >= min(minInSyncReplicas, replicas.count) { elr = [] }
  }
}
