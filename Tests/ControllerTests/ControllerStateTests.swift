import Controller
import Primitives
import Testing
import Wire

/// Being active, answers and commits, and what a delta tells.
@Suite struct ControllerStateTests {
  @Test func anEmptyLogGetsTheFeatures() {
    var h = Harness()
    h.activate()
    #expect(h.image.features == ["metadata.version": 30, "eligible.leader.replicas.version": 1])
    h.send(.resigned)
    let count = h.log.count
    h.activate()
    #expect(h.log.count == count, "only once")
  }

  @Test func thePassiveAnswerNotController() {
    var h = Harness()
    #expect(h.register(1).errorCode == ErrorCode.notController.rawValue)
    #expect(h.create("t")?.errorCode == ErrorCode.notController.rawValue)
    #expect(h.controller.nextDeadline == nil && h.log.isEmpty)
  }

  @Test func answersWaitForTheCommit() {
    var h = Harness.cluster()
    h.autoCommit = false
    #expect(h.create("t") == nil)
    // What writes nothing may still tell of what is not committed.
    #expect(h.create("t") == nil)
    #expect(h.heartbeat(1).isFenced == false, "a heartbeat waits for nobody")
    h.commit()
    let answers = h.replies.values.flatMap { $0 }.compactMap { answer -> Int16? in
      if case .createTopics(let r) = answer { r.topics.first?.errorCode } else { nil }
    }
    #expect(answers.sorted() == [0, ErrorCode.topicAlreadyExists.rawValue])
  }

  @Test func aPartialCommitReleasesOnlyItsAnswers() {
    var h = Harness.cluster()
    h.autoCommit = false
    h.create("a")
    let first = Int64(h.log.count)
    h.create("b")
    h.send(.committed(upTo: Offset(first - 1)))
    #expect(h.replies[ControllerRequestToken(UInt64(h.asked - 1))]?.isEmpty == true)
    h.send(.committed(upTo: Offset(first)))
    #expect(h.replies[ControllerRequestToken(UInt64(h.asked - 1))]?.count == 1)
    #expect(h.replies[ControllerRequestToken(UInt64(h.asked))]?.isEmpty == true)
  }

  @Test func resigningFailsWhatIsOpen() {
    var h = Harness.cluster()
    h.autoCommit = false
    h.create("t")
    let token = ControllerRequestToken(UInt64(h.asked))
    h.loseUncommitted()
    guard case .createTopics(let response)? = h.replies[token]?.first else {
      Issue.record("no answer")
      return
    }
    #expect(response.topics.map(\.errorCode) == [ErrorCode.notController.rawValue])
    h.activate()
    #expect(h.image.topicID("t") == nil, "what was lost is not remembered")
  }

  @Test func anIdleControllerWritesNoOps() {
    var h = Harness.cluster()
    let before = h.log.count
    h.run(for: .milliseconds(1020), alive: [1, 2, 3])
    #expect(h.log[before...] == [.noOp(NoOpRecord()), .noOp(NoOpRecord())])
  }

  @Test func theSameSeedDecidesTheSame() {
    func run() -> [MetadataRecord] {
      var h = Harness.cluster { $0.seed = 7 }
      for name in ["a", "b", "c"] { h.create(name, partitions: 5, factor: 2) }
      h.kill(2)
      return h.log
    }
    #expect(run() == run())
  }

  @Test func theDeltaNamesWhatChangedAndNothingElse() throws {
    var h = Harness.cluster()
    h.create("kept", assignments: [[2, 3]])
    h.create("old", assignments: [[2, 3], [1, 2]])
    var image = h.follower
    let start = h.log.count
    let old = h.image.topicID("old") ?? .zero
    h.kill(1)
    h.create("new", assignments: [[2, 3]])
    h.create("brief", assignments: [[2, 3]])
    for name in ["brief", "old"] {
      var state = DeleteTopicsRequest.DeleteTopicState()
      state.name = name
      var request = DeleteTopicsRequest()
      request.topics = [state]
      h.ask(.deleteTopics(request))
    }
    h.setConfig(.topic("kept"), "retention.ms", "4")
    var delta = MetadataDelta()
    for index in start..<h.log.count { try image.apply(h.log[index], at: Offset(Int64(index)), into: &delta) }
    let new = h.image.topicID("new") ?? .zero
    #expect(delta.changedBrokers == [BrokerID(1)])
    #expect(delta.createdPartitions == [TopicIDPartition(new, PartitionID(0))])
    #expect(delta.changedPartitions.isEmpty)
    #expect(delta.deletedPartitions == [0, 1].map { TopicIDPartition(old, PartitionID($0)) })
    #expect(delta.deletedTopics.contains { $0.name == "old" && $0.id == old })
    #expect(delta.changedConfigs == [.topic("kept")])
    #expect(image == h.follower && image.contentHash() == h.follower.contentHash())
  }

  @Test func recordsThatDoNotFitAreRefused() {
    var image = MetadataImage()
    var change = PartitionChangeRecord()
    change.topicId = UUID128(high: 1, low: 2)
    change.partitionId = 0
    #expect(throws: MetadataError.self) { try image.apply(.partitionChange(change), at: .zero) }
    var partition = PartitionRecord()
    partition.partitionId = -1
    #expect(throws: MetadataError.self) { try image.apply(.partition(partition), at: .zero) }
    #expect(throws: MetadataError.self) { try image.apply(.removeTopic(RemoveTopicRecord()), at: .zero) }
    #expect(throws: MetadataError.self) { try image.apply(.fenceBroker(FenceBrokerRecord()), at: .zero) }
    #expect(image == MetadataImage())
  }
}
