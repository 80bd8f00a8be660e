import Primitives
import Testing
import Wire

@testable import Groups

@Test func newMemberIsGivenAnIDAndMustComeBackWithIt() {
  var world = GroupWorld()
  let first = world.join(clientID: "app")
  #expect(world.error(first) == .memberIdRequired)
  let member = world.joined(first).memberId
  #expect(member.hasPrefix("app-"))
  #expect(member.count == "app-".count + 36)
  #expect(world.joined(first).generationId == -1)
  let second = world.join(member: member)
  #expect(world.error(second) == ErrorCode.none)
  #expect(world.joined(second).generationId == 1)
  #expect(world.joined(second).leader == member)
  #expect(world.violations == [])
}

@Test func beforeVersion4AMemberJoinsAtOnce() {
  var world = GroupWorld()
  let token = world.join(version: 3)
  #expect(world.error(token) == ErrorCode.none)
  #expect(world.joined(token).memberId.hasPrefix("client-"))
}

@Test func equalSeedsGiveEqualMemberIDsAndOthersDoNot() {
  var ids: [String] = []
  for seed: UInt64 in [5, 5, 6] {
    var world = GroupWorld(seed: seed)
    let token = world.join()
    ids.append(world.joined(token).memberId)
  }
  #expect(ids[0] == ids[1])
  #expect(ids[0] != ids[2])
}

@Test func emptyGroupIDIsInvalid() {
  var world = GroupWorld()
  let join = world.join("")
  let sync = world.sync("", member: "m", generation: 1)
  let leave = world.leave([("m", nil)], group: "")
  #expect(world.error(join) == .invalidGroupId)
  #expect(world.error(sync) == .invalidGroupId)
  #expect(world.error(leave) == .invalidGroupId)
  #expect(world.heartbeat("", member: "m", generation: 1) == .invalidGroupId)
}

/// Stored strings have 16-bit lengths: what does not fit is refused, and never written.
@Test func namesTooLongForTheLogAreRefused() {
  var world = GroupWorld()
  let long = String(repeating: "x", count: 40_000)
  let group = world.join(long)
  let type = world.join(type: long)
  let name = world.join(protocols: [(long, [])])
  let instance = world.join(instance: String(repeating: "x", count: 32_767))
  let topic = world.commit(topic: long, offset: 1)
  #expect(world.error(group) == .invalidGroupId)
  #expect(world.error(type) == .invalidRequest)
  #expect(world.error(name) == .invalidRequest)
  #expect(world.error(instance) == .invalidRequest)
  #expect(world.error(topic) == .invalidTopicException)
  #expect(world.log.isEmpty)
}

@Test(arguments: [(5999, false), (6000, true), (1_800_000, true), (1_800_001, false)])
func sessionTimeoutHasBounds(_ milliseconds: Int32, _ isAllowed: Bool) {
  var world = GroupWorld()
  let token = world.join(sessionMs: milliseconds)
  #expect(world.error(token) == (isAllowed ? .memberIdRequired : .invalidSessionTimeout))
}

@Test func unknownMemberMakesNoGroup() {
  var world = GroupWorld()
  let token = world.join(member: "stranger")
  #expect(world.error(token) == .unknownMemberId)
  #expect(world.list().groups.isEmpty)
  #expect(world.log.isEmpty)
}

@Test func strangerIsRefusedInAnExistingGroup() {
  var world = GroupWorld()
  _ = world.stableGroup()
  let token = world.join(member: "stranger")
  #expect(world.error(token) == .unknownMemberId)
  #expect(world.state() == "Stable")
}

@Test func onlyTheLeaderIsToldWhoTheMembersAre() {
  var world = GroupWorld()
  let one = world.stableGroup()
  let (second, member) = world.joinNew(topics: ["u"])
  #expect(world.isWaiting(second))
  #expect(world.state() == "PreparingRebalance")
  let again = world.join(member: one.leader)
  let leader = world.joined(again)
  #expect(leader.leader == one.leader)
  #expect(leader.generationId == 2)
  #expect(leader.members.map(\.memberId) == [one.leader, member])
  #expect(leader.members.map(\.metadata) == [subscription(["t"]), subscription(["u"])])
  #expect(leader.protocolType == "consumer")
  #expect(leader.protocolName == "range")
  #expect(world.joined(second).members.isEmpty)
  #expect(world.joined(second).leader == one.leader)
  #expect(world.state() == "CompletingRebalance")
}

@Test func protocolWithMostVotesAmongTheCommonOnesIsChosen() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 100 }
  let a = world.join(protocols: [("range", []), ("sticky", [])], version: 3)
  let b = world.join(protocols: [("sticky", []), ("range", [])], version: 3)
  let c = world.join(protocols: [("only-mine", []), ("sticky", []), ("range", [])], version: 3)
  world.advance(1000)
  for token in [a, b, c] { #expect(world.joined(token).protocolName == "sticky") }
}

@Test func memberWithoutACommonProtocolIsRefused() {
  var world = GroupWorld()
  _ = world.stableGroup()
  let otherName = world.join(protocols: [("sticky", [])])
  let otherType = world.join(type: "connect")
  let none = world.join("new", protocols: [])
  let untyped = world.join("new", type: "")
  for token in [otherName, otherType, none, untyped] { #expect(world.error(token) == .inconsistentGroupProtocol) }
  #expect(world.state() == "Stable")
  #expect(world.state("new") == "Dead")
}

@Test func firstRebalanceWaitsForMoreMembersUntilTheRebalanceTimeout() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 3000 }
  let a = world.join(rebalanceMs: 7000, version: 3)
  world.advance(2900)
  let b = world.join(rebalanceMs: 7000, version: 3)
  world.advance(200)
  // The first delay is over, and somebody came: it is extended.
  #expect(world.isWaiting(a))
  world.advance(2800)
  let c = world.join(rebalanceMs: 7000, version: 3)
  world.advance(200)
  // Only one second is left of the timeout.
  #expect(world.isWaiting(a))
  world.advance(1000)
  for token in [a, b, c] { #expect(world.joined(token).generationId == 1) }
  #expect(world.violations == [])
}

@Test func firstRebalanceEndsAfterOneDelayWhenNobodyElseComes() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 3000 }
  let a = world.join(version: 3)
  world.advance(2999)
  #expect(world.isWaiting(a))
  world.advance(1)
  #expect(world.joined(a).generationId == 1)
}

@Test func memberThatDoesNotRejoinInTimeIsLeftOut() {
  var world = GroupWorld()
  let group = world.stableGroup()
  let (token, member) = world.joinNew(rebalanceMs: 20_000)
  // It stays alive by heartbeats, and hears of the rebalance, but does not join.
  for _ in 0..<11 {
    world.advance(5000)
    #expect(world.heartbeat(member: group.leader, generation: group.generation) == .rebalanceInProgress)
  }
  #expect(world.isWaiting(token))
  world.advance(5000)
  #expect(world.joined(token).members.map(\.memberId) == [member])
  #expect(world.joined(token).leader == member)
  #expect(world.heartbeat(member: group.leader, generation: group.generation) == .unknownMemberId)
  #expect(world.violations == [])
}

@Test func version0TakesTheSessionTimeoutForRebalances() {
  var world = GroupWorld()
  let a = world.join(sessionMs: 10_000, rebalanceMs: -1, version: 0)
  let leader = world.joined(a).memberId
  _ = world.sync(member: leader, generation: 1, assignments: [(leader, [1])])
  let b = world.join(sessionMs: 10_000, rebalanceMs: -1, version: 0)
  world.advance(9_000)
  #expect(world.heartbeat(member: leader, generation: 1) == .rebalanceInProgress)
  #expect(world.isWaiting(b))
  world.advance(1_000)
  #expect(world.joined(b).generationId == 2)
}

@Test func idThatIsNeverUsedDoesNotHoldUpARebalanceForLong() {
  var world = GroupWorld()
  let group = world.stableGroup()
  _ = world.join(sessionMs: 6000)
  let again = world.join(member: group.leader)
  #expect(world.isWaiting(again))
  world.advance(6000)
  #expect(world.joined(again).generationId == 2)
}

@Test func newMemberThatWaitsTooLongIsTakenForGone() {
  var world = GroupWorld { $0.newMemberJoinTimeoutMs = 30_000 }
  let group = world.stableGroup()
  let (token, _) = world.joinNew(rebalanceMs: 600_000)
  for _ in 0..<6 {
    world.advance(5000)
    _ = world.heartbeat(member: group.leader, generation: group.generation)
  }
  #expect(world.error(token) == .unknownMemberId)
}

@Test func groupHasAGreatestSize() {
  var world = GroupWorld { $0.groupMaxSize = 2 }
  _ = world.stableGroup(members: 2)
  let first = world.join()
  #expect(world.error(first) == .groupMaxSizeReached)
  let other = world.join("other")
  #expect(world.error(other) == .memberIdRequired)
}

@Test func memberThatMissedTheAnswerIsToldTheGenerationAgain() {
  var world = GroupWorld()
  let (token, member) = world.joinNew()
  let again = world.join(member: member)
  #expect(world.joined(again) == world.joined(token))
  #expect(world.joined(again).members.count == 1)
  let changed = world.join(member: member, topics: ["t", "u"])
  #expect(world.joined(changed).generationId == 2)
}

@Test func followerThatRejoinsUnchangedDoesNotRebalanceAndTheLeaderDoes() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 2)
  let follower = group.members.first { $0 != group.leader } ?? ""
  let unchanged = world.join(member: follower)
  #expect(world.joined(unchanged).generationId == group.generation)
  #expect(world.joined(unchanged).members.isEmpty)
  #expect(world.state() == "Stable")
  let leader = world.join(member: group.leader)
  #expect(world.isWaiting(leader))
  #expect(world.state() == "PreparingRebalance")
}

@Test func secondJoinOfAWaitingMemberSupersedesTheFirst() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 2)
  let first = world.join(member: group.leader)
  let second = world.join(member: group.leader)
  #expect(world.error(first) == .rebalanceInProgress)
  #expect(world.isWaiting(second))
}

/// Goal: nobody to agree with, nobody to disagree with. Method: all leave while the first rebalance waits for more.
@Test func whoComesToARebalanceWithoutMembersIsTaken() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 3000 }
  let first = world.join(version: 3)
  #expect(world.isWaiting(first))
  let member = world.shard.groups["g"]?.leader ?? ""
  _ = world.leave([(member, nil)])
  #expect(world.state() == "PreparingRebalance")
  let second = world.join(protocols: [("sticky", subscription(["t"]))], version: 3)
  #expect(world.isWaiting(second))
  world.advance(10_000)
  #expect(world.joined(second).protocolName == "sticky")
}

/// A new group is in the log before anything else of it, as Kafka has it: so a group that never gets to an assignment
/// is known to the next coordinator, and forgotten by a tombstone.
@Test func newGroupIsWrittenFirst() throws {
  var world = GroupWorld()
  _ = world.join()
  let record = try #require(world.log.first?.first)
  #expect(world.log.count == 1)
  let value = try GroupMetadataValue.decodeWithVersionPrefix(record.value ?? [])
  #expect(leadingInt16(record.value ?? []) == 3)
  #expect(value.protocolType == "")
  #expect(value.generation == 0)
  #expect(value.protocol == nil)
  #expect(value.leader == nil)
  #expect(value.members.isEmpty)
  #expect(value.currentStateTimestamp == world.wallClockMs)
  world.moveCoordinator()
  #expect(world.state() == "Empty")
  let (join, _) = world.joinNew()
  #expect(world.joined(join).generationId == 1)
}

@Test func nobodyIsAMemberOfAGroupThatCouldNotBeWritten() {
  var world = GroupWorld { $0.groupInitialRebalanceDelayMs = 1000 }
  world.appendOutcome = .notEnoughReplicas
  let join = world.join(version: 3)
  #expect(world.error(join) == .coordinatorNotAvailable)
  #expect(world.state() == "Dead")
  world.appendOutcome = ErrorCode.none
  let again = world.join(version: 3)
  world.advance(1000)
  #expect(world.joined(again).generationId == 1)
  #expect(world.violations == [])
}
