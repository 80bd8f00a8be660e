import Primitives
import Replication

/// The controller as one partition knows it, as an ideal: one copy, never down, each call at one instant.
///
/// Broker epochs, fencing, ISR and ELR (KIP-966), AlterPartition with Kafka's checks (KIP-497, KIP-903); elections are
/// clean, but for the last known leader when ISR and ELR are empty.
struct ReplicationModelController {
  struct Broker {
    var epoch = BrokerEpoch.none
    var life = 0
    var isFenced = true
    var lastHeartbeat = Instant.zero
  }

  private(set) var brokers = Array(repeating: Broker(), count: 3)
  private(set) var isr: [BrokerID]
  private(set) var elr: [BrokerID] = []
  private(set) var leader = BrokerID.none
  private(set) var leaderEpoch = LeaderEpoch(-1)
  private(set) var partitionEpoch = PartitionEpoch(0)
  private(set) var recovery = LeaderRecoveryState.recovered
  private var lastKnownLeader = BrokerID.none
  /// Rises with every change, also of a broker; brokers learn of changes by it.
  private(set) var version = 0
  private(set) var lastKnownElections = 0
  private(set) var leaderChanges = 0
  private let minISR: Int
  private let flaws: ReplicationFlaws
  private let replicas: [BrokerID]

  init(minISR: Int, flaws: ReplicationFlaws) {
    self.minISR = minISR
    self.flaws = flaws
    replicas = (1...3).map { BrokerID($0) }
    isr = replicas
  }

  var metadata: PartitionMetadata {
    PartitionMetadata(
      replicas: replicas.map { id in
        let broker = broker(id)
        return ReplicaBroker(id: id, brokerEpoch: broker.epoch, isEligible: !broker.isFenced)
      },
      isr: isr, elr: elr, leader: leader, leaderEpoch: leaderEpoch, partitionEpoch: partitionEpoch,
      leaderRecoveryState: recovery)
  }

  private func broker(_ id: BrokerID) -> Broker { brokers[Int(id.rawValue) - 1] }
  private func isActive(_ id: BrokerID) -> Bool { !broker(id).isFenced }

  // MARK: brokers

  /// A process registers. `cleanEpoch` is the registration under which its predecessor stopped in good order.
  mutating func register(_ index: Int, life: Int, cleanEpoch: BrokerEpoch, at now: Instant) -> BrokerEpoch? {
    if brokers[index].life == life { return brokers[index].epoch }
    guard life > brokers[index].life else { return nil }
    let isUnclean =
      brokers[index].life > 0 && cleanEpoch != brokers[index].epoch && !flaws.contains(.uncleanRestartUnnoticed)
    brokers[index].isFenced = true
    remove(BrokerID(Int32(index + 1)), unclean: isUnclean)
    version += 1
    brokers[index].epoch = BrokerEpoch(Int64(version))
    brokers[index].life = life
    brokers[index].lastHeartbeat = now
    return brokers[index].epoch
  }

  mutating func heartbeat(_ index: Int, epoch: BrokerEpoch, at now: Instant) {
    guard brokers[index].epoch == epoch else { return }
    brokers[index].lastHeartbeat = now
    guard brokers[index].isFenced else { return }
    brokers[index].isFenced = false
    version += 1
    let isBegun = leaderEpoch != .none || brokers.allSatisfy { !$0.isFenced }
    if leader == .none, isBegun { change(to: isr, unclean: .none) }
  }

  mutating func expireSessions(at now: Instant, after session: TimeSpan) {
    for index in brokers.indices where !brokers[index].isFenced && now - brokers[index].lastHeartbeat > session {
      brokers[index].isFenced = true
      version += 1
      remove(BrokerID(Int32(index + 1)), unclean: false)
    }
  }

  private mutating func remove(_ id: BrokerID, unclean: Bool) {
    // Before the first election nothing was written that could be missing.
    guard leaderEpoch != .none else { return }
    guard leader == id || isr.contains(id) || (unclean && elr.contains(id)) else { return }
    change(to: isr.filter { $0 != id }, unclean: unclean ? id : .none)
  }

  // MARK: the partition

  private mutating func change(to target: [BrokerID], unclean: BrokerID) {
    let before = (isr, elr, leader, recovery)
    let hadLeader = leader
    let candidates = elr + isr
    isr = target
    elr = []
    if isr.count < minISR {
      for id in candidates where !isr.contains(id) && !elr.contains(id) && id != unclean { elr.append(id) }
    }
    if isr.isEmpty, !before.0.isEmpty, hadLeader != .none { lastKnownLeader = hadLeader }
    if leader == .none || !isActive(leader) || !isr.contains(leader) { elect() }
    if leader != hadLeader {
      leaderEpoch = leaderEpoch.next
      if leader != .none { leaderChanges += 1 }
    }
    guard before != (isr, elr, leader, recovery) else { return }
    partitionEpoch = partitionEpoch.next
    version += 1
  }

  private mutating func elect() {
    leader = .none
    if let chosen = replicas.first(where: { isr.contains($0) && isActive($0) }) {
      leader = chosen
    } else if let chosen = replicas.first(where: { elr.contains($0) && isActive($0) }) {
      leader = chosen
      isr = [chosen]
      elr.removeAll { $0 == chosen }
    } else if isr.isEmpty, elr.isEmpty, lastKnownLeader != .none, isActive(lastKnownLeader) {
      leader = lastKnownLeader
      isr = [leader]
      recovery = .recovering
      lastKnownElections += 1
    } else if flaws.contains(.electsAnyone), let chosen = replicas.first(where: isActive) {
      leader = chosen
      isr = [chosen]
      elr = []
    }
    if leader != .none { lastKnownLeader = .none }
  }

  /// AlterPartition, with the checks in Kafka's order.
  mutating func alterPartition(
    _ proposal: AlterPartitionProposal, from index: Int, brokerEpoch: BrokerEpoch
  ) -> Result<(isr: [BrokerID], partitionEpoch: PartitionEpoch, leaderEpoch: LeaderEpoch), ErrorCode> {
    let sender = BrokerID(Int32(index + 1))
    guard brokerEpoch == brokers[index].epoch else { return .failure(.staleBrokerEpoch) }
    if proposal.leaderEpoch > leaderEpoch || proposal.partitionEpoch > partitionEpoch {
      return .failure(.notController)
    }
    if proposal.leaderEpoch < leaderEpoch { return .failure(.fencedLeaderEpoch) }
    guard sender == leader else { return .failure(.invalidRequest) }
    if proposal.partitionEpoch < partitionEpoch { return .failure(.invalidUpdateVersion) }
    guard proposal.isr.contains(where: { $0.id == sender }) else { return .failure(.invalidRequest) }
    for member in proposal.isr {
      guard isActive(member.id) else { return .failure(.ineligibleReplica) }
      if member.brokerEpoch != .none, member.brokerEpoch != broker(member.id).epoch,
        !flaws.contains(.noBrokerEpochCheck)
      {
        return .failure(.ineligibleReplica)
      }
    }
    recovery = proposal.leaderRecoveryState
    let old = partitionEpoch
    change(to: proposal.isr.map(\.id), unclean: .none)
    if partitionEpoch == old {
      partitionEpoch = partitionEpoch.next
      version += 1
    }
    return .success((isr, partitionEpoch, leaderEpoch))
  }
}
