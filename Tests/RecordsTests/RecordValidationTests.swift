import Primitives
import Records
import Testing

/// What a batch has within: walked on append, whatever its codec.
@Suite struct RecordsWithinBatches {
  static let now: Int64 = 1_700_000_000_000

  private func batch(
    _ codec: CompressionCodec = .none, count: Int = 5, change: (inout RecordBatchBuilder) -> Void = { _ in }
  ) throws -> [UInt8] {
    var builder = RecordBatchBuilder(codec: codec)
    for index in 0..<count {
      builder.append(
        key: index == 3 ? nil : [UInt8(index)], value: [UInt8](repeating: 7, count: 50),
        headers: [("name", [1, 2]), ("null", nil)], timestamp: Self.now + Int64(index))
    }
    change(&builder)
    return try builder.build()
  }

  private func validate(
    _ bytes: [UInt8], _ change: (inout RecordBatchRules) -> Void = { _ in }
  ) throws(RecordError) -> RecordBatchHeader {
    var rules = RecordBatchRules(decodesRecords: true)
    change(&rules)
    var result: Result<RecordBatchHeader, RecordError> = .failure(.truncated)
    bytes.withUnsafeBytes { buffer in
      do throws(RecordError) {
        result = .success(try RecordBatch.validate(buffer, rules: rules, now: Self.now))
      } catch { result = .failure(error) }
    }
    return try result.get()
  }

  /// The batch with its records' bytes (before compression) changed, and its checksum right.
  private func tampered(_ codec: CompressionCodec, _ change: (inout [UInt8]) -> Void) throws -> [UInt8] {
    let plain = try batch()
    var body = Array(plain[RecordBatchHeader.size...])
    change(&body)
    let packed = try Compression.compress(body, codec: codec)
    var bytes = Array(plain[..<RecordBatchHeader.size]) + packed
    let length = Int32(bytes.count - RecordBatchHeader.prefix)
    bytes.withUnsafeMutableBytes { raw in
      raw.storeBytes(of: length.bigEndian, toByteOffset: 8, as: Int32.self)
      raw[22] = UInt8(codec.rawValue)
      let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[21...]))
      raw.storeBytes(of: sum.bigEndian, toByteOffset: 17, as: UInt32.self)
    }
    return bytes
  }

  @Test(arguments: CompressionCodec.allCases) func goodBatchesPass(_ codec: CompressionCodec) throws {
    #expect(try validate(try batch(codec)).recordCount == 5)
    #expect(try validate(try tampered(codec) { _ in }).recordCount == 5)
  }

  /// A batch whose checksum is right and whose records are not: consumers would stumble over it for ever.
  @Test(arguments: CompressionCodec.allCases) func brokenRecordsAreRefused(_ codec: CompressionCodec) throws {
    let changes: [(String, (inout [UInt8]) -> Void)] = [
      // A record has 73 bytes: two of length, attributes, timestamp delta, offset delta, the key's length.
      ("a record too few", { $0.removeLast(73) }),
      ("a record too many", { $0 += $0[..<73] }),
      ("the last one cut off", { $0.removeLast(3) }),
      ("bytes after the last", { $0 += [0] }),
      ("a length beyond the end", { $0[1] = 0x7e }),
      ("an offset delta twice", { $0[4] = 2 }),
      ("a key beyond its record", { $0[5] = 0x7e }),
      ("a record that ends too early", { $0[0] -= 2 }),
    ]
    for (name, change) in changes {
      let bytes = try tampered(codec, change)
      #expect(throws: RecordError.self, "\(name), \(codec)") { try validate(bytes) }
      do { _ = try validate(bytes) } catch { #expect(error.errorCode == .invalidRecord, "\(name), \(codec)") }
    }
    // Only with the records looked at.
    #expect(try validate(try tampered(codec) { $0 += [0] }) { $0.decodesRecords = false }.recordCount == 5)
  }

  @Test(arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd]) func bytesThatAreNoneOfTheCodecAreRefused(
    _ codec: CompressionCodec
  ) throws {
    var bytes = try tampered(.none) { _ in }
    bytes.withUnsafeMutableBytes { raw in
      raw[22] = UInt8(codec.rawValue)
      let sum = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: raw[21...]))
      raw.storeBytes(of: sum.bigEndian, toByteOffset: 17, as: UInt32.self)
    }
    do {
      _ = try validate(bytes)
      Issue.record("\(codec) accepted")
    } catch { #expect(error.errorCode == .invalidRecord) }
  }

  @Test func recordsWithoutAKeyAreNamed() throws {
    let bytes = try batch()
    do {
      _ = try validate(bytes) { $0.requiresKeys = true }
      Issue.record("accepted")
    } catch {
      #expect(error.errorCode == .invalidRecord)
      #expect(error.recordErrors.map(\.index) == [3])
    }
  }

  /// Every record's timestamp counts, not what the header claims.
  @Test func timestampsOutOfRangeAreNamed() throws {
    let bytes = try batch { builder in
      builder.append(key: [9], value: nil, timestamp: Self.now - 5000)
      builder.append(key: [9], value: nil, timestamp: Self.now + 5000)
      builder.append(key: [9], value: nil, timestamp: -1)
    }
    do {
      _ = try validate(bytes) {
        $0.timestampBeforeMax = 1000
        $0.timestampAfterMax = 1000
      }
      Issue.record("accepted")
    } catch {
      #expect(error.errorCode == .invalidTimestamp)
      #expect(error.recordErrors.map(\.index) == [5, 6])
    }
    #expect(
      try validate(bytes) {
        $0.timestampBeforeMax = 5000
        $0.timestampAfterMax = .max
      }.recordCount == 8)
    #expect(
      try validate(bytes) {
        $0.timestampBeforeMax = 0
        $0.timestampAfterMax = 0
        $0.stampsAppendTime = true
      }.recordCount == 8)
  }

  /// A largest timestamp that is not that of the records would lead every look-up by time astray.
  @Test func theLargestTimestampIsSetRight() throws {
    var bytes = try batch()
    let right = bytes
    bytes.withUnsafeMutableBytes { RecordBatch.setMaxTimestamp($0, to: Self.now + 100_000) }
    #expect(bytes != right)
    let header = try validate(bytes)
    #expect(header.maxTimestamp == Self.now + 4)
    bytes.withUnsafeMutableBytes { RecordBatch.setMaxTimestamp($0, to: header.maxTimestamp) }
    #expect(bytes == right)
  }

  /// A batch that unfolds to more than a broker gives it is refused, not unfolded.
  @Test(arguments: [CompressionCodec.gzip, .snappy, .lz4, .zstd]) func bombsAreRefused(_ codec: CompressionCodec) throws
  {
    var builder = RecordBatchBuilder(codec: codec)
    builder.append(key: nil, value: [UInt8](repeating: 0, count: 4 << 20), timestamp: Self.now)
    let bytes = try builder.build()
    #expect(bytes.count < 1 << 20)
    do {
      _ = try validate(bytes) { $0.maxDecompressedBytes = 1 << 20 }
      Issue.record("\(codec) accepted")
    } catch { #expect(error.errorCode == .messageTooLarge) }
  }

  @Test(arguments: CompressionCodec.allCases, CompressionCodec.allCases)
  func recompressionKeepsTheRecords(_ from: CompressionCodec, _ to: CompressionCodec) throws {
    let bytes = try batch(from) {
      $0.producerID = ProducerID(12)
      $0.producerEpoch = 3
      $0.baseSequence = 44
    }
    let rules = RecordBatchRules(decodesRecords: true)
    let other = try bytes.withUnsafeBytes { try RecordBatch.recompressed($0, to: to, rules: rules) }
    let before = try validate(bytes)
    let after = try validate(other)
    #expect(after.codec == to && after.producerID == before.producerID && after.baseSequence == before.baseSequence)
    #expect(after.maxTimestamp == before.maxTimestamp && after.baseTimestamp == before.baseTimestamp)
    #expect(try described(bytes) == described(other))
    #expect(throws: RecordError.self) {
      try bytes.withUnsafeBytes {
        try RecordBatch.recompressed($0, to: to, rules: RecordBatchRules(maxMessageBytes: 100))
      }
    }
  }

  private func described(_ bytes: [UInt8]) throws -> [String] {
    try bytes.withUnsafeBytes { buffer in
      var records = try RecordIterator(batch: buffer, maxDecompressedBytes: 1 << 20)
      var rows: [String] = []
      while let record = try records.next() {
        let headers = try record.headers().map { "\(Array($0.key))=\($0.value.map { Array($0) } ?? [])" }
        rows.append(
          "\(record.offset) \(record.timestamp) \(record.key.map { Array($0) } ?? [0xff]) \(record.value.map { Array($0) } ?? []) \(headers)"
        )
      }
      return rows
    }
  }
}
