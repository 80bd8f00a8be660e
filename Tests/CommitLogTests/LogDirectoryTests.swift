import CommitLog
import Foundation
import PosixFiles
import Primitives
import Testing

@Suite struct Directories {
  let id = UUID128(high: 1, low: 2)

  @Test func kafkasDirectoryIsUnderstood() throws {
    let path = Vectors.root.appendingPathComponent("n1-clean").path
    let directory = LogDirectory(path: path, fileSystem: PosixFileSystem())
    let properties = try #require(try directory.properties())
    #expect(properties.clusterID == "c3RyZWFtc29jaWFsLWRpcg" && properties.nodeID == BrokerID(1))
    #expect(properties.directoryID.description == "AAAAAAAAAAEAAAAAAAAAAQ")
    let points = try directory.read(.recoveryPoint)
    #expect(points.count == 15 && points[TopicPartition("profiles", PartitionID(0))] == Offset(400))
    #expect(try directory.read(.logStart) == [TopicPartition("trimmed", PartitionID(0)): Offset(43)])
    let folders = try directory.partitions()
    #expect(folders.filter { $0.state == .live }.count == 16)
    let deleted = try #require(folders.first { $0.state == .deleted })
    #expect(deleted.partition == TopicPartition("deleted", PartitionID(0)))
    let offsets = try #require(folders.first { $0.name == "__consumer_offsets-0" })
    #expect(offsets.topicID?.description == "2ydUpGsCRh-yETNID1UnLA")
  }

  @Test func aDirectoryOfAnotherClusterOrNodeIsRefused() throws {
    let folder = try TemporaryFolder()
    let directory = LogDirectory(path: folder.path + "/data", fileSystem: PosixFileSystem())
    let made = try directory.open(clusterID: "one", nodeID: BrokerID(1), newDirectoryID: id)
    #expect(try directory.open(clusterID: "one", nodeID: BrokerID(1), newDirectoryID: .zero) == made)
    for (cluster, node) in [("two", BrokerID(1)), ("one", BrokerID(2))] {
      do {
        _ = try directory.open(clusterID: cluster, nodeID: node, newDirectoryID: id)
        Issue.record("opened another's directory")
      } catch {
        guard case .refused = error as LogError else { throw error }
      }
    }
  }

  @Test func checkpointsMarkersAndFoldersRoundTrip() throws {
    let disk = MemoryFileSystem()
    let directory = LogDirectory(path: "data", fileSystem: disk)
    _ = try directory.open(clusterID: "one", nodeID: BrokerID(1), newDirectoryID: id)
    let partition = TopicPartition("user-actions", PartitionID(3))
    let topic = TopicID(high: 77, low: 78)
    for checkpoint in LogDirectory.Checkpoint.allCases {
      #expect(try directory.read(checkpoint).isEmpty)
      try directory.write(checkpoint, [partition: Offset(9), TopicPartition("a", PartitionID(0)): Offset(4)])
      #expect(try directory.read(checkpoint).count == 2)
    }
    #expect(try directory.takeCleanShutdown() == nil)
    try directory.markCleanShutdown(brokerEpoch: BrokerEpoch(41))
    try directory.createFolder(of: partition, topicID: topic)
    // All of it is durable: a crash changes nothing.
    var random = RandomSource(seed: 1)
    disk.crash(using: &random)
    #expect(try directory.read(.recoveryPoint)[partition] == Offset(9))
    #expect(try directory.takeCleanShutdown() == BrokerEpoch(41))
    disk.crash(using: &random)
    #expect(try directory.takeCleanShutdown() == nil)
    let log = try openLog(disk, at: directory.folder(of: partition))
    try log.add(try makeBatch())
    #expect(try directory.partitions().map(\.topicID) == [topic])
    let name = try directory.markDeleted(partition, unique: id)
    #expect(name == "user-actions-3.00000000000000010000000000000002-delete")
    #expect(try directory.partitions().map(\.state) == [.deleted])
    try directory.removeFolder(named: name)
    #expect(try directory.partitions().isEmpty)
  }

  @Test func malformedFilesAreNamed() throws {
    let disk = MemoryFileSystem()
    let directory = LogDirectory(path: "data", fileSystem: disk)
    _ = try directory.open(clusterID: "one", nodeID: BrokerID(1), newDirectoryID: id)
    for text in ["", "0\n", "1\n0\n", "0\n2\na 0 1\n", "0\n1\na 0 x\n", "0\n1\na 0 1"] {
      try disk.replace("data/recovery-point-offset-checkpoint", with: Array(text.utf8), durable: true)
      #expect(throws: LogError.self) { try directory.read(.recoveryPoint) }
    }
    try disk.replace("data/meta.properties", with: Array("version=1\nnode.id=x\n".utf8), durable: true)
    #expect(throws: LogError.self) { try directory.properties() }
  }

  @Test func aDirectoryIsLockedOnce() throws {
    let folder = try TemporaryFolder()
    var first: LockedDirectory? = try LockedDirectory(folder.path)
    do {
      _ = try LockedDirectory(folder.path)
      Issue.record("locked twice")
    } catch {
      #expect(error.kind == .locked)
    }
    #expect(first != nil)
    first = nil
    _ = try LockedDirectory(folder.path)
    #expect(throws: FileError.self) { _ = try PosixFileSystem().open(folder.path + "/none", create: false) }
  }
}

/// Apache Kafka's own tool reads what we wrote; needs `KAFKA_HOME`.
@Suite struct KafkaReadsOurs {
  static let home = ProcessInfo.processInfo.environment["KAFKA_HOME"]

  @Test(.enabled(if: home != nil, "set KAFKA_HOME to let kafka-dump-log.sh check our files"))
  func dumpLogHasNoComplaint() throws {
    let home = try #require(Self.home)
    let folder = try TemporaryFolder()
    let path = folder.path + "/events-0"
    var config = LogConfig()
    config.segmentBytes = 30_000
    let log = try openLog(PosixFileSystem(), config, at: path)
    for index in 0..<120 {
      try log.add(
        try makeBatch(
          3, key: "k", padding: 200, timestamp: start + Int64(index), producer: 4, epoch: 0,
          sequence: Int32(index * 3)), epoch: Int32(index / 50))
    }
    try log.add(try makeBatch(1, producer: 5, epoch: 0, sequence: 0, isTransactional: true))
    try log.add(
      try EndTransactionMarkerBatch.abort(producer: 5))
    try log.close(clean: true)
    #expect(log.segmentBaseOffsets.count > 2)
    let names = try FileManager.default.contentsOfDirectory(atPath: path)
    let files = names.filter { name in
      [".log", ".index", ".timeindex", ".txnindex", ".snapshot"].contains { name.hasSuffix($0) }
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: home + "/bin/kafka-dump-log.sh")
    process.arguments = ["--deep-iteration", "--files", files.sorted().map { path + "/" + $0 }.joined(separator: ",")]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    for complaint in [
      "Found timestamp mismatch", "Found out of order", "Mismatches in", "corrupt", "Exception", "isvalid: false",
    ] {
      #expect(!text.contains(complaint), "\(text.suffix(2000))")
    }
    // The tool takes every segment that does not begin at 0 for a gap after −1, its own broker's as well.
    let gaps = text.split(separator: "\n").filter { $0.contains(" is followed by ") && !$0.hasPrefix("  -1 ") }
    #expect(gaps.isEmpty)
    #expect(text.components(separatedBy: "isvalid: true").count - 1 == 122)
    #expect(text.components(separatedBy: "| offset: ").count - 1 == 362)
  }
}
