import Primitives
import Testing
import Wire

@testable import Groups

@Test func stableGroupIsDescribedInFull() {
  var world = GroupWorld()
  let group = world.stableGroup(members: 2)
  let answer = world.describe()
  #expect(answer.errorCode == 0)
  #expect(answer.groupState == "Stable")
  #expect(answer.protocolType == "consumer")
  #expect(answer.protocolData == "range")
  #expect(answer.members.map(\.memberId) == group.members)
  #expect(answer.members.map(\.clientId) == ["client", "client"])
  #expect(answer.members.map(\.clientHost) == ["/127.0.0.1", "/127.0.0.1"])
  #expect(answer.members.map(\.memberAssignment) == [[0], [1]])
  #expect(answer.members.map(\.memberMetadata) == [subscription(["t"]), subscription(["t"])])
}

@Test func groupInARebalanceIsDescribedWithoutAssignments() {
  var world = GroupWorld()
  _ = world.stableGroup()
  _ = world.joinNew()
  let answer = world.describe()
  #expect(answer.groupState == "PreparingRebalance")
  #expect(answer.protocolData == "")
  #expect(answer.members.count == 2)
  #expect(answer.members.allSatisfy { $0.memberAssignment.isEmpty && $0.memberMetadata.isEmpty })
}

@Test func unknownGroupIsDeadAndFromVersion6NotFound() {
  var world = GroupWorld()
  let old = world.describe("nowhere", version: 5)
  #expect(old.groupState == "Dead")
  #expect(old.errorCode == 0)
  let new = world.describe("nowhere", version: 6)
  #expect(new.groupState == "Dead")
  #expect(new.errorCode == ErrorCode.groupIdNotFound.rawValue)
  #expect(new.errorMessage == "Group nowhere not found.")
}

@Test func groupsAreListedByStateAndType() {
  var world = GroupWorld()
  _ = world.stableGroup("b")
  _ = world.commit("a", offset: 1)
  _ = world.stableGroup("c")
  _ = world.joinNew("c")
  let all = world.list().groups
  #expect(all.map(\.groupId) == ["a", "b", "c"])
  #expect(all.map(\.groupState) == ["Empty", "Stable", "PreparingRebalance"])
  #expect(all.map(\.protocolType) == ["", "consumer", "consumer"])
  #expect(all.map(\.groupType) == ["classic", "classic", "classic"])
  #expect(world.list(states: ["stable", "EMPTY"]).groups.map(\.groupId) == ["a", "b"])
  #expect(world.list(types: ["Classic"]).groups.count == 3)
  #expect(world.list(types: ["consumer"]).groups.isEmpty)
}
