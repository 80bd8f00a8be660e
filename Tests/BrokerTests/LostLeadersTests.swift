import Primitives
import Testing

@testable import Broker

@Suite struct LostLeadersTests {
  private let start = Instant(nanoseconds: 1_000_000_000)
  private let broker = BrokerID(2)

  @Test func anAnswerWaitsForALostLeaderUntilTheLimit() {
    var leaders = LostLeaders()
    #expect(!leaders.holds(broker, epoch: BrokerEpoch(7), at: start))
    let due = leaders.lost(broker, epoch: BrokerEpoch(7), at: start)
    #expect(due == start + LostLeaders.limit)
    #expect(leaders.isAnyLost)
    #expect(leaders.holds(broker, epoch: BrokerEpoch(7), at: start + .milliseconds(999)))
    #expect(!leaders.holds(broker, epoch: BrokerEpoch(7), at: start + LostLeaders.limit))
    #expect(!leaders.holds(BrokerID(3), epoch: BrokerEpoch(7), at: start))
  }

  @Test func aNewLifeOfTheBrokerIsNotWaitedFor() {
    var leaders = LostLeaders()
    _ = leaders.lost(broker, epoch: BrokerEpoch(7), at: start)
    #expect(!leaders.holds(broker, epoch: BrokerEpoch(8), at: start))
    let due = leaders.lost(broker, epoch: BrokerEpoch(8), at: start)
    #expect(due == start + LostLeaders.limit)
  }

  @Test func failingToConnectAgainHoldsNothingLonger() {
    var leaders = LostLeaders()
    _ = leaders.lost(broker, epoch: BrokerEpoch(7), at: start)
    let again = leaders.lost(broker, epoch: BrokerEpoch(7), at: start + .milliseconds(900))
    #expect(again == nil)
    #expect(!leaders.holds(broker, epoch: BrokerEpoch(7), at: start + .milliseconds(1500)))
  }

  @Test func aConnectionMadeAgainEndsTheWaitAndALaterLossCountsAnew() {
    var leaders = LostLeaders()
    _ = leaders.lost(broker, epoch: BrokerEpoch(7), at: start)
    let isNews = leaders.isBack(broker)
    let isNewsAgain = leaders.isBack(broker)
    #expect(isNews && !isNewsAgain)
    #expect(!leaders.holds(broker, epoch: BrokerEpoch(7), at: start))
    let later = leaders.lost(broker, epoch: BrokerEpoch(7), at: start + .seconds(5))
    #expect(later == start + .seconds(5) + LostLeaders.limit)
  }

  @Test func whatIsHeldIsTakenOnceAndMayBeHeldAgain() {
    var leaders = LostLeaders()
    var answered = 0
    leaders.hold { answered += 1 }
    leaders.hold { answered += 10 }
    for answer in leaders.takeHeld() { answer() }
    #expect(answered == 11)
    let left = leaders.takeHeld()
    #expect(left.isEmpty)
  }
}
