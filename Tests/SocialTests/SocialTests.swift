import Primitives
import Social
import Testing

private func traffic(seed: UInt64) -> Traffic {
  Traffic(seed: seed, run: 7, startMilliseconds: 1_700_000_000_123, rate: 1000)
}

@Test func theSameSeedGivesTheSameBytes() {
  let one = traffic(seed: 1)
  let same = traffic(seed: 1)
  // Asked in another order, too: event n depends on n alone.
  for sequence in (0..<500).reversed() { #expect(one.event(sequence) == same.event(sequence)) }
  let other = traffic(seed: 2)
  #expect((0..<500).contains { one.event($0).body != other.event($0).body })
}

/// Against Kafka's own hash: `org.apache.kafka.common.utils.Utils.murmur2` of 4.3.1.
@Test(
  arguments: [
    ("", 275_646_681, 0, 2), ("a", -1_563_381_124, 1, 5), ("ab", 316_155_434, 2, 0), ("abc", 479_470_107, 0, 4),
    ("abcd", -1_323_649_548, 2, 5), ("user-1", 1_404_122_828, 2, 3), ("content-99", 974_437_467, 0, 3),
  ] as [(String, Int32, Int32, Int32)])
func keysHashAsInKafkasClients(_ row: (key: String, hash: Int32, of3: Int32, of7: Int32)) {
  let bytes = Array(row.key.utf8)
  #expect(Murmur2.hash(bytes) == row.hash)
  #expect(Murmur2.partition(of: bytes, count: 3) == row.of3)
  #expect(Murmur2.partition(of: bytes, count: 7) == row.of7)
}

/// Rank 1 comes 2^0.99 times as often as rank 2, 10^0.99 times as often as rank 10.
@Test func popularityFollowsZipfsLaw() {
  let zipf = Zipf(count: 1000)
  var random = RandomSource(seed: 3)
  var counts = [Int](repeating: 0, count: 1000)
  for _ in 0..<400_000 { counts[zipf.draw(using: &random)] += 1 }
  let first = Double(counts[0])
  #expect((1.9...2.1).contains(first / Double(counts[1])))
  #expect((9.1...10.5).contains(first / Double(counts[9])))
  #expect(counts.reduce(0, +) == 400_000)
  #expect(counts[990...].reduce(0, +) > 0)
}

@Test func eventsSayWhatTheyAre() throws {
  let traffic = traffic(seed: 4)
  var perTopic = [0, 0, 0]
  for sequence in 0..<2000 {
    let event = traffic.event(sequence)
    perTopic[event.topic.rawValue] += 1
    #expect(EventIdentity(body: event.body) == EventIdentity(run: 7, sequence: sequence))
    #expect(event.headers.map(\.name) == ["ce_specversion", "ce_id", "ce_type", "ce_source", "ce_time"])
    #expect((0..<event.topic.partitionCount).contains(event.partition))
    #expect(event.body.last == UInt8(ascii: "}"))
    if event.topic == .userActions {
      let user = try #require(Int32(String(decoding: event.key, as: UTF8.self)))
      #expect(event.partition == user % 3)
    }
    if event.topic == .contentInteractions { #expect(event.partition == Murmur2.partition(of: event.key, count: 3)) }
  }
  #expect(perTopic.allSatisfy { $0 > 100 })
}

@Test func timesAreThoseOfTheSchedule() {
  let traffic = traffic(seed: 5)
  #expect(traffic.due(0) == .zero)
  #expect(traffic.due(1500) == .milliseconds(1500))
  let time = traffic.event(877).headers.first { $0.name == "ce_time" }?.value ?? []
  #expect(String(decoding: time, as: UTF8.self) == "2023-11-14T22:13:21.000Z")
}

@Test func strangersAreNotTakenForOurs() {
  for text in ["", "{", "{\"run\":", "{\"run\":1,\"seq\":", "{\"run\":99999999999999999999,\"seq\":1}", "hello"] {
    #expect(EventIdentity(body: Array(text.utf8)) == nil)
  }
}
