import Primitives
import Testing
import Wire

@testable import Groups

/// A stable group of one static member.
private func staticGroup(_ world: inout GroupWorld, instance: String = "i-1") -> String {
  let join = world.join(instance: instance)
  let member = world.joined(join).memberId
  _ = world.sync(
    member: member, generation: world.joined(join).generationId, instance: instance, assignments: [(member, [7])])
  return member
}

@Test func staticMemberNeedsNoSecondJoin() {
  var world = GroupWorld()
  let join = world.join(instance: "i-1")
  #expect(world.error(join) == ErrorCode.none)
  #expect(world.joined(join).memberId.hasPrefix("i-1-"))
  #expect(world.joined(join).members.map(\.groupInstanceId) == ["i-1"])
}

@Test func restartedStaticMemberGetsItsAssignmentWithoutARebalance() {
  var world = GroupWorld()
  let old = staticGroup(&world)
  world.appendOutcome = nil
  let join = world.join(instance: "i-1", protocols: [("range", subscription(["t"], owned: [1, 2]))])
  #expect(world.isWaiting(join), "the new id must be stored first")
  world.endFirst()
  let answer = world.joined(join)
  #expect(answer.memberId != old)
  #expect(answer.memberId.hasPrefix("i-1-"))
  #expect(answer.generationId == 1)
  // KIP-814: the leader is told who it is and that it need not assign.
  #expect(answer.leader == answer.memberId)
  #expect(answer.skipAssignment)
  #expect(answer.members.map(\.memberId) == [answer.memberId])
  let sync = world.sync(member: answer.memberId, generation: 1, instance: "i-1")
  #expect(world.synced(sync).assignment == [7])
  #expect(world.state() == "Stable")
  #expect(world.violations == [])
  world.moveCoordinator()
  #expect(world.heartbeat(member: answer.memberId, generation: 1, instance: "i-1") == ErrorCode.none)
}

@Test func olderStaticLeaderIsToldOfItsFormerSelf() {
  var world = GroupWorld()
  let old = staticGroup(&world)
  let join = world.join(instance: "i-1", version: 8)
  #expect(world.joined(join).leader == old)
  #expect(world.joined(join).members.isEmpty)
  #expect(!world.joined(join).skipAssignment)
}

@Test func replacedStaticMemberIsFenced() {
  var world = GroupWorld()
  let old = staticGroup(&world)
  let join = world.join(instance: "i-1")
  let new = world.joined(join).memberId
  #expect(world.heartbeat(member: old, generation: 1, instance: "i-1") == .fencedInstanceId)
  let sync = world.sync(member: old, generation: 1, instance: "i-1")
  let commit = world.commit(member: old, generation: 1, instance: "i-1", offset: 1)
  let leave = world.leave([(old, "i-1")])
  let rejoin = world.join(member: old, instance: "i-1")
  for token in [sync, commit, leave, rejoin] { #expect(world.error(token) == .fencedInstanceId) }
  #expect(world.heartbeat(member: new, generation: 1, instance: "i-1") == ErrorCode.none)
  #expect(world.heartbeat(member: new, generation: 1, instance: "i-2") == .unknownMemberId)
}

@Test func waitingStaticMemberThatIsReplacedIsFenced() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 1000 }
  let first = world.join(instance: "i-1")
  let second = world.join(instance: "i-1")
  #expect(world.error(first) == .fencedInstanceId)
  world.advance(2000)
  #expect(world.joined(second).members.count == 1)
  let third = world.sync(member: world.joined(second).memberId, generation: 1, instance: "i-1", assignments: [])
  #expect(world.error(third) == ErrorCode.none)
}

@Test func syncingStaticMemberThatIsReplacedIsFencedAndTheGroupRebalances() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 1000 }
  let leader = world.join(instance: "leader")
  let follower = world.join(instance: "follower")
  world.advance(2000)
  let sync = world.sync(member: world.joined(follower).memberId, generation: 1, instance: "follower")
  #expect(world.isWaiting(sync))
  let restarted = world.join(instance: "follower")
  #expect(world.error(sync) == .fencedInstanceId)
  #expect(world.isWaiting(restarted))
  let again = world.join(member: world.joined(leader).memberId, instance: "leader")
  #expect(world.joined(again).generationId == 2)
  #expect(world.joined(restarted).generationId == 2)
}

@Test func staticMemberWithOtherTopicsRebalances() {
  var world = GroupWorld()
  _ = staticGroup(&world)
  let join = world.join(instance: "i-1", topics: ["t", "u"])
  #expect(world.joined(join).generationId == 2)
  #expect(!world.joined(join).skipAssignment)
}

@Test func staticMemberWhoseNewIDCannotBeStoredKeepsItsOldOne() {
  var world = GroupWorld()
  let old = staticGroup(&world)
  world.appendOutcome = .notEnoughReplicas
  let join = world.join(instance: "i-1")
  #expect(world.error(join) == .coordinatorNotAvailable)
  #expect(world.heartbeat(member: old, generation: 1, instance: "i-1") == ErrorCode.none)
  let sync = world.sync(member: old, generation: 1, instance: "i-1")
  #expect(world.synced(sync).assignment == [7])
  #expect(world.violations == [])
}

/// Goal: no old id that the log has given away. Method: the new id's record is in the log, but its replication takes
/// long; the client is refused, and the record succeeds later.
@Test func staticMemberWhoseNewIDIsInDoubtIsNotGivenTheOldOne() {
  var world = GroupWorld()
  let old = staticGroup(&world)
  world.appendOutcome = nil
  let join = world.join(instance: "i-1")
  world.endFirst(.requestTimedOut)
  #expect(world.error(join) == .coordinatorNotAvailable)
  #expect(world.heartbeat(member: old, generation: 1, instance: "i-1") == .fencedInstanceId)
  world.endFirst()
  #expect(world.violations == [])
  world.appendOutcome = ErrorCode.none
  let again = world.join(instance: "i-1")
  #expect(world.joined(again).generationId == 1)
}

@Test func administratorRemovesAStaticMemberByItsInstanceID() {
  var world = GroupWorld()
  let member = staticGroup(&world)
  let leave = world.leave([("", "i-1")])
  #expect(world.left(leave).members.map(\.errorCode) == [0])
  #expect(world.heartbeat(member: member, generation: 1, instance: "i-1") == .unknownMemberId)
  #expect(world.state() == "Empty")
}

@Test func staticMemberKeepsItsPlaceUntilItsSessionEnds() {
  var world = GroupWorld()
  let old = staticGroup(&world)
  let (dynamic, member) = world.joinNew(sessionMs: 60_000, rebalanceMs: 6000)
  world.advance(9_000)
  #expect(world.isWaiting(dynamic))
  // Without the static member's return the rebalance ends with its session.
  world.advance(1_000)
  #expect(world.joined(dynamic).members.map(\.memberId) == [member])
  #expect(world.heartbeat(member: old, generation: 1, instance: "i-1") == .unknownMemberId)
  #expect(world.violations == [])
}
