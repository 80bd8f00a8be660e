import Controller
import Primitives
import Testing
import Wire

/// Elections, ELR, AlterPartition, and leaderships that return.
@Suite struct LeadershipTests {
  // MARK: elections

  @Test func theFirstLiveMemberOfTheISRLeads() {
    var h = Harness.cluster(brokers: 4)
    h.create("t", assignments: [[3, 1, 4]])
    h.alterPartition("t", isr: [3, 4])
    h.kill(3)
    #expect(h.partition("t")?.leader == BrokerID(4), "1 comes first in the assignment but is not in sync")
  }

  /// Goal: B10. The last one standing keeps the right to lead; those who left before it do not get it.
  @Test func withoutElrTheLastMemberStaysInTheISR() {
    var h = Harness.cluster { $0.bootstrapFeatures = [("metadata.version", 30)] }
    h.create("t", assignments: [[1, 2, 3]])
    for id in [Int32(2), 3, 1] { h.kill(id) }
    #expect(h.partition("t")?.isr.ids == [1] && h.partition("t")?.leader == BrokerID.none)
    h.start(2, incarnation: 20, previous: h.epochs[2] ?? -1)
    #expect(h.partition("t")?.hasLeader == false, "2 left the ISR before 1")
    h.start(1, incarnation: 10)
    #expect(h.partition("t")?.leader == BrokerID(1) && h.partition("t")?.leaderRecoveryState == .recovered)
  }

  @Test func membersBelowMinISRStayEligible() {
    var h = Harness.cluster { $0.minInSyncReplicas = 2 }
    h.create("t", assignments: [[1, 2, 3]])
    h.kill(3)
    #expect(h.partition("t")?.elr == [], "two are enough")
    h.kill(2)
    #expect(h.partition("t")?.isr.ids == [1] && h.partition("t")?.elr.ids == [2])
    h.kill(1)
    #expect(h.partition("t")?.isr == [] && h.partition("t")?.elr.ids == [2, 1])
    #expect(h.partition("t")?.lastKnownElr.ids == [1])
    h.start(3, incarnation: 30, previous: h.epochs[3] ?? -1)
    #expect(h.partition("t")?.hasLeader == false, "3 may lack what 1 and 2 acknowledged")
    h.start(2, incarnation: 20, previous: h.epochs[2] ?? -1)
    #expect(h.partition("t")?.leader == BrokerID(2) && h.partition("t")?.isr.ids == [2])
    #expect(h.partition("t")?.elr.ids == [1] && h.partition("t")?.leaderRecoveryState == .recovered)
    // The ISR is full again: the ELR has done its duty.
    h.alterPartition("t", isr: [2, 3])
    #expect(h.partition("t")?.elr == [] && h.partition("t")?.lastKnownElr == [])
  }

  /// Goal: B11. A restart without a clean shutdown is seen, always, and costs the right to lead.
  @Test func anUncleanRestartLeavesISRAndELR() {
    var h = Harness.cluster { $0.minInSyncReplicas = 2 }
    h.create("t", assignments: [[1, 2, 3]])
    h.kill(3)
    h.kill(2)
    #expect(h.partition("t")?.elr.ids == [2])
    h.register(2, incarnation: 20, previous: -1)
    #expect(h.partition("t")?.elr == [])
    h.register(3, incarnation: 30, previous: 0)
    #expect(h.partition("t")?.isr.ids == [1])
  }

  @Test func aRestartThatNobodyNoticedLeavesTheISR() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    // The session ended, and the newcomer registers before the timer fires.
    h.advance(.milliseconds(1500))
    #expect(h.register(2, incarnation: 20).errorCode == 0)
    #expect(h.partition("t")?.isr.ids == [1, 3])
    #expect(h.partition("t")?.elr == [])
  }

  @Test func theLastKnownLeaderIsTheLastResort() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    for id in [Int32(3), 2, 1] { h.kill(id) }
    for id in [Int32(3), 2] { h.start(id, incarnation: UInt64(id) * 10) }
    #expect(h.partition("t")?.hasLeader == false)
    h.start(1, incarnation: 10)
    #expect(h.partition("t")?.leader == BrokerID(1) && h.partition("t")?.isr.ids == [1])
    #expect(h.partition("t")?.leaderRecoveryState == .recovering, "it was unclean, and says so")
  }

  @Test func uncleanElectionsNeedPermission() {
    for permitted in [false, true] {
      var h = Harness.cluster()
      h.create("t", configs: [("unclean.leader.election.enable", "\(permitted)")], assignments: [[1, 2]])
      h.alterPartition("t", isr: [1])
      h.kill(1)
      // 2 is in the ELR and may lead cleanly: take that away first.
      h.kill(2)
      h.start(2, incarnation: 20)
      #expect(h.partition("t")?.hasLeader == permitted)
      if permitted { #expect(h.partition("t")?.leaderRecoveryState == .recovering) }
    }
  }

  private func elect(_ h: inout Harness, _ type: Int8, _ topic: String?, _ partition: Int32 = 0) -> ElectLeadersResponse
  {
    var request = ElectLeadersRequest()
    request.electionType = type
    request.topicPartitions = topic.map {
      var entry = ElectLeadersRequest.TopicPartitions()
      entry.topic = $0
      entry.partitions = [partition]
      return [entry]
    }
    if case .electLeaders(let response)? = h.ask(.electLeaders(request)) { return response }
    return ElectLeadersResponse()
  }

  private func code(_ response: ElectLeadersResponse) -> ErrorCode? {
    (response.replicaElectionResults.first?.partitionResult.first?.errorCode).flatMap { ErrorCode(rawValue: $0) }
  }

  @Test func electLeadersAnswersWithKafkasCodes() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    #expect(code(elect(&h, 0, "t")) == .electionNotNeeded)
    #expect(code(elect(&h, 1, "t")) == .electionNotNeeded)
    #expect(code(elect(&h, 0, "absent")) == .unknownTopicOrPartition)
    #expect(code(elect(&h, 0, "t", 7)) == .unknownTopicOrPartition)
    h.kill(1)
    #expect(code(elect(&h, 0, "t")) == .preferredLeaderNotAvailable)
    h.start(1, incarnation: 10, previous: h.epochs[1] ?? -1)
    h.alterPartition("t", isr: [2, 3, 1])
    #expect(code(elect(&h, 0, "t")) == ErrorCode.none)
    #expect(h.partition("t")?.leader == BrokerID(1))
    #expect(elect(&h, 0, nil).replicaElectionResults.isEmpty, "over all, only what was done is told")
    #expect(elect(&h, 5, "t").errorCode == ErrorCode.invalidRequest.rawValue)
  }

  @Test func electLeadersUncleanlyTakesWhoIsLeft() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    for id in [Int32(3), 2, 1] { h.kill(id) }
    #expect(code(elect(&h, 1, "t")) == .eligibleLeadersNotAvailable)
    h.start(3, incarnation: 30)
    #expect(h.partition("t")?.hasLeader == false)
    #expect(code(elect(&h, 1, "t")) == ErrorCode.none)
    #expect(h.partition("t")?.leader == BrokerID(3) && h.partition("t")?.leaderRecoveryState == .recovering)
    // The leader says when it has recovered.
    h.alterPartition("t", isr: [3]) { $1.leaderRecoveryState = 0 }
    #expect(h.partition("t")?.leaderRecoveryState == .recovered)
  }

  /// Goal: leadership returns by itself, a few seconds after the preferred replica is in sync again, and not before.
  @Test func leadershipReturnsToThePreferredReplica() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3], [1, 3, 2], [2, 1, 3]])
    h.kill(1)
    h.start(1, incarnation: 10, previous: h.epochs[1] ?? -1)
    h.run(for: .seconds(4), alive: [1, 2, 3])
    #expect(h.partition("t", 0)?.leader == BrokerID(2), "1 is not in sync")
    h.alterPartition("t", 0, isr: [1, 2, 3])
    h.alterPartition("t", 1, isr: [1, 2, 3])
    h.run(for: .milliseconds(2800), alive: [1, 2, 3])
    #expect(h.partition("t", 0)?.leader == BrokerID(2))
    h.run(for: .milliseconds(400), alive: [1, 2, 3])
    #expect((0..<3).map { h.partition("t", $0)?.leader.rawValue } == [1, 1, 2])
  }

  // MARK: AlterPartition

  private func ready() -> Harness {
    var h = Harness.cluster(brokers: 4)
    h.create("t", assignments: [[1, 2, 3]])
    return h
  }

  @Test func anISRChangeAnswersTheNewState() {
    var h = ready()
    let answer = h.alterPartition("t", isr: [1, 3])
    #expect(answer.top == 0 && answer.partition?.errorCode == 0)
    #expect(answer.partition?.isr == [1, 3] && answer.partition?.partitionEpoch == 1)
    #expect(answer.partition?.leaderEpoch == 0 && answer.partition?.leaderId == 1, "a shrink keeps the leader epoch")
  }

  @Test func everyCheckHasItsCode() {
    var h = ready()
    h.alterPartition("t", isr: [1, 2])
    h.alterPartition("t", isr: [1, 2, 3])
    let before = h.partition("t")
    func expect(
      _ error: ErrorCode, isr: [Int32] = [1, 2], from sender: Int32 = 1, line: SourceLocation = #_sourceLocation,
      _ edit: (inout AlterPartitionRequest, inout AlterPartitionRequest.PartitionData) -> Void = { _, _ in }
    ) {
      let answer = h.alterPartition("t", isr: isr, from: sender, edit)
      let code = answer.top == 0 ? answer.partition?.errorCode : answer.top
      #expect(code == error.rawValue, sourceLocation: line)
    }
    expect(.staleBrokerEpoch) { request, _ in request.brokerEpoch -= 1 }
    expect(.notController) { $1.leaderEpoch += 1 }
    expect(.notController) { $1.partitionEpoch += 1 }
    expect(.invalidUpdateVersion) { $1.partitionEpoch -= 1 }
    expect(.invalidRequest, from: 2)
    expect(.invalidRequest, isr: [2, 3])
    expect(.invalidRequest, isr: [])
    expect(.invalidRequest, isr: [1, 4])
    expect(.invalidRequest, isr: [1, 1])
    expect(.invalidRequest, isr: [1]) { $1.leaderRecoveryState = 1 }
    expect(.invalidRequest, isr: [1]) { $1.leaderRecoveryState = 9 }
    expect(.unknownTopicOrPartition) { $1.partitionIndex = 8 }
    expect(.unknownTopicId) { request, data in
      var topic = AlterPartitionRequest.TopicData()
      topic.topicId = UUID128(high: 1, low: 1)
      topic.partitions = [data]
      request.topics = [topic]
    }
    // A fetch of an earlier life must not put the emptied replica back (B7).
    expect(.ineligibleReplica) { $1.newIsrWithEpochs[1].brokerEpoch -= 1 }
    #expect(h.partition("t") == before, "nothing refused leaves a trace")
    h.kill(1)
    h.alterPartition("t", isr: [2, 3])
    expect(.fencedLeaderEpoch, isr: [2, 3], from: 2) { $1.leaderEpoch -= 1 }
    expect(.ineligibleReplica, isr: [1, 2, 3], from: 2)
    h.heartbeat(3, wantShutDown: true)
    expect(.ineligibleReplica, isr: [2, 3], from: 2)
  }

  // MARK: min ISR

  @Test func aLowerMinISREndsTheElr() {
    var h = Harness.cluster()
    h.create("t", assignments: [[1, 2, 3]])
    h.alterPartition("t", isr: [1])
    #expect(h.partition("t")?.elr.ids == [2, 3])
    h.setConfig(.topic("t"), "min.insync.replicas", "1")
    #expect(h.partition("t")?.elr == [])
    #expect(h.batches.last?.count == 2, "in one batch with the setting")
  }

  // MARK: reassignment

  private func ask(_ h: inout Harness, replicas: [Int32]?, mayChangeFactor: Bool = true) -> ErrorCode? {
    var partition = AlterPartitionReassignmentsRequest.ReassignablePartition()
    partition.replicas = replicas
    var topic = AlterPartitionReassignmentsRequest.ReassignableTopic()
    topic.name = "t"
    topic.partitions = [partition]
    var request = AlterPartitionReassignmentsRequest()
    request.topics = [topic]
    request.allowReplicationFactorChange = mayChangeFactor
    guard case .alterPartitionReassignments(let response)? = h.ask(.alterPartitionReassignments(request)) else {
      return nil
    }
    return response.responses.first?.partitions.first.flatMap { ErrorCode(rawValue: $0.errorCode) }
  }

  @Test func aReassignmentEndsWhenTheNewReplicasAreInSync() {
    var h = ready()
    #expect(ask(&h, replicas: [4, 2], mayChangeFactor: false) == .invalidReplicationFactor)
    #expect(ask(&h, replicas: [4, 2]) == ErrorCode.none)
    #expect(h.partition("t")?.addingReplicas.ids == [4] && h.partition("t")?.removingReplicas.ids == [1, 3])
    #expect(h.image.partitions(on: BrokerID(4)).count == 1)
    guard case .listPartitionReassignments(let list)? = h.ask(.listPartitionReassignments(.init())) else {
      Issue.record("no answer")
      return
    }
    #expect(list.topics.first?.partitions.first?.addingReplicas == [4])
    let answer = h.alterPartition("t", isr: [1, 2, 3, 4])
    #expect(answer.partition?.errorCode == ErrorCode.newLeaderElected.rawValue, "the sender leads no more")
    #expect(h.partition("t")?.replicas.ids == [4, 2] && h.partition("t")?.isReassigning == false)
    #expect(h.partition("t")?.leader == BrokerID(4) && h.partition("t")?.leaderEpoch == LeaderEpoch(1))
    #expect(h.image.partitions(on: BrokerID(1)).isEmpty)
  }

  /// Of the replicas that stay only one is in sync: had it lost its page cache, unknown to the controller, what goes
  /// would be the last whole copy (docs/non-obvious.md).
  @Test func aReassignmentTakesNoReplicaThatMayBeTheLastWholeOne() {
    var h = ready()
    h.alterPartition("t", isr: [1, 3])
    #expect(ask(&h, replicas: [1, 2]) == ErrorCode.none)
    #expect(h.partition("t")?.removingReplicas.ids == [3] && h.partition("t")?.isr.ids == [1, 3], "it waits for 2")
    h.alterPartition("t", isr: [1, 3, 2])
    #expect(h.partition("t")?.replicas.ids == [1, 2] && h.partition("t")?.isr.ids == [1, 2])
  }

  /// The same, where a reassignment is given up or replaced: the added replica that goes may be the last whole one.
  @Test func aReassignmentIsNotGivenUpBeforeEnoughReplicasThatStayAreInSync() {
    var h = Harness.cluster(brokers: 5)
    h.create("t", assignments: [[1, 2, 3]])
    #expect(ask(&h, replicas: [1, 4, 5]) == ErrorCode.none)
    h.alterPartition("t", isr: [1, 2, 4])
    h.alterPartition("t", isr: [1, 4])
    #expect(ask(&h, replicas: nil) == .invalidReplicaAssignment)
    #expect(ask(&h, replicas: [1, 2]) == .invalidReplicaAssignment)
    #expect(h.partition("t")?.isr.ids == [1, 4] && h.partition("t")?.addingReplicas.ids == [4, 5])
    h.alterPartition("t", isr: [1, 4, 2])
    #expect(ask(&h, replicas: nil) == ErrorCode.none)
    #expect(h.partition("t")?.replicas.ids == [1, 2, 3] && h.partition("t")?.isr.ids == [1, 2])
  }
}
