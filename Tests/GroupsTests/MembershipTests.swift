import Primitives
import Testing
import Wire

@testable import Groups

@Test func heartbeatTellsOfTheGroupsState() {
  var world = GroupWorld()
  #expect(world.heartbeat("nowhere", member: "m", generation: 1) == .unknownMemberId)
  let group = world.stableGroup()
  #expect(world.heartbeat(member: group.leader, generation: group.generation) == ErrorCode.none)
  #expect(world.heartbeat(member: group.leader, generation: group.generation + 1) == .illegalGeneration)
  #expect(world.heartbeat(member: "stranger", generation: group.generation) == .unknownMemberId)
  let (_, member) = world.joinNew()
  #expect(world.heartbeat(member: group.leader, generation: group.generation) == .rebalanceInProgress)
  let join = world.join(member: group.leader)
  #expect(world.joined(join).generationId == 2)
  // Consumers may send heartbeats between JoinGroup and SyncGroup.
  #expect(world.heartbeat(member: member, generation: 2) == ErrorCode.none)
}

@Test func silentMemberIsRemovedAfterItsSessionTimeout() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 2)
  let silent = group.members.first { $0 != group.leader } ?? ""
  world.advance(9_999)
  #expect(world.heartbeat(member: group.leader, generation: group.generation) == ErrorCode.none)
  world.advance(1)
  #expect(world.state() == "PreparingRebalance")
  #expect(world.heartbeat(member: silent, generation: group.generation) == .unknownMemberId)
  let join = world.join(member: group.leader)
  #expect(world.joined(join).members.map(\.memberId) == [group.leader])
}

@Test func heartbeatsAndCommitsKeepASessionAlive() {
  var world = GroupWorld()
  let group = world.stableGroup()
  for round in 0..<20 {
    world.advance(9_000)
    if round % 2 == 0 {
      #expect(world.heartbeat(member: group.leader, generation: group.generation) == ErrorCode.none)
    } else {
      let commit = world.commit(member: group.leader, generation: group.generation, offset: Int64(round))
      #expect(world.error(commit) == ErrorCode.none)
    }
  }
  #expect(world.state() == "Stable")
}

@Test func waitingMembersNeedNoHeartbeats() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 2)
  let join = world.join(member: group.leader, rebalanceMs: 60_000)
  world.advance(9_000)
  let follower = group.members.first { $0 != group.leader } ?? ""
  #expect(world.heartbeat(member: follower, generation: group.generation) == .rebalanceInProgress)
  world.advance(9_000)
  // The leader has been silent for longer than its session, but it is owed an answer.
  #expect(world.isWaiting(join))
  let last = world.join(member: follower)
  #expect(world.joined(join).members.count == 2)
  #expect(world.joined(last).generationId == 3)
}

@Test func groupWithoutMembersBecomesEmptyInTheLogBeforeTheLeaverIsTold() throws {
  var world = GroupWorld()
  let group = world.stableGroup()
  world.appendOutcome = nil
  let leave = world.leave([(group.leader, nil)])
  #expect(world.isWaiting(leave))
  world.endFirst()
  #expect(world.left(leave).errorCode == 0)
  #expect(world.left(leave).members.map(\.errorCode) == [0])
  #expect(world.left(leave).members.map(\.memberId) == [group.leader])
  #expect(world.state() == "Empty")
  let stored = try #require(GroupWorld.storedState(of: world.shard)["g"]?.metadata)
  #expect(stored.members.isEmpty)
  #expect(stored.generation == group.generation + 1)
  #expect(stored.protocolType == "consumer")
  #expect(stored.protocol == nil)
  #expect(stored.leader == nil)
  #expect(stored.currentStateTimestamp == world.wallClockMs)
}

@Test func leaverIsToldWhenItsEmptyGroupCannotBeStored() {
  var world = GroupWorld()
  let group = world.stableGroup()
  world.appendOutcome = .notEnoughReplicas
  let leave = world.leave([(group.leader, nil)])
  #expect(world.error(leave) == .coordinatorNotAvailable)
  #expect(world.state() == "Empty")
  // What was refused is written at the next look at what may be forgotten.
  world.appendOutcome = ErrorCode.none
  _ = world.commit(offset: 1)
  world.advance(600_000)
  #expect(GroupWorld.storedState(of: world.shard)["g"]?.metadata?.members == [])
  #expect(world.violations == [])
}

@Test func manyMembersLeaveWithOneRebalance() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 3)
  let leavers = group.members.filter { $0 != group.leader }
  let leave = world.leave([(leavers[0], nil), ("stranger", nil), (leavers[1], nil), ("", "nobody")])
  #expect(world.left(leave).members.map(\.errorCode) == [0, 25, 0, 25])
  #expect(world.left(leave).errorCode == 0)
  let join = world.join(member: group.leader)
  #expect(world.joined(join).generationId == group.generation + 1)
}

@Test func beforeVersion3LeavingHasOneError() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let stranger = world.leave([("stranger", nil)], version: 2)
  #expect(world.left(stranger).errorCode == ErrorCode.unknownMemberId.rawValue)
  #expect(world.left(stranger).members.isEmpty)
  let leave = world.leave([(group.leader, nil)], version: 0)
  #expect(world.left(leave).errorCode == 0)
  #expect(world.state() == "Empty")
}

@Test func leavingAGroupThatNobodyKnowsNamesEachMember() {
  var world = GroupWorld()
  let leave = world.leave([("a", nil), ("b", "i")], group: "nowhere")
  #expect(world.left(leave).errorCode == 0)
  #expect(world.left(leave).members.map(\.errorCode) == [25, 25])
}

@Test func bearerOfAnUnusedIDMayLeave() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let first = world.join()
  let again = world.join(member: group.leader)
  #expect(world.isWaiting(again))
  let leave = world.leave([(world.joined(first).memberId, nil)])
  #expect(world.error(leave) == ErrorCode.none)
  #expect(world.joined(again).generationId == 2)
}

@Test func whoWaitsAndLeavesIsAnswered() {
  var world = GroupWorld()
  _ = world.stableGroup()
  let (join, member) = world.joinNew()
  _ = world.leave([(member, nil)])
  #expect(world.error(join) == .unknownMemberId)
}

@Test func leaderThatLeavesIsFollowedByTheNextThatJoins() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 3)
  _ = world.leave([(group.leader, nil)])
  let rest = group.members.filter { $0 != group.leader }
  let a = world.join(member: rest[0])
  let b = world.join(member: rest[1])
  #expect(rest.contains(world.joined(a).leader))
  #expect(world.joined(a).leader == world.joined(b).leader)
}
