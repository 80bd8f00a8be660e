import Foundation
import Primitives
import Records
import Testing

let vectors = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
  .appendingPathComponent("Vectors/records")

func bytes(hex: String) -> [UInt8] {
  let digits = Array(hex.utf8).map { UInt8($0 < 58 ? $0 - 48 : $0 - 87) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

func hex(_ bytes: some Sequence<UInt8>) -> String {
  bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
}

struct Row: Decodable {
  struct Header: Decodable {
    var key: String
    var value: String?
  }
  struct Record: Decodable {
    var offset: Int64
    var timestamp: Int64
    var key: String?
    var value: String?
    var headers: [Header]?
  }
  struct Batch: Decodable {
    var baseOffset: Int64
    var lastOffset: Int64
    var sizeInBytes: Int
    var partitionLeaderEpoch: Int32
    var magic: Int8
    var crc: UInt32?
    var compression: String
    var timestampType: String
    var attributes: Int16?
    var deleteHorizonMs: Int64?
    var isTransactional: Bool
    var isControlBatch: Bool
    var baseTimestamp: Int64?
    var maxTimestamp: Int64
    var producerId: Int64
    var producerEpoch: Int16
    var baseSequence: Int32
    var lastSequence: Int32
    var count: Int32?
    var records: [Record]
  }
  var name: String
  var batches: [Batch]?
  var kafkaReads: String?
  var hex: String

  static let all: [Row] = {
    guard let text = try? String(contentsOf: vectors.appendingPathComponent("batches.ndjson"), encoding: .utf8) else {
      return []
    }
    return text.split(separator: "\n").compactMap { try? JSONDecoder().decode(Row.self, from: Data($0.utf8)) }
  }()
}

/// Reads a buffer as a consumer does: batch by batch, checksum first, then every record.
func read(_ bytes: [UInt8], limit: Int = 64 << 20) -> (records: Int, error: RecordError?) {
  bytes.withUnsafeBytes { buffer in
    var records = 0
    do throws(RecordError) {
      var batches = RecordBatchSequence(buffer)
      while let (header, batch) = try batches.next() {
        try RecordBatch.verifyChecksum(batch, header: header)
        var iterator = try RecordIterator(batch: batch, maxDecompressedBytes: limit)
        while try iterator.next() != nil { records += 1 }
      }
    } catch { return (records, error) }
    return (records, nil)
  }
}

@Suite struct BatchVectors {
  @Test func allVectorsAreThere() {
    #expect(Row.all.count == 103)
    #expect(Row.all.filter { $0.name.hasPrefix("damaged/") }.count == 35)
  }

  /// Every field and record that Kafka's own reader reports is what ours reports.
  @Test(arguments: Row.all.filter { $0.batches?.contains { $0.magic == 2 } ?? false })
  func batchesReadAsKafkaReadsThem(row: Row) throws {
    let expected = try #require(row.batches)
    let data = bytes(hex: row.hex)
    try data.withUnsafeBytes { buffer in
      var sequence = RecordBatchSequence(buffer)
      for batch in expected {
        let (header, slice) = try #require(try sequence.next())
        #expect(header.baseOffset.rawValue == batch.baseOffset)
        #expect(header.lastOffset.rawValue == batch.lastOffset)
        #expect(header.totalSize == batch.sizeInBytes)
        #expect(header.leaderEpoch.rawValue == batch.partitionLeaderEpoch)
        #expect(header.crc == batch.crc)
        #expect(header.codec.map { "\($0)" } == batch.compression)
        #expect(header.isLogAppendTime == (batch.timestampType == "LogAppendTime"))
        #expect(header.isTransactional == batch.isTransactional)
        #expect(header.isControl == batch.isControlBatch)
        #expect((header.hasDeleteHorizon ? header.baseTimestamp : nil) == batch.deleteHorizonMs)
        #expect(header.baseTimestamp == batch.baseTimestamp)
        #expect(header.maxTimestamp == batch.maxTimestamp)
        #expect(header.producerID.rawValue == batch.producerId)
        #expect(header.producerEpoch == batch.producerEpoch)
        #expect(header.baseSequence == batch.baseSequence)
        #expect(header.lastSequence == batch.lastSequence)
        #expect(header.recordCount == batch.count)
        try RecordBatch.verifyChecksum(slice, header: header)
        var records = try RecordIterator(batch: slice, maxDecompressedBytes: 64 << 20)
        for record in batch.records {
          let read = try #require(try records.next())
          #expect(read.offset.rawValue == record.offset)
          #expect(read.timestamp == record.timestamp)
          #expect(read.key.map { hex($0) } == record.key)
          #expect(read.value.map { hex($0) } == record.value)
          let headers = try read.headers()
          #expect(headers.map { String(decoding: $0.key, as: UTF8.self) } == (record.headers ?? []).map(\.key))
          #expect(headers.map { $0.value.map { hex($0) } } == (record.headers ?? []).map(\.value))
        }
        #expect(try records.next() == nil)
      }
      #expect(try sequence.next() == nil)
    }
  }

  /// Formats 0 and 1 are named in the refusal.
  @Test(arguments: Row.all.filter { $0.name.hasPrefix("magic-") })
  func oldFormatsAreRefusedByName(row: Row) throws {
    let magic = Int8(row.name.hasPrefix("magic-0") ? 0 : 1)
    let (records, error) = read(bytes(hex: row.hex))
    #expect(records == 0)
    #expect(error == .unsupportedMagic(magic))
    #expect(error?.errorCode == .unsupportedForMessageFormat)
  }

  /// What Kafka's reader makes of damage, ours makes of it: the same number of records, then an error or none. Kafka
  /// reads a length that is too large, in a buffer that ends before it, as an incomplete tail; a length that overflows
  /// it refuses by accident, and ours takes it for such a tail.
  @Test(arguments: Row.all.filter { $0.name.hasPrefix("damaged/") })
  func damageIsFoundWhereKafkaFindsIt(row: Row) throws {
    let kafka = try #require(row.kafkaReads)
    let expectedRecords = try #require(kafka.split(separator: " ").first.flatMap { Int($0) })
    let (records, error) = read(bytes(hex: row.hex))
    #expect(records == expectedRecords)
    if row.name == "damaged/length-huge" {
      #expect(error == nil)
    } else {
      #expect((error == nil) == kafka.hasSuffix("no error"), "\(String(describing: error))")
    }
    if row.name == "damaged/gzip-of-8-MiB-zeros" {
      #expect(read(bytes(hex: row.hex), limit: 1 << 20).error == .decompressedTooLarge(limit: 1 << 20))
    }
  }

  /// Any single flipped bit under the checksum is found, and no cut-off or flipped input does more than throw.
  @Test func everyFlippedBitIsFound() throws {
    let row = try #require(Row.all.first { $0.name == "one/none" })
    let whole = bytes(hex: row.hex)
    for bit in (RecordBatchHeader.checksummedFrom * 8)..<(whole.count * 8) {
      var damaged = whole
      damaged[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(read(damaged).error != nil)
    }
    for count in 0..<whole.count { #expect(read(Array(whole[..<count])).records == 0) }
  }

  /// Compressed bodies with random damage, checksum mended: typed errors or records, within the budget.
  @Test(arguments: ["gzip", "snappy", "lz4", "zstd"])
  func damagedCompressionNeverEscapes(codec: String) throws {
    let row = try #require(Row.all.first { $0.name == "hundred/\(codec)" })
    let whole = bytes(hex: row.hex)
    var random = RandomSource(seed: 7)
    var failures = 0
    for _ in 0..<400 {
      var damaged = whole
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        damaged[Int.random(in: RecordBatchHeader.size..<whole.count, using: &random)] = UInt8.random(
          in: 0...255, using: &random)
      }
      damaged.withUnsafeMutableBytes { bytes in
        let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[21...]))
        bytes.storeBytes(of: sum.bigEndian, toByteOffset: 17, as: UInt32.self)
      }
      if read(damaged, limit: 1 << 20).error != nil { failures += 1 }
    }
    #expect(failures > 100)
  }
}

@Suite struct Building {
  @Test(arguments: CompressionCodec.allCases)
  func whatIsBuiltReadsBack(codec: CompressionCodec) throws {
    var builder = RecordBatchBuilder(
      baseOffset: Offset(70), leaderEpoch: LeaderEpoch(4), codec: codec, producerID: ProducerID(9), producerEpoch: 2,
      baseSequence: 11)
    for index in 0..<50 {
      builder.append(
        key: index % 7 == 0 ? nil : Array("key \(index)".utf8), value: index % 5 == 0 ? nil : Array("value".utf8),
        headers: [("ce_type", Array("post".utf8)), ("empty", nil)], timestamp: 1_700_000_000_000 + Int64(index))
    }
    let built = try builder.build()
    #expect(read(built).records == 50)
    try built.withUnsafeBytes { bytes in
      let header = try RecordBatch.checkedHeader(bytes)
      #expect(header.lastOffset == Offset(119))
      #expect(header.lastSequence == 60)
      #expect(header.maxTimestamp == 1_700_000_000_049)
      var records = try RecordIterator(batch: bytes, maxDecompressedBytes: 1 << 20)
      let first = try #require(try records.next())
      #expect(first.key == nil)
      #expect(try first.headers().count == 2)
    }
  }

  /// An uncompressed batch built from what a vector holds is that vector, byte for byte.
  @Test(arguments: [
    "one/none", "null-key/none", "null-value/none", "hundred/none", "large/none", "idempotent",
    "transactional", "marker/commit", "marker/abort",
  ])
  func builtBatchesEqualKafkas(name: String) throws {
    let row = try #require(Row.all.first { $0.name == name })
    let batch = try #require(row.batches?.first)
    var builder = RecordBatchBuilder(
      baseOffset: Offset(batch.baseOffset), leaderEpoch: LeaderEpoch(batch.partitionLeaderEpoch),
      producerID: ProducerID(batch.producerId), producerEpoch: batch.producerEpoch, baseSequence: batch.baseSequence,
      isTransactional: batch.isTransactional, isControl: batch.isControlBatch)
    for record in batch.records {
      builder.append(
        key: record.key.map { bytes(hex: $0) }, value: record.value.map { bytes(hex: $0) },
        headers: (record.headers ?? []).map { ($0.key, $0.value.map { bytes(hex: $0) }) }, timestamp: record.timestamp)
    }
    #expect(hex(try builder.build()) == row.hex)
  }

  @Test func markersReadBack() throws {
    for isCommit in [true, false] {
      let marker = EndTransactionMarker(isCommit: isCommit, coordinatorEpoch: 5)
      let batch = try marker.batch(producerID: ProducerID(3), producerEpoch: 1, timestamp: 1)
      #expect(try batch.withUnsafeBytes { try EndTransactionMarker.read(batch: $0) } == marker)
    }
  }
}

@Suite struct ClientAppends {
  static let now: Int64 = 1_700_000_000_000

  func batch(_ change: (inout RecordBatchBuilder) -> Void = { _ in }, keyed: Bool = true) throws -> [UInt8] {
    var builder = RecordBatchBuilder()
    change(&builder)
    builder.append(key: keyed ? [1] : nil, value: [2], timestamp: Self.now)
    builder.append(key: keyed ? [1] : nil, value: [2], timestamp: Self.now)
    return try builder.build()
  }

  func code(_ bytes: [UInt8], _ rules: RecordBatchRules = RecordBatchRules()) -> ErrorCode {
    bytes.withUnsafeBytes { buffer in
      do throws(RecordError) {
        _ = try RecordBatch.validate(buffer, rules: rules, now: Self.now)
        return .none
      } catch { return error.errorCode }
    }
  }

  func patched(_ bytes: [UInt8], at offset: Int, _ values: [UInt8]) -> [UInt8] {
    var copy = bytes
    copy.replaceSubrange(offset..<offset + values.count, with: values)
    copy.withUnsafeMutableBytes { raw in
      let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[21...]))
      raw.storeBytes(of: sum.bigEndian, toByteOffset: 17, as: UInt32.self)
    }
    return copy
  }

  /// Each of Kafka's rules for a producer's batch, broken alone.
  @Test func eachBrokenRuleHasItsCode() throws {
    let good = try batch()
    #expect(code(good) == .none)
    #expect(code([]) == .invalidRecord)
    #expect(code(good + good) == .invalidRecord)
    var wrongSum = good
    wrongSum[17] ^= 1
    #expect(code(wrongSum) == .corruptMessage)
    #expect(code(patched(good, at: 16, [1])) == .unsupportedForMessageFormat)
    #expect(code(try batch { $0.baseOffset = Offset(3) }) == .invalidRecord)
    #expect(code(patched(good, at: 57, [0, 0, 0, 0])) == .invalidRecord)
    #expect(code(patched(good, at: 57, [0, 0, 0, 3])) == .invalidRecord)
    #expect(code(try batch { $0.isControl = true }) == .invalidRecord)
    #expect(code(try batch { $0.appendTime = Self.now }) == .invalidTimestamp)
    #expect(code(try batch { $0.producerID = ProducerID(4) }) == .invalidRecord)
    #expect(code(try batch { $0.isTransactional = true }) == .invalidRecord)
    #expect(code(patched(good, at: 22, [7])) == .unsupportedCompressionType)
    #expect(code(good, RecordBatchRules(maxMessageBytes: good.count)) == .none)
    #expect(code(good, RecordBatchRules(maxMessageBytes: good.count - 1)) == .messageTooLarge)
    #expect(code(good, RecordBatchRules(requiresKeys: true)) == .none)
    #expect(code(try batch(keyed: false), RecordBatchRules(requiresKeys: true)) == .invalidRecord)
    #expect(code(good, RecordBatchRules(timestampAfterMax: -1)) == .invalidTimestamp)
    #expect(code(good, RecordBatchRules(timestampBeforeMax: -1)) == .invalidTimestamp)
  }

  @Test func stampingKeepsTheChecksumValid() throws {
    var bytes = try batch()
    bytes.withUnsafeMutableBytes { raw in
      if let base = raw.baseAddress { RecordBatch.stamp(base, baseOffset: Offset(88), leaderEpoch: LeaderEpoch(6)) }
    }
    #expect(read(bytes).error == nil)
    bytes.withUnsafeMutableBytes { RecordBatch.stampAppendTime($0, timestamp: 99) }
    #expect(read(bytes).error == nil)
    try bytes.withUnsafeBytes { raw in
      let header = try RecordBatch.checkedHeader(raw)
      #expect(header.baseOffset == Offset(88) && header.leaderEpoch == LeaderEpoch(6))
      #expect(header.isLogAppendTime && header.maxTimestamp == 99)
    }
  }
}

@Suite struct Checksums {
  struct Sum: Decodable {
    var hex: String
    var crc32c: UInt32
  }

  @Test func valuesAreKafkas() throws {
    let check = Array("123456789".utf8)
    #expect(check.withUnsafeBytes { CRC32C.checksum($0) } == 0xe306_9283)
    let sums = try JSONDecoder().decode(
      [Sum].self, from: Data(contentsOf: vectors.appendingPathComponent("crc32c.json")))
    #expect(sums.count > 10)
    for sum in sums { #expect(bytes(hex: sum.hex).withUnsafeBytes { CRC32C.checksum($0) } == sum.crc32c) }
  }

  /// All lengths around the lanes of the interleaved loop, at odd addresses, and in two pieces.
  @Test func hardwareEqualsTables() {
    var random = RandomSource(seed: 1)
    let data = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &random) }
    data.withUnsafeBytes { all in
      for _ in 0..<400 {
        let start = Int.random(in: 0..<64, using: &random)
        let end = Int.random(in: start..<all.count, using: &random)
        let middle = Int.random(in: start...end, using: &random)
        let whole = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[start..<end]))
        #expect(whole == CRC32C.portableChecksum(UnsafeRawBufferPointer(rebasing: all[start..<end])))
        let first = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[start..<middle]))
        #expect(
          whole == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[middle..<end]), continuing: first))
      }
    }
  }
}
