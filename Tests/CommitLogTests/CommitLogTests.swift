import CommitLog
import Foundation
import PosixFiles
import Primitives
import Records
import Testing

/// Milliseconds near the time when the vectors were made: producer state of that hour has not expired.
let vectorNow: Int64 = 1_795_522_200_000

/// A folder of its own, removed with the test.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "commit-log-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum Vectors {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Vectors/log-dirs")

  /// What Kafka's own UnifiedLog has after opening a copy of the partition.
  struct Recovered: Decodable, CustomTestStringConvertible {
    var directory: String
    var partition: String
    var cleanShutdown: Bool
    var recoveryPoint: Int64
    var logStartOffset: Int64
    var logEndOffset: Int64
    var firstUnstableOffset: Int64?
    var segments: Int
    var bytes: Int
    var latestEpoch: Int32?
    var lastSequences: [String: Int32]
    var testDescription: String { "\(directory)/\(partition)" }
  }

  static let recovered: [Recovered] = {
    let text = (try? String(contentsOf: root.appendingPathComponent("recovered.ndjson"), encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Recovered.self, from: Data($0.utf8)) }
  }()

  struct Manifest: Decodable {
    struct Partition: Decodable {
      struct Segment: Decodable {
        var baseOffset: Int64
        var bytes: Int
        var index: [[Int64]]
        var timeindex: [[Int64]]
        var txnindex: [Aborted]?
      }
      struct Aborted: Decodable {
        var producerId: Int64
        var firstOffset: Int64
        var lastOffset: Int64
        var lastStableOffset: Int64
      }
      struct Producer: Decodable {
        var producerId: Int64
        var producerEpoch: Int16
        var lastSequence: Int32
        var lastOffset: Int64
        var lastTimestamp: Int64
        var coordinatorEpoch: Int32
        var currentTxnFirstOffset: Int64?
      }
      var logStartOffset: Int64
      var logEndOffset: Int64
      var batches: Int
      var records: Int
      var segments: [Segment]
      var producerSnapshots: [String: [Producer]]
      var checkpoint: String
      enum CodingKeys: String, CodingKey {
        case logStartOffset, logEndOffset, batches, records, segments, producerSnapshots
        case checkpoint = "leader-epoch-checkpoint"
      }
    }
    var partitions: [String: Partition]
  }

  static let manifest: [String: Manifest] = {
    // A partition whose topic was deleted has no figures: it is left out.
    guard let data = try? Data(contentsOf: root.appendingPathComponent("manifest.json")),
      let whole = try? JSONSerialization.jsonObject(with: data) as? [String: [String: Any]]
    else { return [:] }
    return whole.compactMapValues { directory in
      let partitions = directory["partitions"] as? [String: Any] ?? [:]
      let live = partitions.filter { !$0.key.hasPrefix("deleted-") }
      guard let data = try? JSONSerialization.data(withJSONObject: ["partitions": live]) else { return nil }
      return try? JSONDecoder().decode(Manifest.self, from: data)
    }
  }()

  /// A writable copy of a partition's folder.
  static func copy(_ directory: String, _ partition: String, into folder: TemporaryFolder) throws -> String {
    let target = folder.path + "/" + partition
    try FileManager.default.copyItem(
      atPath: root.appendingPathComponent(directory).appendingPathComponent(partition).path, toPath: target)
    return target
  }

  static func open(_ row: Recovered, at path: String) throws -> PartitionLog {
    try PartitionLog.open(
      directory: path, config: config(for: row.partition), fileSystem: PosixFileSystem(),
      recoveryPoint: Offset(row.recoveryPoint), logStartOffset: Offset(row.logStartOffset),
      wasCleanShutdown: row.cleanShutdown, now: vectorNow)
  }

  static func config(for partition: String) -> LogConfig {
    var config = LogConfig()
    config.compacts = partition.hasPrefix("profiles") || partition.hasPrefix("__")
    return config
  }
}

/// All bytes of a log, batch headers walked, through `locate`.
func readAll(_ log: PartitionLog, maxBytes: Int = 1 << 20) throws -> [RecordBatchHeader] {
  var headers: [RecordBatchHeader] = []
  var from = log.logStartOffset
  while let slice = try log.locate(from: from, maxBytes: maxBytes, upTo: log.logEndOffset, minOneBatch: true) {
    var bytes = [UInt8](repeating: 0, count: slice.length)
    let count = try bytes.withUnsafeMutableBytes { try log.read(slice, into: $0) }
    #expect(count == slice.length)
    try bytes.withUnsafeBytes { buffer in
      var sequence = RecordBatchSequence(buffer)
      while let (header, batch) = try sequence.next() {
        try RecordBatch.verifyChecksum(batch, header: header)
        headers.append(header)
      }
      #expect(sequence.position == buffer.count)
    }
    from = try #require(headers.last).nextOffset
  }
  return headers
}

/// Log directories that Kafka 4.3.1 wrote, left in order or killed.
@Suite struct KafkasDirectories {
  @Test func allVectorsAreThere() {
    #expect(Vectors.recovered.count == 66)
    #expect(Vectors.manifest.count == 4)
  }

  /// Opening a copy ends where Kafka's own recovery of it ends: offsets, bytes, epochs, producers, open transactions.
  @Test(arguments: Vectors.recovered)
  func recoveryEndsWhereKafkasDoes(row: Vectors.Recovered) throws {
    let folder = try TemporaryFolder()
    let path = try Vectors.copy(row.directory, row.partition, into: folder)
    // Twice: recovery of what was recovered changes nothing.
    for _ in 0..<2 {
      let log = try Vectors.open(row, at: path)
      #expect(log.logStartOffset.rawValue == row.logStartOffset)
      #expect(log.logEndOffset.rawValue == row.logEndOffset)
      #expect(log.segmentBaseOffsets.count == row.segments)
      #expect(log.sizeInBytes == row.bytes)
      #expect(log.latestEpoch?.rawValue == row.latestEpoch)
      #expect(log.producers.firstUnstableOffset(highWatermark: log.logEndOffset)?.rawValue == row.firstUnstableOffset)
      let sequences = log.producers.producers.map { ("\($0.key)", $0.value.lastSequence) }
      #expect(Dictionary(uniqueKeysWithValues: sequences) == row.lastSequences)
    }
  }

  static let clean = (Vectors.manifest["n1-clean"]?.partitions.keys.sorted() ?? []).filter { !$0.hasPrefix("deleted") }

  /// A log left in order has the batches, segments, epochs, aborted transactions and snapshots that Kafka lists.
  @Test(arguments: clean) func cleanLogsHaveWhatKafkaLists(partition: String) throws {
    let expected = try #require(Vectors.manifest["n1-clean"]?.partitions[partition])
    let folder = try TemporaryFolder()
    let path = try Vectors.copy("n1-clean", partition, into: folder)
    // Opening drops snapshots that belong to no segment: these are read as Kafka left them.
    var snapshots: [String: ProducerStateTable] = [:]
    for name in expected.producerSnapshots.keys {
      snapshots[name] = ProducerStateTable(
        snapshot: [UInt8](try Data(contentsOf: URL(fileURLWithPath: path + "/" + name))))
    }
    let log = try PartitionLog.open(
      directory: path, config: Vectors.config(for: partition), fileSystem: PosixFileSystem(),
      recoveryPoint: Offset(expected.logEndOffset), logStartOffset: nil, wasCleanShutdown: true, now: vectorNow)
    #expect(log.logEndOffset.rawValue == expected.logEndOffset)
    #expect(log.segmentBaseOffsets.map(\.rawValue) == expected.segments.map(\.baseOffset))
    let headers = try readAll(log)
    #expect(headers.count == expected.batches)
    #expect(headers.filter { !$0.isControl }.reduce(0) { $0 + Int($1.recordCount) } == expected.records)
    #expect(try readAll(log, maxBytes: 300) == headers)
    // An epoch in which nothing was written yet is begun again by its leader.
    var epochs = try #require(EpochCache(checkpoint: expected.checkpoint))
    epochs.truncate(to: Offset(expected.logEndOffset))
    #expect(log.epochs == epochs)
    let aborted = try log.abortedTransactions(from: .zero, to: log.logEndOffset + 1)
    let listed = expected.segments.flatMap { $0.txnindex ?? [] }
    #expect(aborted.map(\.firstOffset.rawValue) == listed.map(\.firstOffset))
    #expect(aborted.map(\.lastStableOffset.rawValue) == listed.map(\.lastStableOffset))
    for (name, producers) in expected.producerSnapshots {
      let table = try #require(snapshots[name])
      #expect(table.count == producers.count)
      for producer in producers {
        let read = try #require(table.producer(ProducerID(producer.producerId)))
        #expect(read.epoch == producer.producerEpoch && read.lastSequence == producer.lastSequence)
        #expect(read.lastOffset.rawValue == producer.lastOffset && read.lastTimestamp == producer.lastTimestamp)
        #expect(read.coordinatorEpoch == producer.coordinatorEpoch)
        #expect(read.currentTransactionFirstOffset?.rawValue == producer.currentTxnFirstOffset)
      }
    }
  }

  /// Replaying a transactional log whose transaction indexes and snapshots are gone writes Kafka's rows again.
  @Test func transactionIndexesAreRebuiltAsKafkaWroteThem() throws {
    let expected = try #require(Vectors.manifest["n1-clean"]?.partitions["content-interactions-0"])
    let folder = try TemporaryFolder()
    let path = try Vectors.copy("n1-clean", "content-interactions-0", into: folder)
    for name in try FileManager.default.contentsOfDirectory(atPath: path)
    where name.hasSuffix(".txnindex") || name.hasSuffix(".snapshot") {
      try FileManager.default.removeItem(atPath: path + "/" + name)
    }
    let log = try PartitionLog.open(
      directory: path, config: LogConfig(), fileSystem: PosixFileSystem(), recoveryPoint: .zero, logStartOffset: nil,
      wasCleanShutdown: false, now: vectorNow)
    let rows = try log.abortedTransactions(from: .zero, to: log.logEndOffset)
    let listed = expected.segments.flatMap { $0.txnindex ?? [] }
    #expect(rows.map(\.producerID.rawValue) == listed.map(\.producerId))
    #expect(rows.map(\.firstOffset.rawValue) == listed.map(\.firstOffset))
    #expect(rows.map(\.lastOffset.rawValue) == listed.map(\.lastOffset))
    #expect(rows.map(\.lastStableOffset.rawValue) == listed.map(\.lastStableOffset))
  }

  /// A bit flipped below the recovery point is damage of synced data: refused, and no byte is cut off.
  @Test func damageBelowTheRecoveryPointIsNotCutOff() throws {
    let row = try #require(Vectors.recovered.first { $0.directory == "n1-killed" && $0.partition == "codecs-0" })
    let folder = try TemporaryFolder()
    let path = try Vectors.copy(row.directory, row.partition, into: folder)
    let file = path + "/00000000000000000000.log"
    var bytes = [UInt8](try Data(contentsOf: URL(fileURLWithPath: file)))
    bytes[200] ^= 4
    try Data(bytes).write(to: URL(fileURLWithPath: file))
    do {
      _ = try Vectors.open(row, at: path)
      Issue.record("a damaged log was opened")
    } catch let error as LogError {
      guard case .damaged(segment: 0, _, _) = error else { throw error }
    }
    #expect([UInt8](try Data(contentsOf: URL(fileURLWithPath: file))) == bytes)
  }
}
