import Controller
import Primitives
import Testing
import Wire

/// Random histories of four brokers: kills, restarts clean and not, shutdowns, ISR changes, topics, settings,
/// reassignments, and changes of the controller with loss of what was not committed.
@Suite struct HistoryTests {
  /// Goal: P1, epochs that only grow, R10, and one answer to each request. Method: 400 seeds of 120 steps each; every
  /// batch is checked on the follower's image after it is committed.
  @Test(arguments: 0..<16) func everyHistoryKeepsTheInvariants(block: Int) {
    for seed in (block * 25)..<(block * 25 + 25) { run(seed: UInt64(seed)) }
  }

  private func run(seed: UInt64) {
    var random = RandomSource(seed: seed).stream("history")
    let elr = seed % 4 != 3
    let minimum = 2
    var h = Harness {
      $0.minInSyncReplicas = minimum
      $0.seed = seed
      $0.maxRecordsPerBatch = 10_000
      if !elr { $0.bootstrapFeatures = [("metadata.version", 30)] }
    }
    h.activate()
    for id in Int32(1)...4 { h.start(id) }
    var incarnation: UInt64 = 100
    var history: [String] = []
    var epochsSeen: [TopicIDPartition: (LeaderEpoch, PartitionEpoch)] = [:]
    for step in 0..<120 {
      h.autoCommit = random.chance(0.7)
      let action = act(&h, &random, &incarnation)
      history.append(action)
      if random.chance(0.5) { h.commit() }
      if h.committedCount == h.log.count {
        let context = { "seed \(seed) step \(step): \(history.suffix(8).joined(separator: "; "))" }
        checkInvariants(h.follower, minInSyncReplicas: minimum, context())
        for topic in h.follower.sortedTopics {
          for (index, p) in topic.partitions.enumerated() {
            let id = TopicIDPartition(topic.id, PartitionID(Int32(index)))
            if let (leader, partition) = epochsSeen[id] {
              #expect(p.leaderEpoch >= leader && p.partitionEpoch >= partition, "epochs went back: \(context())")
            }
            epochsSeen[id] = (p.leaderEpoch, p.partitionEpoch)
          }
        }
        if let working = h.controller.workingImage { #expect(working == h.follower, "\(context())") }
      }
    }
    h.commit()
    expectReplayEquals(h.follower, seed: seed)
    for (token, answers) in h.replies {
      #expect(answers.count == 1, "request \(token) was answered \(answers.count) times, seed \(seed)")
    }
  }

  /// The snapshot rebuilds the image, with the same hash.
  private func expectReplayEquals(_ image: MetadataImage, seed: UInt64) {
    var replayed = MetadataImage()
    for record in image.records() {
      do { try replayed.apply(record, at: image.offset) } catch { Issue.record("seed \(seed): \(error)") }
    }
    #expect(replayed == image, "seed \(seed)")
    #expect(replayed.contentHash() == image.contentHash())
  }

  private func act(_ h: inout Harness, _ random: inout RandomSource, _ incarnation: inout UInt64) -> String {
    let id = Int32.random(in: 1...4, using: &random)
    let topics = h.image.sortedTopics
    let choice = Int.random(in: 0..<20, using: &random)
    switch choice {
    case 0, 1:
      h.kill(id)
      return "kill \(id)"
    case 2, 3, 4:
      incarnation += 1
      let clean = random.chance(0.5)
      if random.chance(0.7) { h.kill(id) }
      _ = h.register(id, incarnation: incarnation, previous: clean ? h.epochs[id] ?? -1 : -1)
      return "restart \(id) clean \(clean)"
    case 5, 6, 7:
      for broker in Int32(1)...4 where broker != id { h.heartbeat(broker) }
      return "heartbeats but \(id)"
    case 8:
      h.heartbeat(id, wantShutDown: true)
      return "shut down \(id)"
    case 9:
      h.advance(.milliseconds(Int64.random(in: 1...1200, using: &random)))
      h.send(.timer)
      return "time"
    case 10, 11:
      let name = "t\(Int.random(in: 0..<6, using: &random))"
      h.create(
        name, partitions: Int32.random(in: 1...4, using: &random), factor: Int16.random(in: 1...4, using: &random))
      return "create \(name)"
    case 12:
      guard let topic = topics.randomElement(using: &random), random.chance(0.4) else { return "nothing" }
      var request = DeleteTopicsRequest()
      var state = DeleteTopicsRequest.DeleteTopicState()
      state.topicId = topic.id
      request.topics = [state]
      h.ask(.deleteTopics(request))
      return "delete \(topic.name)"
    case 13, 14, 15, 16:
      guard let topic = topics.randomElement(using: &random) else { return "nothing" }
      let index = Int.random(in: 0..<topic.partitions.count, using: &random)
      let p = topic.partitions[index]
      let isr = p.replicas.filter { $0 == p.leader || random.chance(0.6) }.ids
      h.alterPartition(topic.name, index, isr: isr) { _, data in
        if random.chance(0.1) { data.partitionEpoch -= 1 }
        if random.chance(0.3) { data.leaderRecoveryState = 0 }
      }
      return "isr \(topic.name)-\(index) \(isr)"
    case 17:
      let topic = topics.randomElement(using: &random)
      let resource = random.chance(0.7) && topic != nil ? ConfigResource.topic(topic?.name ?? "") : .clusterDefault
      let value = "\(Int.random(in: 1...3, using: &random))"
      h.setConfig(resource, "min.insync.replicas", value)
      return "min ISR of \(resource) \(value)"
    case 18:
      guard let topic = topics.randomElement(using: &random) else { return "nothing" }
      var partition = AlterPartitionReassignmentsRequest.ReassignablePartition()
      partition.replicas =
        random.chance(0.2) ? nil : Array([1, 2, 3, 4].shuffled(using: &random).prefix(3)).map { Int32($0) }
      var named = AlterPartitionReassignmentsRequest.ReassignableTopic()
      named.name = topic.name
      named.partitions = [partition]
      var request = AlterPartitionReassignmentsRequest()
      request.topics = [named]
      h.ask(.alterPartitionReassignments(request))
      return "reassign \(topic.name)-0 \(String(describing: partition.replicas))"
    default:
      if random.chance(0.5) {
        h.loseUncommitted()
        h.create("refused")
        h.activate(unreachable: random.chance(0.5) ? [id] : [])
        return "new controller"
      }
      var request = ElectLeadersRequest()
      request.topicPartitions = nil
      request.electionType = random.chance(0.3) ? 1 : 0
      h.ask(.electLeaders(request))
      return "elect \(request.electionType)"
    }
  }
}
