import KafkaClient
import Testing

@testable import Monitor

/// Where a long poll waits for a broker's own word, and what its answer means.
@Suite struct FarewellWatchTests {
  private static func partition(
    _ id: Int32, leader: Int32, replicas: [Int32], epoch: Int32 = 0
  ) -> PartitionMap.Partition {
    .init(id: id, leader: leader, leaderEpoch: epoch, replicas: replicas, isr: replicas, offline: [])
  }

  private static func metadata(_ partitions: [PartitionMap.Partition]) -> ClusterObservation.Metadata {
    .init(
      clusterID: "c", controller: 1,
      brokers: [1, 2, 3].map { .init(id: $0, host: "127.0.0.1", port: 9091 + $0) },
      topics: [.init(name: "t", isInternal: false, minISR: 2, partitions: partitions)])
  }

  private static func ends(_ ends: [Int64]) -> [ClusterObservation.Extent] {
    ends.enumerated().map { .init(topic: "t", partition: Int32($0.offset), start: 0, end: $0.element) }
  }

  /// Of what a broker leads: what prefers it, then what is written least; a broker that leads nothing is not asked.
  @Test func onePartitionOfEachLeaderIsWatched() {
    let metadata = Self.metadata([
      Self.partition(0, leader: 1, replicas: [2, 1]), Self.partition(1, leader: 1, replicas: [1, 2], epoch: 4),
      Self.partition(2, leader: 1, replicas: [1, 2]), Self.partition(3, leader: 2, replicas: [1, 2]),
      Self.partition(4, leader: -1, replicas: [3, 2]),
    ])
    let posts = FarewellWatch.posts(metadata, Self.ends([0, 7, 90, 5, 1]), keeping: [:])
    #expect(posts.keys.sorted() == [1, 2])
    #expect(
      posts[1]
        == .init(
          address: .init(host: "127.0.0.1", port: 9092), topic: "t", partition: 1, leaderEpoch: 4, offset: 7))
    #expect(posts[2]?.partition == 3)
  }

  /// Where a poll waits already it stays, with the newest epoch and offset, until the partition is led elsewhere.
  @Test func pollsStayWhereTheyAre() {
    var metadata = Self.metadata([
      Self.partition(0, leader: 1, replicas: [1, 2]), Self.partition(1, leader: 1, replicas: [1, 2]),
    ])
    let first = FarewellWatch.posts(metadata, Self.ends([5, 9]), keeping: [:])
    #expect(first[1]?.partition == 0)
    metadata.topics[0].partitions[0].leaderEpoch = 1
    let second = FarewellWatch.posts(metadata, Self.ends([100, 9]), keeping: first)
    #expect(second[1]?.partition == 0 && second[1]?.leaderEpoch == 1 && second[1]?.offset == 100)
    metadata.topics[0].partitions[0].leader = 2
    #expect(FarewellWatch.posts(metadata, Self.ends([100, 9]), keeping: second)[1]?.partition == 1)
  }

  @Test(arguments: [
    (code: Int16(0), leader: Int32(-1), word: FarewellWatch.Word.leads), (6, -1, .leadsNoMore), (74, 3, .leadsNoMore),
    (74, 2, .unclear), (1, -1, .unclear), (29, -1, .unclear),
  ])
  func answersMeanWhatTheySay(_ answer: (code: Int16, leader: Int32, word: FarewellWatch.Word)) {
    #expect(FarewellWatch.word(answer.code, leader: answer.leader, from: 2) == answer.word)
  }
}
