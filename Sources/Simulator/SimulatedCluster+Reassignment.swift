import BrokerCore
import CommitLog
import Controller
import Primitives
import Replication
import Wire

/// Replicas that move between nodes: what an administrator asks for, and what `DataPlane` and `LogStore` do with
/// partitions that are not theirs any more.
extension SimulatedCluster {
  // MARK: the administrator

  /// Asks one of the nodes to move a partition's replicas to two or three nodes in some order, or to stop moving them.
  func reassignSomething() {
    let partitions = invariants.image.sortedTopics.flatMap { topic in topic.partitions.indices.map { (topic.name, $0) }
    }
    guard let (topic, index) = partitions.randomElement(using: &chance),
      let node = nodes.randomElement(using: &chance)
    else { return }
    let isCancelled = chance.chance(0.2)
    let target = nodes.map(\.id.rawValue).shuffled(using: &chance).prefix(chance.chance(0.5) ? 2 : 3)
    var request = AlterPartitionReassignmentsRequest()
    var wanted = AlterPartitionReassignmentsRequest.ReassignableTopic()
    wanted.name = topic
    var partition = AlterPartitionReassignmentsRequest.ReassignablePartition()
    partition.partitionIndex = Int32(index)
    partition.replicas = isCancelled ? nil : Array(target)
    wanted.partitions = [partition]
    request.topics = [wanted]
    send(from: Self.clients, to: node) { process in
      self.handle(.alterPartitionReassignments(request), node, process) { response in
        guard case .alterPartitionReassignments(let answer) = response, answer.errorCode == 0,
          answer.responses.first?.partitions.first?.errorCode == 0
        else { return }
        self.counters.reassignments += 1
        if isCancelled { self.counters.reassignmentsCancelled += 1 }
        self.narrate("\(topic)-\(index) is to be on \(isCancelled ? "whom it was on" : "\(target)")")
      }
    }
  }

  // MARK: partitions that are taken from a node

  /// The partition is not this node's any more: its replica moved away.
  func drop(_ partition: SimulatedReplica, _ node: SimulatedNode, _ process: NodeProcess) {
    guard !world.flaws.contains(.keepsWhatIsTaken) else { return }
    process.partitions[partition.id] = nil
    groupPartitionGone(partition, node, process)
    var adapter = ReplicaLogAdapter(partition.log)
    let gone = PartitionMetadata(
      replicas: [], isr: [], leader: .none, leaderEpoch: partition.replica.leaderEpoch.next,
      partitionEpoch: PartitionEpoch(.max))
    partition.replica.apply(gone, at: clock(node), log: &adapter, into: &partition.effects)
    settle(partition, node, process)
    guard node.process === process else { return }
    counters.replicasDropped += 1
    remove(partition.log, partition.id, partition.name, node)
  }

  /// Logs whose partitions moved away while this node was away.
  func removeStrays(_ node: SimulatedNode, _ process: NodeProcess) {
    guard !world.flaws.contains(.keepsStrays) else { return }
    for (id, log) in process.unclaimed.sorted(by: { $0.key < $1.key }) where node.process === process {
      guard process.dataImage.partition(id)?.replicas.contains(node.id) != true, let name = node.folders[id] else {
        continue
      }
      process.unclaimed[id] = nil
      counters.straysRemoved += 1
      remove(log, id, name, node)
    }
  }

  /// Renames the folder, and takes its files away.
  private func remove(_ log: PartitionLog, _ id: TopicIDPartition, _ name: TopicPartition, _ node: SimulatedNode) {
    narrate("\(node.id) removes its log of \(name)")
    node.folders[id] = nil
    node.recoveryPoints[name] = nil
    node.highWatermarks[name] = nil
    do {
      try log.close(clean: false)
      let folder = "\(name).\(nextToken())-delete"
      try node.disk.rename(name.description, to: folder)
      for file in try node.disk.list(folder) { try node.disk.unlink("\(folder)/\(file)") }
    } catch { fail(node, "\(name) cannot be removed: \(error)") }
  }

  // MARK: the end

  /// Who still moves, or holds what is not theirs; nil when every reassignment has ended.
  var unfinishedReassignment: String? {
    for topic in invariants.image.sortedTopics {
      for (index, partition) in topic.partitions.enumerated() {
        let id = TopicIDPartition(topic.id, PartitionID(Int32(index)))
        guard !partition.isReassigning else {
          return "\(topic.name)-\(index) has yet to get \(partition.addingReplicas) and to lose "
            + "\(partition.removingReplicas)"
        }
        for node in nodes where !partition.replicas.contains(node.id) {
          guard let process = node.process else { continue }
          if process.partitions[id] != nil || process.unclaimed[id] != nil {
            return "\(node.id) keeps \(topic.name)-\(index), which is on \(partition.replicas)"
          }
        }
      }
    }
    return nil
  }
}
