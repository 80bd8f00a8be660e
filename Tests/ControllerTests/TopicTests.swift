import Controller
import Foundation
import Primitives
import Testing
import Wire

/// Topics and settings.
@Suite struct TopicTests {
  @Test func aTopicIsCreatedInOneBatch() {
    var h = Harness.cluster()
    let before = h.batches.count
    let result = h.create("t", partitions: 1000, configs: [("retention.ms", "1000")])
    #expect(result?.errorCode == 0 && result?.numPartitions == 1000 && result?.replicationFactor == 3)
    #expect(result?.topicId == h.image.topicID("t") && result?.topicId.isZero == false)
    #expect(result?.configs?.map(\.name) == ["retention.ms"] && result?.configs?.first?.value == "1000")
    #expect(h.batches.count == before + 1 && h.batches.last?.count == 1002)
    #expect(h.image.partitions(on: BrokerID(1)).count == 1000)
    h.kill(1)
    #expect(h.batches.last?.count == 1001, "the fencing is one batch too")
  }

  @Test func aBatchHasAtMostSoManyRecords() {
    var h = Harness.cluster { $0.maxRecordsPerBatch = 100 }
    #expect(h.create("t", partitions: 100)?.errorCode == ErrorCode.policyViolation.rawValue)
    #expect(h.create("t", partitions: 99)?.errorCode == 0)
    for name in ["u", "v"] { h.create(name, partitions: 60) }
    h.kill(1)
    #expect(h.batches.allSatisfy { $0.count <= 100 })
    #expect(h.image.partitions(on: BrokerID(1)).allSatisfy { h.image.partition($0)?.isr.ids.contains(1) == false })
  }

  /// Goal: what a controller could not finish of a fencing beyond one batch, the next one does.
  @Test func aFencingCutShortIsFinishedByTheNextController() {
    var h = Harness.cluster { $0.maxRecordsPerBatch = 100 }
    for name in ["t", "u"] { h.create(name, partitions: 99) }
    h.autoCommit = false
    h.kill(1)
    h.send(.resigned)
    h.log.removeSubrange((h.committedCount + 100)...)
    h.activate()
    #expect(h.image.partitions(on: BrokerID(1)).allSatisfy { h.image.partition($0)?.isr.ids.contains(1) == false })
  }

  @Test(arguments: [
    ("", ErrorCode.invalidTopicException), (".", .invalidTopicException), ("..", .invalidTopicException),
    ("a b", .invalidTopicException), ("ü", .invalidTopicException),
    (String(repeating: "x", count: 250), .invalidTopicException), (String(repeating: "x", count: 249), .none),
    ("a.b_c-D9", .none), ("taken", .topicAlreadyExists), ("dotted_name", .invalidTopicException),
  ])
  func namesFollowTheRules(name: String, expected: ErrorCode) {
    var h = Harness.cluster()
    h.create("taken")
    h.create("dotted.name")
    #expect(h.create(name)?.errorCode == expected.rawValue)
  }

  @Test func numbersAndAssignmentsAreChecked() {
    var h = Harness.cluster()
    #expect(h.create("t", partitions: 0)?.errorCode == ErrorCode.invalidPartitions.rawValue)
    #expect(h.create("t", factor: 0)?.errorCode == ErrorCode.invalidReplicationFactor.rawValue)
    let tooMany = h.create("t", factor: 4)
    #expect(tooMany?.errorCode == ErrorCode.invalidReplicationFactor.rawValue)
    #expect(
      tooMany?.errorMessage?.contains("replication factor of 4 cannot be reached because only 3 broker(s)") == true)
    for bad: [[Int32]] in [[[1, 1]], [[1, 9]], [[]], [[1, 2], [1]]] {
      #expect(h.create("t", assignments: bad)?.errorCode == ErrorCode.invalidReplicaAssignment.rawValue, "\(bad)")
    }
    let defaults = h.create("defaults", partitions: -1, factor: -1)
    #expect(defaults?.numPartitions == 1 && defaults?.replicationFactor == 3)
    #expect(h.create("manual", assignments: [[2, 1], [3, 2]])?.errorCode == 0)
    #expect(h.partition("manual", 1)?.replicas.ids == [3, 2] && h.partition("manual", 1)?.leader == BrokerID(3))
    for id in [Int32(1), 2] { h.kill(id) }
    #expect(h.create("dead", assignments: [[1, 2]])?.errorCode == ErrorCode.invalidReplicaAssignment.rawValue)
    #expect(h.create("alive", factor: 3)?.errorCode == 0, "registered brokers count, as with Kafka")
    #expect(h.partition("alive")?.leader == BrokerID(3) && h.partition("alive")?.isr.ids == [3])
  }

  @Test func doubledNamesInOneRequestAreRefused() {
    var h = Harness.cluster()
    var request = CreateTopicsRequest()
    request.topics = ["a", "b", "a"].map { name in
      var topic = CreateTopicsRequest.CreatableTopic()
      topic.name = name
      topic.numPartitions = 1
      topic.replicationFactor = 1
      return topic
    }
    guard case .createTopics(let response)? = h.ask(.createTopics(request)) else {
      Issue.record("no answer")
      return
    }
    #expect(response.topics.map(\.name) == ["a", "b"])
    #expect(response.topics.map(\.errorCode) == [ErrorCode.invalidRequest.rawValue, 0])
    #expect(h.image.topicID("a") == nil && h.image.topicID("b") != nil)
  }

  @Test func validationAloneChangesNothing() {
    var h = Harness.cluster()
    let before = h.log.count
    let result = h.create("t", validateOnly: true)
    #expect(result?.errorCode == 0 && result?.topicId.isZero == true && h.log.count == before)
  }

  @Test func topicsAreDeletedByNameOrId() {
    var h = Harness.cluster()
    h.create("a", configs: [("retention.ms", "5")])
    let old = h.image.topicID("a")
    func delete(_ name: String?, _ id: TopicID = .zero) -> Int16? {
      var state = DeleteTopicsRequest.DeleteTopicState()
      state.name = name
      state.topicId = id
      var request = DeleteTopicsRequest()
      request.topics = [state]
      guard case .deleteTopics(let response)? = h.ask(.deleteTopics(request)) else { return nil }
      return response.responses.first?.errorCode
    }
    #expect(delete("a") == 0 && h.image.topicID("a") == nil)
    #expect(h.image.effectiveConfig(topic: "a", key: "retention.ms") == nil, "settings go with the topic")
    h.create("a")
    #expect(h.image.topicID("a") != old)
    #expect(delete(nil, old ?? .zero) == ErrorCode.unknownTopicId.rawValue)
    #expect(delete("b") == ErrorCode.unknownTopicOrPartition.rawValue)
    let id = h.image.topicID("a") ?? .zero
    #expect(delete(nil, id) == 0 && h.image.topic(id) == nil)
    #expect(h.image.partitions(on: BrokerID(1)).isEmpty)
  }

  /// `delete.topic.enable=false`.
  @Test func deletionCanBeForbidden() {
    var h = Harness.cluster { $0.allowsTopicDeletion = false }
    h.create("a")
    var state = DeleteTopicsRequest.DeleteTopicState()
    state.name = "a"
    var request = DeleteTopicsRequest()
    request.topics = [state]
    guard case .deleteTopics(let response)? = h.ask(.deleteTopics(request)) else {
      Issue.record("no answer")
      return
    }
    #expect(response.responses.map(\.errorCode) == [ErrorCode.topicDeletionDisabled.rawValue])
    #expect(h.image.topicID("a") != nil)
  }

  @Test func topicsGrowAndNeverShrink() {
    var h = Harness.cluster()
    h.create("t", partitions: 2)
    func grow(_ count: Int32, _ name: String = "t", _ manual: [[Int32]]? = nil) -> Int16? {
      var topic = CreatePartitionsRequest.CreatePartitionsTopic()
      topic.name = name
      topic.count = count
      topic.assignments = manual?.map {
        var assignment = CreatePartitionsRequest.CreatePartitionsAssignment()
        assignment.brokerIds = $0
        return assignment
      }
      var request = CreatePartitionsRequest()
      request.topics = [topic]
      guard case .createPartitions(let response)? = h.ask(.createPartitions(request)) else { return nil }
      return response.results.first?.errorCode
    }
    #expect(grow(2) == ErrorCode.invalidPartitions.rawValue && grow(1) == ErrorCode.invalidPartitions.rawValue)
    #expect(grow(3, "absent") == ErrorCode.unknownTopicOrPartition.rawValue)
    #expect(grow(4) == 0 && h.image.topic(named: "t")?.partitions.count == 4)
    #expect(grow(6, "t", [[1, 2, 3]]) == ErrorCode.invalidReplicaAssignment.rawValue)
    #expect(grow(5, "t", [[3, 1, 2]]) == 0 && h.partition("t", 4)?.replicas.ids == [3, 1, 2])
  }

  // MARK: placement

  struct PlacementCase: Decodable {
    struct Broker: Decodable {
      var id: Int32
      var rack: String?
      var fenced: Bool
    }
    var `case`: String
    var partitions: Int32
    var replicationFactor: Int16
    var brokers: [Broker]
    var replicas: [[Int32]]?
    var error: String?
    var message: String?
  }

  static func vectors<T: Decodable>(_ name: String, _: T.Type) throws -> T {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONDecoder().decode(T.self, from: Data(contentsOf: root.appending(path: "Vectors/controller/\(name)")))
  }

  /// Goal: placements have the properties of Kafka's. Method: each recorded case is placed here, and both results are
  /// held to the same measures: distinct brokers, live leaders, distinct racks, fenced ones last, and even shares.
  @Test func placementIsAsEvenAsKafkas() throws {
    let cases = try Self.vectors("replica-placement.json", [PlacementCase].self)
    #expect(cases.count >= 20)
    for recorded in cases {
      var h = Harness.cluster(brokers: 0)
      for broker in recorded.brokers { h.start(broker.id, rack: broker.rack) }
      for broker in recorded.brokers where broker.fenced { h.kill(broker.id) }
      let result = h.create("t", partitions: recorded.partitions, factor: recorded.replicationFactor)
      guard let theirs = recorded.replicas else {
        #expect(result?.errorCode == ErrorCode.invalidReplicationFactor.rawValue)
        #expect(result?.errorMessage?.hasSuffix(recorded.message ?? "-") == true, "\(recorded)")
        continue
      }
      let ours = h.image.topic(named: "t")?.partitions.map(\.replicas.ids) ?? []
      #expect(ours.count == theirs.count)
      let fenced = Set(recorded.brokers.filter(\.fenced).map(\.id))
      let live = recorded.brokers.filter { !$0.fenced }
      let racks = Dictionary(uniqueKeysWithValues: recorded.brokers.map { ($0.id, $0.rack) })
      let rackCount = Set(recorded.brokers.map(\.rack)).count
      for replicas in ours {
        #expect(replicas.count == Int(recorded.replicationFactor) && Set(replicas).count == replicas.count)
        #expect(!fenced.contains(replicas[0]))
        #expect(Set(replicas.map { racks[$0] ?? nil }).count == min(rackCount, replicas.count), "\(recorded.case)")
        #expect(replicas.filter(fenced.contains).count == max(0, replicas.count - live.count))
      }
      #expect(spread(ours.map { $0[0] }, live.map(\.id)) <= max(1, spread(theirs.map { $0[0] }, live.map(\.id))))
      let all = recorded.brokers.map(\.id)
      #expect(spread(ours.flatMap { $0 }, all) <= max(1, spread(theirs.flatMap { $0 }, all)), "\(recorded.case)")
    }
  }

  private func spread(_ uses: [Int32], _ brokers: [Int32]) -> Int {
    let counts = brokers.map { broker in uses.count { $0 == broker } }
    return (counts.max() ?? 0) - (counts.min() ?? 0)
  }

  // MARK: settings

  struct Setting: Decodable {
    var type: String
    var synonym: String?
  }

  /// Goal: exactly Kafka's topic settings are known, each with its type and its broker's name.
  @Test func theSettingsAreKafkas() throws {
    for (name, setting) in try Self.vectors("topic-configs.json", [String: Setting].self) {
      let good: String
      switch setting.type {
      case "BOOLEAN": good = "true"
      case "DOUBLE": good = "0.25"
      case "LIST": good = name == "cleanup.policy" ? "compact,delete" : "0:1,1:2"
      case "STRING": good = name == "compression.type" ? "zstd" : "LogAppendTime"
      default: good = name == "segment.bytes" ? "1048576" : "9"
      }
      #expect(TopicConfigRules.problem(name, good) == nil, "\(name)")
      #expect(TopicConfigRules.problem(name, "nonsense") != nil, "\(name)")
      #expect(TopicConfigRules.brokerSynonym(of: name) == setting.synonym, "\(name)")
    }
  }

  @Test func settingsAreCheckedAndResolved() {
    var h = Harness.cluster()
    #expect(h.create("t", configs: [("no.such", "1")])?.errorCode == ErrorCode.invalidConfig.rawValue)
    #expect(h.create("t", configs: [("retention.ms", "x")])?.errorCode == ErrorCode.invalidConfig.rawValue)
    #expect(h.create("t", configs: [("retention.ms", nil)])?.errorCode == ErrorCode.invalidConfig.rawValue)
    h.create("t")
    #expect(h.setConfig(.topic("t"), "segment.bytes", "10") == ErrorCode.invalidConfig.rawValue)
    #expect(h.setConfig(.topic("x"), "retention.ms", "10") == ErrorCode.unknownTopicOrPartition.rawValue)
    #expect(h.setConfig(.broker(BrokerID(9)), "log.retention.ms", "1") == ErrorCode.brokerIdNotRegistered.rawValue)
    #expect(h.setConfig(.clusterDefault, "log.retention.ms", "7") == 0)
    #expect(h.image.effectiveConfig(topic: "t", key: "retention.ms") == "7")
    #expect(h.setConfig(.broker(BrokerID(2)), "log.retention.ms", "8") == 0)
    #expect(h.image.effectiveConfig(topic: "t", key: "retention.ms", broker: BrokerID(2)) == "8")
    #expect(h.setConfig(.topic("t"), "retention.ms", "9") == 0)
    #expect(h.image.effectiveConfig(topic: "t", key: "retention.ms", broker: BrokerID(2)) == "9")
    #expect(h.setConfig(.topic("t"), "retention.ms", nil, operation: 1) == 0)
    #expect(h.image.effectiveConfig(topic: "t", key: "retention.ms") == "7")
  }

  @Test func listsGrowAndShrink() {
    var h = Harness.cluster()
    h.create("t")
    #expect(h.setConfig(.topic("t"), "cleanup.policy", "compact", operation: 2) == 0)
    #expect(h.image.effectiveConfig(topic: "t", key: "cleanup.policy") == "delete,compact")
    #expect(h.setConfig(.topic("t"), "cleanup.policy", "delete", operation: 3) == 0)
    #expect(h.image.effectiveConfig(topic: "t", key: "cleanup.policy") == "compact")
    #expect(h.setConfig(.topic("t"), "retention.ms", "1", operation: 2) == ErrorCode.invalidConfig.rawValue)
  }

  @Test func alterConfigsReplacesTheWhole() {
    var h = Harness.cluster()
    h.create("t", configs: [("retention.ms", "5"), ("segment.ms", "6")])
    var config = AlterConfigsRequest.AlterableConfig()
    config.name = "segment.ms"
    config.value = "7"
    var resource = AlterConfigsRequest.AlterConfigsResource()
    resource.resourceType = 2
    resource.resourceName = "t"
    resource.configs = [config]
    var request = AlterConfigsRequest()
    request.resources = [resource]
    h.ask(.alterConfigs(request))
    #expect(h.image.configs[.topic("t")] == ["segment.ms": "7"])
  }
}
