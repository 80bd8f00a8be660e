import Primitives
import Testing
import Wire

@testable import Monitor

/// What a coordinator's answers say of a group.
@Suite struct GroupObservationTests {
  private var listed = ListGroupsResponse.ListedGroup()
  private var described = DescribeGroupsResponse.DescribedGroup()

  init() {
    listed.groupId = "g"
    listed.groupState = "Stable"
    listed.groupType = "classic"
    described.groupId = "g"
    described.groupState = "PreparingRebalance"
    described.members = [DescribeGroupsResponse.DescribedGroupMember()]
  }

  private func group() -> ClusterObservation.Group {
    BrokerProbe.group(
      listed, described, [.init(topic: "t", partition: 0, committed: 7)], coordinator: 3)
  }

  @Test func whatIsDescribedIsNewest() {
    #expect(group().state == "PreparingRebalance")
    #expect(group().members == 1)
    #expect(group().positions?.map(\.committed) == [7])
    #expect(group().coordinator == 3)
  }

  @Test mutating func whatCannotBeDescribedIsNotEmpty() {
    described.errorCode = ErrorCode.groupAuthorizationFailed.rawValue
    described.groupState = ""
    described.members = []
    #expect(group().state == "Stable")
    #expect(group().members == nil)
    // Before version 4 lists tell no states.
    listed.groupState = ""
    listed.groupType = ""
    #expect(group().state == nil)
  }

  @Test(arguments: ["Consumer", "consumer", "share"])
  mutating func groupsOfOtherProtocolsAreNotDead(_ type: String) {
    listed.groupType = type
    described.groupState = "Dead"
    described.members = []
    #expect(group().state == "Stable")
    #expect(group().members == nil)
  }
}
