import CommitLog
import Controller
import Primitives
import Testing
import Wire

@testable import Broker

private let posts = TopicID(high: 7, low: 1)

/// A broker's logs on a disk in memory, found there at its start: of each partition of `posts` one.
private func store(partitions: Int) throws -> (LogStore, MemoryFileSystem) {
  let files = MemoryFileSystem()
  let directory = LogDirectory(path: "logs", fileSystem: files)
  try files.makeDirectory("logs")
  for index in 0..<partitions {
    let name = TopicPartition("posts", PartitionID(Int32(index)))
    try directory.createFolder(of: name, topicID: posts)
    _ = try PartitionLog.create(
      directory: directory.folder(of: name), config: LogConfig(), fileSystem: files, now: 0)
  }
  let configuration = try BrokerConfiguration(
    parsing: """
      node.id=1
      listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9192
      controller.quorum.voters=1@127.0.0.1:9192
      log.dirs=logs
      """, file: "server.properties")
  let store = LogStore(
    directory: directory, files: files, configuration: configuration, wasCleanShutdown: false,
    random: RandomSource(seed: 1), log: Logger(level: .error, node: 1))
  try store.load(wallClock: 0)
  return (store, files)
}

/// Metadata in which `posts` has these replicas, a list for each partition.
private func image(_ replicas: [[Int32]]) throws -> MetadataImage {
  var image = MetadataImage()
  var topic = TopicRecord()
  topic.name = "posts"
  topic.topicId = posts
  try image.apply(.topic(topic), at: Offset(0))
  for (index, ids) in replicas.enumerated() {
    var partition = PartitionRecord()
    partition.topicId = posts
    partition.partitionId = Int32(index)
    partition.replicas = ids
    partition.isr = ids
    partition.leader = ids[0]
    try image.apply(.partition(partition), at: Offset(Int64(index + 1)))
  }
  return image
}

/// Goal: what a broker does not hold any more does not stay on its disk (docs/non-obvious.md). Method: it comes back,
/// and of three partitions it still holds one; of one the replica has moved, and one is gone.
@Test func logsOfReplicasThatMovedAwayAreRemoved() throws {
  let (store, files) = try store(partitions: 3)
  #expect(try files.list("logs") == ["posts-0", "posts-1", "posts-2"])
  store.removeStrays(keeping: try image([[2, 1], [2, 3]]))
  let left = try files.list("logs").filter { !$0.hasSuffix("-delete") }
  #expect(left == ["posts-0"])
  #expect(store.open.keys.map(\.description) == ["posts-0"])
  #expect(store.claim(TopicIDPartition(posts, PartitionID(0)), config: LogConfig()) != nil)
  #expect(store.claim(TopicIDPartition(posts, PartitionID(1)), config: LogConfig()) == nil)
}

/// Goal: a high watermark that is stored is of the log that is there now, even after a crash (docs/non-obvious.md).
/// Method: it is stored, the topic goes and comes again under its name; the file is read before the next checkpoint.
@Test func checkpointsOfAnEarlierLogOfTheNameAreForgotten() throws {
  let (store, files) = try store(partitions: 2)
  let directory = LogDirectory(path: "logs", fileSystem: files)
  let names = (0..<2).map { TopicPartition("posts", PartitionID($0)) }
  for name in names { store.noteHighWatermark(Offset(100), of: name) }
  store.tick(at: .milliseconds(1), wallClock: 0)
  #expect(try Set(directory.read(.replication).keys) == Set(names))
  let log = try #require(store.claim(TopicIDPartition(posts, PartitionID(0)), config: LogConfig()))
  store.remove(log, id: TopicIDPartition(posts, PartitionID(0)), name: names[0])
  let again = TopicIDPartition(TopicID(high: 7, low: 2), PartitionID(0))
  _ = store.plan(again, topic: "posts", config: LogConfig())
  #expect(try Set(directory.read(.replication).keys) == [names[1]])
}
