import Primitives
import Testing

@testable import Monitor

/// The canary's decisions in virtual time, against brokers that answer, err, or say nothing.
struct CanaryCoreTests {
  @Test func writesThroughEveryBrokerOnceASecondAndReadsBack() {
    var world = World()
    world.run(milliseconds: 10_000)
    let view = world.view
    #expect(view.brokers.map(\.id) == [1, 2, 3])
    #expect(view.brokers.map(\.ok) == [true, true, true])
    #expect(view.brokers.allSatisfy { $0.error == nil && $0.at != nil })
    #expect(world.writes.count == 30)
    #expect(Set(world.writes.map { [$0.lane, $0.partition, $0.target] }) == [[1, 0, 1], [2, 1, 2], [3, 2, 3]])
    // Ten ticks of a millisecond for a write, five for a read.
    #expect(view.producePercentile50 == 10)
    #expect(view.producePercentile99 == 10)
    #expect(view.endToEndPercentile99 == 15)
  }

  @Test func aSilentBrokerDelaysNoOtherAndItsAgeCounts() {
    var world = World()
    world.run(milliseconds: 5_000)
    world.silent = [2]
    world.run(milliseconds: 4_000)
    let view = world.view
    #expect(view.brokers.map(\.ok) == [true, false, true])
    #expect(view.brokers[1].error == "no answer")
    let age = view.brokers[1].produceMilliseconds ?? 0
    #expect(age > 3_000 && age <= 4_000)
    #expect(view.produceMax == age)
    #expect(view.producePercentile99 == age)
    #expect(view.producePercentile50 == 10)
    // So does the age of what has not come back.
    #expect(view.endToEndPercentile99 == age)
    #expect(world.writes.filter { $0.lane == 1 }.count == 9)
    // It comes back: the answer ends the round, the next ones are quick.
    world.silent = []
    world.run(milliseconds: 3_000)
    #expect(world.view.brokers[1].ok == true)
    #expect((world.view.produceMax ?? 0) > 3_000, "the slow write stays in the window")
    world.run(milliseconds: 11_000)
    #expect(world.view.produceMax == 10)
  }

  @Test func aRoundThatNobodyAnswersFailsAfterItsTimeAndTheNextBegins() {
    var world = World()
    world.run(milliseconds: 5_000)
    let before = world.writes.count { $0.lane == 2 }
    world.silent = [2]
    world.run(milliseconds: 13_000)
    #expect(world.writes.count { $0.lane == 2 } == before + 2)
    #expect(world.abandoned.map(\.lane) == [2])
    #expect(world.view.brokers[1].ok == false)
  }

  @Test func errorsHaveKafkasNamesAndTheStepIsTriedAgain() {
    var world = World()
    world.run(milliseconds: 5_000)
    world.errors = [1: "NOT_ENOUGH_REPLICAS", 2: "NOT_ENOUGH_REPLICAS", 3: "NOT_ENOUGH_REPLICAS"]
    world.run(milliseconds: 3_000)
    #expect(world.view.brokers.map(\.error) == Array(repeating: "NOT_ENOUGH_REPLICAS", count: 3))
    #expect(world.view.brokers.allSatisfy { $0.ok == false })
    world.errors = [:]
    world.run(milliseconds: 2_500)
    #expect(world.view.brokers.allSatisfy { $0.ok == true && $0.error == nil })
  }

  @Test func lateTestEventsAreToldOnceUntilOneComesThrough() {
    var world = World()
    world.run(milliseconds: 5_000)
    #expect(world.tellings.isEmpty)
    let begin = world.now
    world.silent = [1, 2, 3]
    world.run(milliseconds: 9_000)
    #expect(world.tellings.count == 3)
    // The next test event begins within a second, and 0.8 s are patience.
    #expect(world.tellings.allSatisfy { $0 - begin < .milliseconds(1_900) })
    world.silent = []
    world.run(milliseconds: 5_000)
    world.silent = [1]
    world.run(milliseconds: 3_000)
    #expect(world.tellings.count == 4)
  }

  /// Broker 2 dies; broker 3 leads its partition before metadata tells. The round's time is the client's, and nothing
  /// is said of broker 2 by rounds that went elsewhere.
  @Test func aRoundFollowsTheLeaderWithoutWaitingForMetadata() {
    var world = World()
    world.run(milliseconds: 5_000)
    world.errors = [2: "connection refused"]
    world.run(milliseconds: 1_500)
    #expect(world.view.brokers[1].ok == false)
    #expect(world.view.brokers[1].error == "connection refused")
    world.leaders[1] = 3
    world.publishes = false
    world.run(milliseconds: 1_000)
    #expect(world.view.brokers[1].ok == nil)
    #expect(world.view.brokers[1].error == nil)
    let slowest = world.view.produceMax ?? 0
    #expect(slowest > 500 && slowest < 2_100)
    // Back, in the ISR, and elected again because the canary asks for it.
    world.errors = [:]
    world.publishes = true
    world.run(milliseconds: 12_000)
    #expect(!world.elections.isEmpty && world.elections.allSatisfy { $0 == [1] })
    world.leaders[1] = 2
    world.run(milliseconds: 2_500)
    #expect(world.view.brokers[1].ok == true)
  }

  @Test func aLeaderThatIsSilentIsLeftWhenAnotherLeads() {
    var world = World()
    world.run(milliseconds: 5_000)
    world.silent = [2]
    world.run(milliseconds: 2_000)
    world.leaders[1] = 1
    world.run(milliseconds: 1_100)
    #expect(world.abandoned.map(\.target) == [2])
    #expect(world.writes.last { $0.lane == 2 }?.target == 1)
    #expect(world.view.brokers[1].ok == nil)
  }

  @Test func theTopicIsMadeOnceBrokersStayTheSame() {
    var world = World()
    world.hasTopic = false
    world.brokers = [1]
    world.run(milliseconds: 2_000)
    world.brokers = [1, 2, 3, 4]
    world.run(milliseconds: 2_000)
    #expect(world.creations.isEmpty)
    world.run(milliseconds: 2_000)
    #expect(world.creations == [[[1, 2, 3], [2, 3, 4], [3, 4, 1], [4, 1, 2]]])
    #expect(world.view == CanaryView(), "nothing is known before there is a topic")
    world.run(milliseconds: 6_000)
    #expect(world.creations.count == 2, "asked for again")
  }

  @Test func brokersThatComeLaterGetAPartition() {
    var world = World()
    world.run(milliseconds: 5_000)
    world.brokers = [1, 2, 3, 4]
    world.run(milliseconds: 4_500)
    #expect(world.growths == [4])
    #expect(world.grown == [[4, 1, 2]])
    world.replicas.append([4, 1, 2])
    world.leaders.append(4)
    world.run(milliseconds: 3_000)
    #expect(world.view.brokers.map(\.id) == [1, 2, 3, 4])
    #expect(world.view.brokers.map(\.ok) == [true, true, true, true])
  }

  @Test func anotherRecordThanTheOneWrittenIsAnError() {
    var world = World()
    world.run(milliseconds: 5_000)
    world.readsBackWrongly = true
    world.run(milliseconds: 3_000)
    #expect(world.view.brokers[0].ok == false)
    #expect(world.view.brokers[0].error == "another record came back")
  }

  @Test func percentilesAreOfTheNearestRank() {
    let values = (1...100).map { TimeSpan.milliseconds($0) }
    #expect(CanaryCore.percentile(values, 0.5) == .milliseconds(50))
    #expect(CanaryCore.percentile(values, 0.99) == .milliseconds(99))
    #expect(CanaryCore.percentile([.milliseconds(7)], 0.99) == .milliseconds(7))
    #expect(CanaryCore.percentile([], 0.5) == nil)
  }

  @Test func aRecordIsFoundByItsOffsetAndValue() throws {
    let batch = try CanaryCoreTests.batch(7, at: 41)
    #expect(CanaryRequests.holds(batch, 7, at: 41))
    #expect(!CanaryRequests.holds(batch, 8, at: 41))
    #expect(!CanaryRequests.holds(batch, 7, at: 40))
    #expect(try CanaryRequests.holds(Self.batch(6, at: 40) + batch, 7, at: 41))
    #expect(!CanaryRequests.holds(Array(batch.dropLast(3)), 7, at: 41))
    #expect(!CanaryRequests.holds([], 7, at: 41))
  }
}
