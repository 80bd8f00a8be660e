import Testing

@testable import Monitor

@Suite struct ReluctanceTests {
  @Test func whoKeepsSilentIsAskedEverMoreSeldom() {
    var reluctance = Reluctance()
    var asked: [Int] = []
    for round in 0..<200 where reluctance.asks(1, round: round) {
      asked.append(round)
      reluctance.note(1, hasAnswered: false, round: round)
    }
    #expect(asked == [0, 2, 6, 14, 30, 62, 126, 190])
    #expect(reluctance.asks(2, round: 191), "the others are asked as ever")
    reluctance.note(1, hasAnswered: true, round: 254)
    #expect(reluctance.asks(1, round: 255))
    reluctance.note(1, hasAnswered: false, round: 255)
    #expect(!reluctance.asks(1, round: 256) && reluctance.asks(1, round: 257))
  }
}
