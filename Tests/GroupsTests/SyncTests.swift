import Primitives
import Testing
import Wire

@testable import Groups

@Test func assignmentIsToldOnlyOnceItIsInTheLog() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let (second, member) = world.joinNew()
  let first = world.join(member: group.leader)
  #expect(world.joined(first).generationId == 2)
  _ = world.joined(second)
  let follower = world.sync(member: member, generation: 2)
  world.appendOutcome = nil
  let leader = world.sync(member: group.leader, generation: 2, assignments: [(group.leader, [1]), (member, [2])])
  #expect(world.isWaiting(leader))
  #expect(world.isWaiting(follower))
  #expect(world.state() == "CompletingRebalance")
  world.endFirst()
  #expect(world.synced(leader).assignment == [1])
  #expect(world.synced(follower).assignment == [2])
  #expect(world.synced(follower).protocolType == "consumer")
  #expect(world.synced(follower).protocolName == "range")
  #expect(world.state() == "Stable")
  // Who asks later is told at once.
  let again = world.sync(member: member, generation: 2)
  #expect(world.synced(again).assignment == [2])
  #expect(world.violations == [])
}

@Test func refusedAssignmentBeginsANewRebalance() {
  var world = GroupWorld()
  let (_, member) = world.joinNew()
  world.appendOutcome = .notEnoughReplicas
  let sync = world.sync(member: member, generation: 1, assignments: [(member, [1])])
  #expect(world.error(sync) == .coordinatorNotAvailable)
  #expect(world.state() == "PreparingRebalance")
  world.appendOutcome = ErrorCode.none
  let join = world.join(member: member)
  #expect(world.joined(join).generationId == 2)
  #expect(world.violations == [])
}

/// Goal: one assignment for a generation, in memory and in the log. Method: the leader sends a second one while the
/// first is on its way.
@Test func secondAssignmentOfAGenerationIsNotTaken() {
  var world = GroupWorld()
  let (_, member) = world.joinNew()
  world.appendOutcome = nil
  let first = world.sync(member: member, generation: 1, assignments: [(member, [1])])
  let second = world.sync(member: member, generation: 1, assignments: [(member, [2])])
  #expect(world.queue.count == 1)
  #expect(world.error(first) == .rebalanceInProgress)
  world.endFirst()
  #expect(world.synced(second).assignment == [1])
  #expect(world.violations == [])
}

@Test func assignmentThatComesTooLateChangesNothing() {
  var world = GroupWorld()
  let (_, member) = world.joinNew()
  world.appendOutcome = nil
  let sync = world.sync(member: member, generation: 1, assignments: [(member, [1])])
  let (other, _) = world.joinNew()
  #expect(world.error(sync) == .rebalanceInProgress)
  world.endFirst()
  #expect(world.state() == "PreparingRebalance")
  let join = world.join(member: member)
  #expect(world.joined(join).generationId == 2)
  #expect(world.joined(other).generationId == 2)
  #expect(world.violations == [])
}

@Test func syncIsCheckedAgainstTheGeneration() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let stranger = world.sync(member: "stranger", generation: group.generation)
  let old = world.sync(member: group.leader, generation: group.generation - 1)
  let type = world.sync(member: group.leader, generation: group.generation, protocolType: "connect")
  let name = world.sync(member: group.leader, generation: group.generation, protocolName: "sticky")
  let right = world.sync(
    member: group.leader, generation: group.generation, protocolType: "consumer", protocolName: "range")
  let nowhere = world.sync("nowhere", member: "m", generation: 1)
  #expect(world.error(stranger) == .unknownMemberId)
  #expect(world.error(old) == .illegalGeneration)
  #expect(world.error(type) == .inconsistentGroupProtocol)
  #expect(world.error(name) == .inconsistentGroupProtocol)
  #expect(world.error(right) == ErrorCode.none)
  #expect(world.error(nowhere) == .unknownMemberId)
  _ = world.joinNew()
  let rebalancing = world.sync(member: group.leader, generation: group.generation)
  #expect(world.error(rebalancing) == .rebalanceInProgress)
}

@Test func memberThatNeverSyncsIsRemovedAfterTheRebalanceTimeout() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let (second, member) = world.joinNew()
  let leader = world.join(member: group.leader)
  #expect(world.joined(leader).generationId == 2)
  _ = world.joined(second)
  let sync = world.sync(member: group.leader, generation: 2, assignments: [(group.leader, [1]), (member, [2])])
  #expect(world.synced(sync).assignment == [1])
  // Both are alive, but the second never asks for its assignment.
  for _ in 0..<12 {
    world.advance(5000)
    _ = world.heartbeat(member: group.leader, generation: 2)
    _ = world.heartbeat(member: member, generation: 2)
  }
  #expect(world.heartbeat(member: member, generation: 2) == .unknownMemberId)
  #expect(world.heartbeat(member: group.leader, generation: 2) == .rebalanceInProgress)
}

@Test func membersThatTheLeaderForgetsAreAssignedNothing() {
  var world = GroupWorld()
  let (_, member) = world.joinNew()
  let sync = world.sync(member: member, generation: 1, assignments: [("somebody else", [9])])
  #expect(world.error(sync) == ErrorCode.none)
  #expect(world.synced(sync).assignment == [])
}
