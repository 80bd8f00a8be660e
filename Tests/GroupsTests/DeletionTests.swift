import Primitives
import Testing
import Wire

@testable import Groups

@Test func emptyGroupIsDeletedWithItsOffsets() {
  var world = GroupWorld()
  let group = world.stableGroup()
  _ = world.commit(member: group.leader, generation: group.generation, offset: 5)
  let early = world.delete()
  #expect(world.error(early) == .nonEmptyGroup)
  _ = world.leave([(group.leader, nil)])
  world.appendOutcome = nil
  let delete = world.delete()
  #expect(world.isWaiting(delete))
  #expect(world.fetch() == 5)
  world.endFirst()
  #expect(world.error(delete) == ErrorCode.none)
  #expect(world.fetch() == -1)
  #expect(world.state() == "Dead")
  let again = world.delete()
  #expect(world.error(again) == .groupIdNotFound)
  // The tombstones count for the next coordinator, too.
  world.moveCoordinator()
  #expect(world.state() == "Dead")
  #expect(world.list().groups.isEmpty)
  #expect(world.violations == [])
}

@Test func refusedDeletionLeavesTheGroupAsItWas() {
  var world = GroupWorld()
  _ = world.commit(offset: 5)
  world.appendOutcome = .notEnoughReplicas
  let delete = world.delete()
  #expect(world.error(delete) == .coordinatorNotAvailable)
  #expect(world.fetch() == 5)
  world.appendOutcome = ErrorCode.none
  let commit = world.commit(offset: 6)
  #expect(world.error(commit) == ErrorCode.none)
}

/// Goal: what is on its way when a group is deleted goes with it, and what comes later does not. Method: a commit in
/// flight before, a commit and a join after.
@Test func deletionIsInOrderWithWhatComesBeforeAndAfter() {
  var world = GroupWorld()
  _ = world.commit(partition: 0, offset: 1)
  world.appendOutcome = nil
  let before = world.commit(partition: 1, offset: 2)
  let delete = world.delete()
  let after = world.commit(partition: 2, offset: 3)
  let join = world.join(version: 3)
  #expect(world.isWaiting(after))
  #expect(world.isWaiting(join))
  world.endFirst()
  #expect(world.error(before) == ErrorCode.none)
  world.endFirst()
  #expect(world.error(delete) == ErrorCode.none)
  world.appendOutcome = ErrorCode.none
  while !world.queue.isEmpty { world.endFirst() }
  #expect(world.error(after) == ErrorCode.none)
  #expect(world.error(join) == ErrorCode.none)
  #expect(world.fetch(partition: 0) == -1)
  #expect(world.fetch(partition: 1) == -1)
  #expect(world.fetch(partition: 2) == 3)
  #expect(world.violations == [])
}

@Test func offsetsOfTopicsInUseAreNotDeleted() {
  var world = GroupWorld()
  let group = world.stableGroup(topics: ["t"])
  for topic in ["t", "u"] {
    _ = world.commit(member: group.leader, generation: group.generation, topic: topic, offset: 5)
  }
  let used = world.deleteOffsets(topic: "t")
  let unused = world.deleteOffsets(topic: "u")
  let absent = world.deleteOffsets(topic: "v")
  #expect(world.error(used) == .groupSubscribedToTopic)
  #expect(world.error(unused) == ErrorCode.none)
  #expect(world.error(absent) == ErrorCode.none)
  #expect(world.fetch(topic: "t") == 5)
  #expect(world.fetch(topic: "u") == -1)
  _ = world.leave([(group.leader, nil)])
  let empty = world.deleteOffsets(topic: "t")
  #expect(world.error(empty) == ErrorCode.none)
  #expect(world.fetch(topic: "t") == -1)
  #expect(world.violations == [])
}

@Test func offsetsOfOtherKindsOfGroupsAreDeletedOnlyWhenEmpty() {
  var world = GroupWorld()
  let join = world.join(type: "connect", version: 3)
  let member = world.joined(join).memberId
  _ = world.sync(member: member, generation: 1, assignments: [])
  let busy = world.deleteOffsets()
  #expect(world.error(busy) == .nonEmptyGroup)
  let nowhere = world.deleteOffsets("nowhere")
  #expect(world.error(nowhere) == .groupIdNotFound)
  _ = world.leave([(member, nil)])
  let empty = world.deleteOffsets()
  #expect(world.error(empty) == ErrorCode.none)
}

/// What cannot be read counts as in use: better a refusal than lost offsets.
@Test func unreadableSubscriptionProtectsAllTopics() {
  var world = GroupWorld()
  let join = world.join(protocols: [("range", [0])], version: 3)
  let member = world.joined(join).memberId
  _ = world.sync(member: member, generation: 1, assignments: [])
  let delete = world.deleteOffsets(topic: "anything")
  #expect(world.error(delete) == .groupSubscribedToTopic)
}

@Test func subscriptionsAreReadWhateverTheirVersion() {
  for version: Int16 in 0...3 {
    var value = ConsumerProtocolSubscription()
    value.topics = ["a", "b"]
    let bytes = value.encodedWithPrefix(version, version: version)
    #expect(ClassicGroup.topics(ofSubscription: bytes) == ["a", "b"])
  }
  // Later versions only add fields at the end.
  var value = ConsumerProtocolSubscription()
  value.topics = ["a"]
  let newer = value.encodedWithPrefix(9, version: 3) + [1, 2, 3]
  #expect(ClassicGroup.topics(ofSubscription: newer) == ["a"])
  #expect(ClassicGroup.topics(ofSubscription: []) == nil)
  #expect(ClassicGroup.topics(ofSubscription: [0xff, 0xff]) == nil)
  #expect(ClassicGroup.topics(ofSubscription: [0, 0, 0x7f, 0xff, 0xff, 0xff]) == nil)
}

@Test func deletedTopicsLoseTheirOffsetsInEveryGroup() {
  var world = GroupWorld()
  for group in ["a", "b"] {
    for topic in ["gone", "stays"] { _ = world.commit(group, topic: topic, offset: 5) }
  }
  world.appendOutcome = nil
  let inFlight = world.commit("a", topic: "gone", partition: 9, offset: 5)
  world.perform(.topicsDeleted(["gone"]))
  while !world.queue.isEmpty { world.endFirst() }
  #expect(world.error(inFlight) == ErrorCode.none)
  for group in ["a", "b"] {
    #expect(world.fetch(group, topic: "gone") == -1)
    #expect(world.fetch(group, topic: "stays") == 5)
  }
  #expect(world.fetch("a", topic: "gone", partition: 9) == -1)
  #expect(world.violations == [])
}

// MARK: expiry

private let day: Int64 = 24 * 60 * 60 * 1000

@Test func offsetsExpireSevenDaysAfterTheGroupBecameEmpty() {
  var world = GroupWorld { $0.offsetsRetentionCheckIntervalMs = day / 2 }
  let group = world.stableGroup(topics: ["t"])
  _ = world.commit(member: group.leader, generation: group.generation, offset: 5)
  for _ in 0..<(10 * 24 * 60 * 12) where world.state() == "Stable" {
    world.advance(5 * 60_000)
    if world.wallClockMs > 1_700_000_000_000 + 10 * day { break }
    // One heartbeat in five minutes does not do; the group rejoins as often as it must.
    if world.heartbeat(member: group.leader, generation: group.generation) != ErrorCode.none { break }
  }
  // The member fell silent at once: the group has been empty since its session ended.
  #expect(world.state() == "Empty")
  world.advance(7 * day - 5 * 60_000 - day / 2)
  #expect(world.fetch() == 5)
  world.advance(day)
  #expect(world.fetch() == -1)
  #expect(world.state() == "Dead")
  #expect(world.violations == [])
}

@Test func simpleConsumersOffsetsExpireSevenDaysAfterTheirCommit() {
  var world = GroupWorld { $0.offsetsRetentionCheckIntervalMs = day / 2 }
  _ = world.commit(partition: 0, offset: 5)
  world.advance(4 * day)
  _ = world.commit(partition: 1, offset: 6)
  world.advance(3 * day)
  #expect(world.fetch(partition: 0) == -1)
  #expect(world.fetch(partition: 1) == 6)
  world.advance(4 * day)
  #expect(world.state() == "Dead")
  #expect(world.violations == [])
}

@Test func offsetWithAMomentOfItsOwnExpiresThen() {
  var world = GroupWorld { $0.offsetsRetentionCheckIntervalMs = 1000 }
  _ = world.commit(partition: 0, offset: 5, retentionMs: 60_000)
  _ = world.commit(partition: 1, offset: 6)
  world.advance(58_000)
  #expect(world.fetch(partition: 0) == 5)
  world.advance(3_000)
  #expect(world.fetch(partition: 0) == -1)
  #expect(world.fetch(partition: 1) == 6)
}

@Test func stableGroupKeepsWhatItReadsAndForgetsTheRest() {
  var world = GroupWorld {
    $0.offsetsRetentionCheckIntervalMs = 60_000
    $0.offsetsRetentionMinutes = 2
  }
  let group = world.stableGroup(topics: ["t"])
  for topic in ["t", "u"] {
    _ = world.commit(member: group.leader, generation: group.generation, topic: topic, offset: 5)
  }
  for _ in 0..<40 {
    world.advance(5000)
    #expect(world.heartbeat(member: group.leader, generation: group.generation) == ErrorCode.none)
  }
  #expect(world.fetch(topic: "t") == 5)
  #expect(world.fetch(topic: "u") == -1)
  #expect(world.state() == "Stable")
}

/// Goal: a commit is never undone by the expiry of the offset before it. Method: the old offset is due while the new
/// one is on its way.
@Test func expirySparesPartitionsWithACommitOnItsWay() {
  var world = GroupWorld {
    $0.offsetsRetentionCheckIntervalMs = 1000
    $0.offsetsCommitTimeoutMs = 600_000
  }
  _ = world.commit(offset: 5, retentionMs: 10_000)
  world.advance(9_500)
  world.appendOutcome = nil
  let commit = world.commit(offset: 6)
  world.advance(5_000)
  while !world.queue.isEmpty { world.endFirst() }
  #expect(world.error(commit) == ErrorCode.none)
  #expect(world.fetch() == 6)
  #expect(world.violations == [])
}

@Test func groupThatWasNeverUsedIsForgotten() {
  var world = GroupWorld()
  _ = world.join()
  #expect(world.state() == "Empty")
  world.advance(600_000)
  #expect(world.state() == "Dead")
  #expect(world.violations == [])
}
