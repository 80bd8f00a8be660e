import Primitives
import Testing

@Suite struct PrimitivesTests {
  /// Kafka's textual ids read and write alike.
  @Test func uuidsKeepTheirText() {
    var random = RandomSource(seed: 3)
    for _ in 0..<1000 {
      let id = UUID128.random(using: &random)
      #expect(id.description.count == 22 && !id.description.hasPrefix("-"))
      #expect(UUID128(id.description) == id)
    }
    #expect(UUID128.metadataTopic.description == "AAAAAAAAAAAAAAAAAAAAAQ")
    #expect(UUID128("AAAAAAAAAAAAAAAAAAAAAA") == .zero)
    #expect(UUID128("too short") == nil)
    #expect(UUID128("*AAAAAAAAAAAAAAAAAAAAA") == nil)
  }

  @Test func sameSeedSameChance() {
    var a = RandomSource(seed: 42).stream("election")
    var b = RandomSource(seed: 42).stream("election")
    var c = RandomSource(seed: 42).stream("network")
    let draws = (0..<100).map { _ in a.next() }
    #expect(draws == (0..<100).map { _ in b.next() })
    #expect(draws != (0..<100).map { _ in c.next() })
  }

  @Test func spansDoNotOverflow() {
    #expect(Instant.zero + .milliseconds(.max) == .distantFuture)
    #expect(TimeSpan.seconds(2) == .milliseconds(2000))
  }
}
