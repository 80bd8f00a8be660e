import Primitives
import Testing
import Wire

@testable import Groups

@Test func commitBecomesVisibleWhenItIsReplicated() {
  var world = GroupWorld()
  let group = world.stableGroup()
  world.appendOutcome = nil
  let first = world.commit(member: group.leader, generation: group.generation, offset: 10)
  let second = world.commit(member: group.leader, generation: group.generation, offset: 20)
  #expect(world.isWaiting(first))
  #expect(world.fetch() == -1)
  world.endFirst()
  #expect(world.error(first) == ErrorCode.none)
  #expect(world.isWaiting(second))
  #expect(world.fetch() == 10)
  world.endFirst()
  #expect(world.error(second) == ErrorCode.none)
  #expect(world.fetch() == 20)
  #expect(world.violations == [])
}

@Test(arguments: [
  (ErrorCode.notEnoughReplicas, ErrorCode.coordinatorNotAvailable),
  (.unknownTopicOrPartition, .coordinatorNotAvailable),
  (.messageTooLarge, .invalidCommitOffsetSize),
  (.recordListTooLarge, .invalidCommitOffsetSize),
  (.notLeaderOrFollower, .notCoordinator),
  (.kafkaStorageError, .notCoordinator),
  (.invalidTopicException, .invalidTopicException),
])
func refusedCommitIsAnsweredInACoordinatorsWords(_ outcome: ErrorCode, _ answer: ErrorCode) {
  var world = GroupWorld()
  _ = world.commit(offset: 1)
  world.appendOutcome = outcome
  let commit = world.commit(offset: 2)
  #expect(world.error(commit) == answer)
  if answer != .notCoordinator { #expect(world.fetch() == 1) }
  #expect(world.violations == [])
}

/// Goal: memory and log agree after a commit whose outcome was unknown. Method: the commit times out, a later one is
/// replicated: so the first is replicated as well.
@Test func commitInDoubtIsSettledByALaterOne() {
  var world = GroupWorld()
  world.appendOutcome = nil
  let first = world.commit(partition: 0, offset: 10)
  world.endFirst(.notEnoughReplicasAfterAppend)
  #expect(world.error(first) == .coordinatorNotAvailable)
  #expect(world.fetch(partition: 0) == -1)
  let second = world.commit(partition: 1, offset: 11)
  world.end(world.queue[1].token, .none)
  #expect(world.error(second) == ErrorCode.none)
  #expect(world.fetch(partition: 0) == 10)
  #expect(world.fetch(partition: 1) == 11)
  #expect(world.violations == [])
}

@Test func commitThatTakesTooLongIsRefusedAndGoesOn() {
  var world = GroupWorld { $0.offsetsCommitTimeoutMs = 5000 }
  world.appendOutcome = nil
  let commit = world.commit(offset: 10)
  world.advance(4999)
  #expect(world.isWaiting(commit))
  world.advance(1)
  #expect(world.error(commit) == .coordinatorNotAvailable)
  #expect(world.fetch() == -1)
  world.endFirst()
  #expect(world.fetch() == 10)
  #expect(world.violations == [])
}

@Test func simpleConsumerCommitsWithoutAGroup() {
  var world = GroupWorld()
  let commit = world.commit("simple", offset: 5)
  #expect(world.error(commit) == ErrorCode.none)
  #expect(world.fetch("simple") == 5)
  #expect(world.state("simple") == "Empty")
  #expect(world.list().groups.map(\.groupId) == ["simple"])
  let generation = world.commit("other", member: "m", generation: 3, offset: 5)
  #expect(world.error(generation) == .illegalGeneration)
}

/// Kafka's early clients could commit for the group without a name.
@Test func groupWithoutANameMayHaveOffsets() {
  var world = GroupWorld()
  let commit = world.commit("", offset: 5)
  #expect(world.error(commit) == ErrorCode.none)
  #expect(world.fetch("") == 5)
}

@Test func commitIsCheckedAgainstTheGeneration() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let simple = world.commit(offset: 1)
  let stranger = world.commit(member: "stranger", generation: group.generation, offset: 1)
  let old = world.commit(member: group.leader, generation: group.generation - 1, offset: 1)
  #expect(world.error(simple) == .unknownMemberId)
  #expect(world.error(stranger) == .unknownMemberId)
  #expect(world.error(old) == .illegalGeneration)
  _ = world.joinNew()
  // Members may still commit what they have read while the others come together,
  let preparing = world.commit(member: group.leader, generation: group.generation, offset: 2)
  #expect(world.error(preparing) == ErrorCode.none)
  let join = world.join(member: group.leader)
  let generation = world.joined(join).generationId
  // but not when partitions are being given away.
  let completing = world.commit(member: group.leader, generation: generation, offset: 3)
  #expect(world.error(completing) == .rebalanceInProgress)
  #expect(world.fetch() == 2)
}

@Test func emptyGroupTakesSimpleCommits() {
  var world = GroupWorld()
  let group = world.stableGroup()
  _ = world.leave([(group.leader, nil)])
  let commit = world.commit(offset: 9)
  #expect(world.error(commit) == ErrorCode.none)
  #expect(world.fetch() == 9)
}

@Test func metadataHasAGreatestSize() {
  var world = GroupWorld { $0.offsetMetadataMaxBytes = 4 }
  let fits = world.commit(partition: 0, offset: 1, metadata: "abcd")
  let tooLarge = world.commit(partition: 1, offset: 1, metadata: "abcde")
  #expect(world.error(fits) == ErrorCode.none)
  #expect(world.error(tooLarge) == .offsetMetadataTooLarge)
  #expect(world.fetch(partition: 1) == -1)
}

/// One bad partition does not spoil the others, whose answer waits for the log.
@Test func commitIsAnsweredPartitionByPartition() throws {
  var world = GroupWorld { $0.offsetMetadataMaxBytes = 4 }
  var request = OffsetCommitRequest()
  request.groupId = "g"
  var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
  topic.name = "t"
  for (index, metadata) in ["", "abcde", ""].enumerated() {
    var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
    partition.partitionIndex = Int32(index)
    partition.committedOffset = 7
    partition.committedMetadata = metadata
    topic.partitions.append(partition)
  }
  request.topics = [topic]
  world.appendOutcome = .notEnoughReplicas
  let token = world.send(.offsetCommit(request), version: 8)
  guard case .offsetCommit(let response) = try #require(world.replies[token]) else { return }
  #expect(response.topics.map(\.name) == ["t"])
  #expect(response.topics[0].partitions.map(\.errorCode) == [15, 12, 15])
  #expect(response.topics[0].partitions.map(\.partitionIndex) == [0, 1, 2])
}

@Test func fetchedOffsetHasItsEpochAndMetadata() throws {
  var world = GroupWorld()
  _ = world.commit(offset: 5, metadata: "note")
  var request = OffsetFetchRequest()
  request.groupId = "g"
  var topic = OffsetFetchRequest.OffsetFetchRequestTopic()
  topic.name = "t"
  topic.partitionIndexes = [0, 1]
  request.topics = [topic]
  let token = world.send(.offsetFetch(request), version: 7)
  guard case .offsetFetch(let response) = try #require(world.replies[token]) else { return }
  let partitions = response.topics[0].partitions
  #expect(partitions.map(\.committedOffset) == [5, -1])
  #expect(partitions.map(\.committedLeaderEpoch) == [3, -1])
  #expect(partitions.map(\.metadata) == ["note", ""])
  #expect(partitions.map(\.errorCode) == [0, 0])
  #expect(response.errorCode == 0)
}

@Test(arguments: [Int16(2), 7, 8, 10])
func nullTopicsMeanAllOffsets(_ version: Int16) throws {
  var world = GroupWorld()
  for topic in ["b", "a"] {
    for partition: Int32 in [1, 0] {
      _ = world.commit(topic: topic, partition: partition, offset: Int64(partition) + 5)
    }
  }
  var request = OffsetFetchRequest()
  request.groupId = "g"
  request.topics = nil
  var groups: [OffsetFetchRequest.OffsetFetchRequestGroup] = []
  for id in ["g", "nobody"] {
    var group = OffsetFetchRequest.OffsetFetchRequestGroup()
    group.groupId = id
    group.topics = nil
    groups.append(group)
  }
  request.groups = groups
  let token = world.send(.offsetFetch(request), version: version)
  guard case .offsetFetch(let response) = try #require(world.replies[token]) else { return }
  if version < 8 {
    #expect(response.topics.map(\.name) == ["a", "b"])
    #expect(response.topics[0].partitions.map(\.committedOffset) == [5, 6])
  } else {
    #expect(response.groups.map(\.groupId) == ["g", "nobody"])
    #expect(response.groups[0].topics.map(\.name) == ["a", "b"])
    #expect(response.groups[0].topics[1].partitions.map(\.committedOffset) == [5, 6])
    #expect(response.groups[1].topics.isEmpty)
    #expect(response.groups[1].errorCode == 0)
  }
}

@Test func offsetOfADeletedTopicOfTheSameNameIsNone() {
  var world = GroupWorld()
  let old = UUID128(high: 1, low: 1)
  let new = UUID128(high: 2, low: 2)
  _ = world.commit(topicID: old, offset: 5)
  #expect(world.fetch(topicID: old) == 5)
  #expect(world.fetch(topicID: .zero) == 5)
  #expect(world.fetch(topicID: new) == -1)
}

@Test func commitIsStoredAsKafkaStoresIt() throws {
  var world = GroupWorld()
  let id = UUID128(high: 1, low: 2)
  _ = world.commit(topicID: id, offset: 5, metadata: "note")
  let record = try #require(world.log.last?.last)
  #expect(leadingInt16(record.key) == 1)
  #expect(leadingInt16(record.value ?? []) == 4)
  let value = try OffsetCommitValue.decodeWithVersionPrefix(record.value ?? [])
  #expect(value.offset == 5)
  #expect(value.leaderEpoch == 3)
  #expect(value.metadata == "note")
  #expect(value.topicId == id)
  #expect(value.commitTimestamp == world.wallClockMs)
  _ = world.commit(offset: 6, retentionMs: 1000)
  let old = try #require(world.log.last?.last?.value)
  #expect(leadingInt16(old) == 1)
  #expect(try OffsetCommitValue.decodeWithVersionPrefix(old).expireTimestamp == world.wallClockMs + 1000)
  _ = world.commit(offset: 7, retentionMs: .max)
  #expect(world.fetch() == 7)
  #expect(world.violations == [])
}
