import BrokerCore
import Controller
import Primitives
import Replication
import Wire

/// Carries out what the replication cores ask for.
extension DataPlane {
  /// Performs a partition's effects, in order, until there are none.
  func settle(_ partition: HostedPartition) {
    guard !partition.effects.isEmpty else { return }
    let effects = partition.effects
    partition.effects.removeAll(keepingCapacity: true)
    for effect in effects { perform(effect, partition) }
    settle(partition)
  }

  private func perform(_ effect: ReplicationEffect, _ partition: HostedPartition) {
    switch effect {
    case .acknowledge(let token, let code): acknowledged(token, code)
    case .highWatermarkAdvanced(let offset):
      storage.noteHighWatermark(offset, of: partition.name)
      partition.log.advance(highWatermark: offset)
      partitionMoved(partition)
      groups?.highWatermarkAdvanced(partition)
    case .alterPartition(let proposal): send(proposal, partition)
    case .leadershipLost:
      log.info("leads no more", "partition=\(partition.name) epoch=\(partition.leaderEpoch)")
      partitionMoved(partition)
    case .startFetching(let leader, let epoch):
      log.debug("follows", "partition=\(partition.name) leader=\(leader) epoch=\(epoch)")
      stopFollowing(partition)
      partition.follow(leader)
      fetcher(for: leader)?.add(partition)
    case .stopFetching: stopFollowing(partition)
    case .truncated(let offset, let below):
      // Before anything is appended: what lies behind the cut must not count as recovered.
      storage.logWasCut(partition.name)
      if below {
        log.error("log cut below the high watermark", "partition=\(partition.name) to=\(offset)")
      } else {
        log.info("log cut", "partition=\(partition.name) to=\(offset)")
      }
    case .logFailed(let failure):
      log.error("replica offline", "partition=\(partition.name) reason=\"\(failure.reason)\"")
      failed?("log of \(partition.name): \(failure.reason)")
    }
  }

  private func stopFollowing(_ partition: HostedPartition) {
    guard let leader = partition.follows else { return }
    fetchers[leader]?.remove(partition)
    partition.follow(nil)
  }

  private func send(_ proposal: AlterPartitionProposal, _ partition: HostedPartition) {
    let request = AlterPartitionRequest(proposal, for: partition.id, broker: nodeID, brokerEpoch: brokerEpoch)
    let id = partition.id
    log.debug("proposes in-sync replicas", "partition=\(partition.name) isr=\(proposal.isr.map(\.id))")
    // Counted from here: the metadata may tell of the change before the controller's answer does.
    let before = partition.replica.isr.count
    callController(request, timeout: .seconds(1)) { [weak self] response in
      guard let self, let partition = self.partitions[id] else { return }
      let result = AlterPartitionResponse.result(of: response)
      switch result {
      case .success(let state):
        if state.isr.count < before { self.metrics.counts.isrShrinks += 1 }
        if state.isr.count > before { self.metrics.counts.isrExpands += 1 }
      case .failure: self.metrics.counts.failedISRUpdates += 1
      }
      partition.alterPartitionResult(result, to: proposal, at: self.now)
      self.settle(partition)
    }
  }

  /// A follower whose offset its leader does not have asks where the leader's log begins and ends.
  func askBounds(of partition: HostedPartition) {
    guard let leader = partition.follows, let fetcher = fetchers[leader] else { return }
    fetcher.askBounds(of: partition)
  }
}
