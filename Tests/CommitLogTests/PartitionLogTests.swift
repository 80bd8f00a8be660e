import CommitLog
import Foundation
import PosixFiles
import Primitives
import Records
import Testing

let start: Int64 = 1_700_000_000_000

/// One batch of `count` records; record `i` has the timestamp `timestamp + i`.
func makeBatch(
  _ count: Int = 1, key: String? = nil, value: String? = "value", padding: Int = 0, timestamp: Int64 = start,
  producer: Int64 = -1, epoch: Int16 = -1, sequence: Int32 = -1, isTransactional: Bool = false
) throws -> [UInt8] {
  var builder = RecordBatchBuilder(
    producerID: ProducerID(producer), producerEpoch: epoch, baseSequence: sequence, isTransactional: isTransactional)
  for index in 0..<count {
    builder.append(
      key: key.map { Array($0.utf8) }, value: value.map { Array($0.utf8) + [UInt8](repeating: 7, count: padding) },
      timestamp: timestamp + Int64(index))
  }
  return try builder.build()
}

extension PartitionLog {
  @discardableResult
  func add(_ batch: [UInt8], epoch: Int32 = 0, now: Int64 = start) throws -> AppendResult {
    var copy = batch
    return try copy.withUnsafeMutableBytes { try append($0, leaderEpoch: LeaderEpoch(epoch), now: now) }
  }

  @discardableResult
  func follow(_ bytes: [UInt8]) throws -> AppendResult {
    try bytes.withUnsafeBytes { try appendAsFollower($0, now: start) }
  }
}

func openLog(
  _ disk: any FileSystem, _ config: LogConfig = LogConfig(), at path: String = "log", recoveryPoint: Offset = .zero,
  logStart: Offset? = nil, clean: Bool = false, now: Int64 = start
) throws -> PartitionLog {
  try PartitionLog.open(
    directory: path, config: config, fileSystem: disk, recoveryPoint: recoveryPoint, logStartOffset: logStart,
    wasCleanShutdown: clean, now: now)
}

/// All bytes of a log from `from` on.
func bytes(of log: PartitionLog, from: Offset? = nil, maxBytes: Int = 1 << 20) throws -> [UInt8] {
  var all: [UInt8] = []
  var next = from ?? log.logStartOffset
  while let slice = try log.locate(from: next, maxBytes: maxBytes, upTo: log.logEndOffset, minOneBatch: true) {
    var part = [UInt8](repeating: 0, count: slice.length)
    _ = try part.withUnsafeMutableBytes { try log.read(slice, into: $0) }
    try part.withUnsafeBytes { buffer in
      var batches = RecordBatchSequence(buffer)
      while let (header, _) = try batches.next() { next = header.nextOffset }
    }
    all += part
  }
  return all
}

/// Keys and values, in order, of all data records.
func contents(of log: PartitionLog) throws -> [(offset: Int64, key: String?, value: String?)] {
  let all = try bytes(of: log)
  return try all.withUnsafeBytes { buffer in
    var rows: [(offset: Int64, key: String?, value: String?)] = []
    var batches = RecordBatchSequence(buffer)
    while let (header, batch) = try batches.next() {
      try RecordBatch.verifyChecksum(batch, header: header)
      if header.isControl { continue }
      var records = try RecordIterator(batch: batch, maxDecompressedBytes: 1 << 20)
      while let record = try records.next() {
        rows.append(
          (
            record.offset.rawValue, record.key.map { String(decoding: $0, as: UTF8.self) },
            record.value.map { String(decoding: $0, as: UTF8.self) }
          ))
      }
    }
    return rows
  }
}

@Suite struct Appending {
  @Test func leaderStampsOffsetsAndEpochs() throws {
    let log = try openLog(MemoryFileSystem())
    #expect(try log.add(try makeBatch(3)).lastOffset == Offset(2))
    let two = try log.add(try makeBatch(2) + makeBatch(4), epoch: 5)
    #expect(two.baseOffset == Offset(3) && two.lastOffset == Offset(8))
    #expect(log.logEndOffset == Offset(9))
    #expect(log.latestEpoch == LeaderEpoch(5))
    #expect(log.endOffset(for: LeaderEpoch(2))?.offset == Offset(3))
    #expect(log.endOffset(for: LeaderEpoch(6)) == nil)
    #expect(try readAll(log).map(\.baseOffset.rawValue) == [0, 3, 5])
  }

  /// One call to the disk for each append, however many batches, once the epoch is known.
  @Test func anAppendIsOneWrite() throws {
    let disk = MemoryFileSystem()
    let log = try openLog(disk)
    try log.add(try makeBatch())
    let before = disk.writeCount
    for _ in 0..<50 { try log.add(try makeBatch(3) + makeBatch(3)) }
    #expect(disk.writeCount == before + 50)
  }

  @Test func followersCopyTheLeaderByteForByte() throws {
    var config = LogConfig()
    config.segmentBytes = 1000
    let leader = try openLog(MemoryFileSystem(), config)
    for index in 0..<40 { try leader.add(try makeBatch(2, padding: 40), epoch: Int32(index / 9)) }
    let follower = try openLog(MemoryFileSystem(), config)
    while follower.logEndOffset < leader.logEndOffset {
      let slice = try #require(
        try leader.locate(from: follower.logEndOffset, maxBytes: 700, upTo: leader.logEndOffset, minOneBatch: true))
      var part = [UInt8](repeating: 0, count: slice.length)
      _ = try part.withUnsafeMutableBytes { try leader.read(slice, into: $0) }
      try follower.follow(part)
    }
    #expect(try bytes(of: follower) == bytes(of: leader))
    #expect(follower.epochs == leader.epochs)
    #expect(leader.segmentBaseOffsets.count > 3)
    // Bytes that do not follow the log's end, or whose checksum is wrong, leave it as it was.
    let all = try bytes(of: leader)
    #expect(throws: LogError.unexpectedOffset(first: 0, expected: 80)) { try follower.follow(all) }
    var damaged = try bytes(of: leader, from: Offset(78))
    let fresh = try openLog(MemoryFileSystem())
    damaged[70] ^= 1
    #expect(throws: LogError.self) { try fresh.follow(damaged) }
    #expect(fresh.logEndOffset == .zero && fresh.sizeInBytes == 0)
  }

  /// Every start, every limit: whole batches, the right first one, never at or beyond the bound.
  @Test func locateEqualsALinearScan() throws {
    var config = LogConfig()
    config.segmentBytes = 9000
    config.indexIntervalBytes = 500
    let disk = MemoryFileSystem()
    let log = try openLog(disk, config)
    var random = RandomSource(seed: 3)
    for _ in 0..<150 {
      try log.add(
        try makeBatch(Int.random(in: 1...4, using: &random), padding: Int.random(in: 0...300, using: &random)))
    }
    try log.close(clean: true)
    for candidate in [log, try openLog(disk, config, recoveryPoint: log.logEndOffset, clean: true)] {
      let headers = try readAll(candidate)
      var base: [Offset: Int] = [:]
      var size = 0
      for segment in candidate.segmentBaseOffsets { base[segment] = 0 }
      let bases = candidate.segmentBaseOffsets
      for _ in 0..<2000 {
        let from = Offset(Int64.random(in: 0..<candidate.logEndOffset.rawValue, using: &random))
        let upTo = Offset(Int64.random(in: 0...candidate.logEndOffset.rawValue, using: &random))
        let maxBytes = Int.random(in: 0...6000, using: &random)
        let first = try #require(headers.firstIndex { $0.lastOffset >= from })
        let end = bases.first { $0 > headers[first].baseOffset } ?? candidate.logEndOffset
        size = 0
        var count = 0
        for header in headers[first...] where from < upTo {
          guard header.lastOffset < upTo, header.baseOffset < end else { break }
          if size + header.totalSize > maxBytes, count > 0 { break }
          size += header.totalSize
          count += 1
        }
        let slice = try candidate.locate(from: from, maxBytes: maxBytes, upTo: upTo, minOneBatch: true)
        #expect(slice?.length ?? 0 == size)
        if let slice { #expect(slice.baseOffset == headers[first].baseOffset) }
        if size > maxBytes {
          #expect(try candidate.locate(from: from, maxBytes: maxBytes, upTo: upTo, minOneBatch: false) == nil)
        }
      }
    }
    #expect(throws: LogError.offsetOutOfRange(-1, start: 0, end: log.logEndOffset.rawValue)) {
      _ = try log.locate(from: Offset(-1), maxBytes: 1, upTo: log.logEndOffset, minOneBatch: true)
    }
  }

  @Test func aFullDiskTakesTheAppendBackAndTheLogGoesOn() throws {
    let disk = MemoryFileSystem()
    let log = try openLog(disk)
    try log.add(try makeBatch())
    disk.capacity = 0
    let batch = try makeBatch()
    #expect(throws: LogError.self) { try log.add(batch) }
    #expect(log.logEndOffset == Offset(1))
    disk.capacity = nil
    #expect(try log.add(batch).baseOffset == Offset(1))
    #expect(try readAll(log).count == 2)
  }

  /// A failed sync is never tried again: the log takes nothing more until it is opened anew.
  @Test func aFailedSyncEndsTheLog() throws {
    let disk = MemoryFileSystem()
    let log = try openLog(disk)
    try log.add(try makeBatch())
    disk.failNextSync = true
    #expect(throws: LogError.self) { try log.flush() }
    #expect(log.recoveryPoint == .zero)
    let batch = try makeBatch()
    #expect(throws: LogError.failed) { try log.add(batch) }
    #expect(throws: LogError.failed) { try log.flush() }
  }
}

@Suite struct Truncating {
  @Test func truncationForgetsEpochsProducersAndSegments() throws {
    var config = LogConfig()
    config.segmentBytes = 400
    let disk = MemoryFileSystem()
    let log = try openLog(disk, config)
    for index in 0..<20 {
      try log.add(try makeBatch(2, producer: 9, epoch: 0, sequence: Int32(index * 2)), epoch: Int32(index / 5))
    }
    try log.flush()
    let before = try bytes(of: log)
    try log.truncate(to: Offset(21))
    // The batch 20…21 goes as a whole.
    #expect(log.logEndOffset == Offset(20))
    #expect(log.recoveryPoint == Offset(20))
    #expect(log.latestEpoch == LeaderEpoch(1))
    #expect(log.producers.producer(ProducerID(9))?.lastSequence == 19)
    #expect(try bytes(of: log) == Array(before[..<(before.count / 2)]))
    #expect(try log.add(try makeBatch(1), epoch: 4).baseOffset == Offset(20))
    let again = try openLog(disk, config, recoveryPoint: Offset(20))
    #expect(try bytes(of: again) == bytes(of: log))
    #expect(again.epochs == log.epochs)
    try log.truncateFully(startingAt: Offset(500))
    #expect(log.logStartOffset == Offset(500) && log.logEndOffset == Offset(500) && log.sizeInBytes == 0)
    #expect(log.latestEpoch == nil && log.producers.count == 0)
    #expect(try log.add(try makeBatch()).baseOffset == Offset(500))
  }

  /// A leader that wrote nothing leaves an epoch behind that begins at its log's end. When its successor does not know that
  /// epoch, the cut takes no byte and must take the epoch all the same (KAFKA-10706).
  @Test func truncationAtTheEndForgetsAnEpochWithoutRecords() throws {
    let log = try openLog(MemoryFileSystem())
    try log.add(makeBatch(2), epoch: 0)
    try log.beginEpoch(LeaderEpoch(1))
    #expect(log.latestEpoch == LeaderEpoch(1))
    try log.truncate(to: log.logEndOffset)
    #expect(log.latestEpoch == LeaderEpoch(0))
    #expect(log.logEndOffset == Offset(2))
  }

  @Test func retentionGoesByTimeSizeAndStart() throws {
    var config = LogConfig()
    config.segmentBytes = 300
    config.retentionMs = 1000
    let log = try openLog(MemoryFileSystem(), config)
    for index in 0..<12 { try log.add(try makeBatch(1, padding: 100, timestamp: start + Int64(index) * 100)) }
    let segments = log.segmentBaseOffsets.count
    #expect(segments > 3)
    // Nothing above the high watermark goes, however old.
    #expect(try log.deleteOldSegments(now: start + 1_000_000, highWatermark: .zero) == 0)
    let end = log.logEndOffset
    // A record a segment, 100 ms apart: four are older than a second.
    #expect(try log.deleteOldSegments(now: start + 1350, highWatermark: end) == 4)
    #expect(log.logStartOffset == log.segmentBaseOffsets[0])
    #expect(log.endOffset(for: LeaderEpoch(0))?.offset == end)
    log.config.retentionMs = -1
    try log.advanceLogStart(to: end - 1)
    #expect(try log.deleteOldSegments(now: start, highWatermark: end) > 0)
    #expect(log.segmentBaseOffsets.count == 1 && log.logStartOffset == end - 1)
    log.config.retentionMs = 1000
    #expect(try log.deleteOldSegments(now: start + 1_000_000, highWatermark: end) == 1)
    #expect(log.logStartOffset == end && log.sizeInBytes == 0)
    #expect(try log.add(try makeBatch()).baseOffset == end)

    config.retentionMs = -1
    config.retentionBytes = 500
    let bySize = try openLog(MemoryFileSystem(), config)
    for _ in 0..<12 { try bySize.add(try makeBatch(1, padding: 100)) }
    #expect(try bySize.deleteOldSegments(now: start, highWatermark: bySize.logEndOffset) > 0)
    #expect(bySize.sizeInBytes >= 500 && bySize.sizeInBytes < 800)
  }

  /// Each record's time leads to the first record that is at least as late.
  @Test func timesLeadToOffsets() throws {
    var config = LogConfig()
    config.segmentBytes = 2000
    config.indexIntervalBytes = 200
    let log = try openLog(MemoryFileSystem(), config)
    for index in 0..<60 { try log.add(try makeBatch(3, timestamp: start + Int64(index) * 10), epoch: 2) }
    for index in 0..<60 {
      for (delta, record) in [(-1, 0), (0, 0), (1, 1), (2, 2), (3, 3)] {
        if index == 59, record == 3 { continue }
        let found = try #require(try log.offset(forTimestamp: start + Int64(index * 10 + delta)))
        #expect(found.offset.rawValue == Int64(index * 3 + record))
        #expect(found.epoch == LeaderEpoch(2))
      }
    }
    #expect(try log.offset(forTimestamp: start + 593) == nil)
    #expect(try log.maxTimestampOffset()?.offset == Offset(179))
    try log.advanceLogStart(to: Offset(100))
    #expect(try log.offset(forTimestamp: 0)?.offset == Offset(100))
  }
}

@Suite struct Compacting {
  /// After compaction a reader that keeps the last value of each key has what it would have had before, at the same
  /// offsets, and the closed part holds each key once.
  @Test(arguments: 1...20) func lastValuesStayWhereTheyAre(seed: UInt64) throws {
    var random = RandomSource(seed: seed)
    var config = LogConfig()
    config.segmentBytes = 1500
    config.compacts = true
    config.deletes = false
    config.deleteRetentionMs = 1000
    config.minCleanableDirtyRatio = 0
    let disk = MemoryFileSystem()
    let log = try openLog(disk, config)
    func table() throws -> [String: String] {
      var table: [String: String] = [:]
      for row in try contents(of: log) { table[row.key ?? "?"] = row.value.map { "\(row.offset) \($0)" } }
      return table
    }
    for round in 0..<3 {
      for index in 0..<80 {
        let key = "key \(Int.random(in: 0..<12, using: &random))"
        try log.add(try makeBatch(1, key: key, value: random.chance(0.2) ? nil : "\(round) \(index)"))
      }
      let before = try table()
      let end = log.logEndOffset
      #expect(try log.compact(now: start + Int64(round) * 2000, upTo: end) > 0)
      #expect(try table() == before)
      #expect(log.logEndOffset == end)
      let active = try #require(log.segmentBaseOffsets.last)
      let closed = try contents(of: log).filter { $0.offset < active.rawValue }
      #expect(Set(closed.map(\.key)).count == closed.count)
    }
    // A later pass, when there is something new, drops the tombstones that an earlier one has seen in time.
    for pass in 1...2 {
      for index in 0..<40 { try log.add(try makeBatch(1, key: "key \(index % 3)", value: "last \(pass) \(index)")) }
      _ = try log.compact(now: start + Int64(pass) * 100_000, upTo: log.logEndOffset)
    }
    let active = try #require(log.segmentBaseOffsets.last)
    #expect(try contents(of: log).filter { $0.offset < active.rawValue }.allSatisfy { $0.value != nil })
    let again = try openLog(disk, config)
    #expect(try bytes(of: again) == bytes(of: log))
    #expect(again.logEndOffset == log.logEndOffset)
  }

  /// What decides whether a pass is made: the part that is new, the oldest new record, and who is too young.
  @Test func compactionWaitsUntilItIsWorthIt() throws {
    var config = LogConfig()
    config.segmentBytes = 1000
    config.compacts = true
    config.minCleanableDirtyRatio = 0.5
    let log = try openLog(MemoryFileSystem(), config)
    func fill(_ segments: Int, at time: Int64) throws {
      let wanted = log.segmentBaseOffsets.count + segments
      while log.segmentBaseOffsets.count < wanted {
        try log.add(try makeBatch(1, key: "key \(log.logEndOffset)", value: "value", timestamp: time), now: time)
      }
    }
    try fill(6, at: start)
    #expect(try log.compact(now: start, upTo: log.logEndOffset) == 0, "nothing is doubled, but it was looked at")
    #expect(log.cleanedUpTo == log.segmentBaseOffsets.last)
    let cleaned = log.cleanedUpTo
    try fill(2, at: start + 1000)
    _ = try log.compact(now: start + 1000, upTo: log.logEndOffset)
    #expect(log.cleanedUpTo == cleaned, "less than half is new")
    // Half is.
    try fill(6, at: start + 2000)
    let half = log.segmentBaseOffsets.last
    log.config.minCompactionLagMs = 1500
    _ = try log.compact(now: start + 2001, upTo: log.logEndOffset)
    #expect(log.cleanedUpTo == cleaned, "what is new is too young")
    _ = try log.compact(now: start + 4000, upTo: log.logEndOffset)
    #expect(log.cleanedUpTo == half)
    // Little is new and has waited for long enough.
    try fill(1, at: start + 5000)
    log.config.maxCompactionLagMs = 13_000
    _ = try log.compact(now: start + 14_000, upTo: log.logEndOffset)
    #expect(log.cleanedUpTo == half)
    _ = try log.compact(now: start + 16_000, upTo: log.logEndOffset)
    #expect(log.cleanedUpTo > half ?? .zero)
    // A cut takes back what was said of what is gone.
    try log.truncate(to: Offset(3))
    #expect(log.cleanedUpTo == Offset(3))
  }

  /// Each segment ends a little earlier than it may, and not all of them at once.
  @Test func segmentsRollWithAJitter() throws {
    var config = LogConfig()
    config.segmentMs = 10_000
    config.segmentJitterMs = 5000
    var ages: Set<Int64> = []
    for number in 0..<20 {
      let log = try openLog(MemoryFileSystem(), config, at: "log-\(number)")
      var time = start
      while log.segmentBaseOffsets.count == 1 {
        try log.add(try makeBatch(1, timestamp: time), now: time)
        time += 500
      }
      ages.insert(time - start)
    }
    #expect(ages.allSatisfy { $0 > 5000 && $0 <= 11_000 } && ages.count > 4)
    // A compacted log's segments end in time for `max.compaction.lag.ms`.
    config.segmentJitterMs = 0
    config.compacts = true
    config.maxCompactionLagMs = 2000
    let log = try openLog(MemoryFileSystem(), config)
    for step in 0..<6 { try log.add(try makeBatch(1, timestamp: start + Int64(step) * 500), now: start) }
    #expect(log.segmentBaseOffsets == [.zero, Offset(5)])
  }

  @Test func abortedRecordsNeitherStayNorHideOthers() throws {
    var config = LogConfig()
    config.segmentBytes = 1
    config.compacts = true
    let log = try openLog(MemoryFileSystem(), config)
    try log.add(try makeBatch(1, key: "a", value: "kept"))
    try log.add(try makeBatch(1, key: "a", value: "aborted", producer: 5, epoch: 0, sequence: 0, isTransactional: true))
    let marker = try EndTransactionMarker(isCommit: false, coordinatorEpoch: 0)
      .batch(producerID: ProducerID(5), producerEpoch: 0, timestamp: start)
    try log.add(marker)
    try log.add(try makeBatch(1, key: "b"))
    _ = try log.compact(now: start, upTo: log.logEndOffset)
    #expect(try contents(of: log).filter { $0.key == "a" }.map(\.value) == ["kept"])
    #expect(try log.abortedTransactions(from: .zero, to: log.logEndOffset).count == 1)
  }
}

@Suite struct Producers {
  @Test func duplicatesGapsAndFencedProducersAreTold() throws {
    let log = try openLog(MemoryFileSystem())
    func verdict(_ batch: [UInt8]) throws -> ProducerStateTable.Verdict {
      try batch.withUnsafeBytes { log.producers.check(try RecordBatch.checkedHeader($0), isFromClient: true) }
    }
    func code(_ verdict: ProducerStateTable.Verdict) -> ErrorCode? {
      if case .refuse(let code, _) = verdict { code } else { nil }
    }
    for index in 0..<8 { try log.add(try makeBatch(2, producer: 1, epoch: 3, sequence: Int32(index * 2))) }
    #expect(try verdict(try makeBatch(2, producer: 1, epoch: 3, sequence: 16)) == .append)
    #expect(
      try verdict(try makeBatch(2, producer: 1, epoch: 3, sequence: 6))
        == .duplicate(firstOffset: Offset(6), lastOffset: Offset(7), timestamp: start + 1))
    // Older than the last five, or overlapping, or leaving a gap.
    for sequence: Int32 in [4, 7, 18] {
      #expect(
        code(try verdict(try makeBatch(2, producer: 1, epoch: 3, sequence: sequence))) == .outOfOrderSequenceNumber)
    }
    #expect(code(try verdict(try makeBatch(1, producer: 1, epoch: 2, sequence: 16))) == .invalidProducerEpoch)
    #expect(code(try verdict(try makeBatch(1, producer: 1, epoch: 4, sequence: 1))) == .outOfOrderSequenceNumber)
    #expect(try verdict(try makeBatch(1, producer: 1, epoch: 4, sequence: 0)) == .append)
    #expect(try verdict(try makeBatch(1, producer: 2, epoch: 0, sequence: 77)) == .append)
    try log.add(try makeBatch(1, producer: 3, epoch: 0, sequence: .max))
    #expect(try verdict(try makeBatch(1, producer: 3, epoch: 0, sequence: 0)) == .append)
  }

  @Test func stableOffsetFollowsOpenAndUnreplicatedTransactions() throws {
    let log = try openLog(MemoryFileSystem())
    try log.add(try makeBatch(2))
    try log.add(try makeBatch(1, producer: 1, epoch: 0, sequence: 0, isTransactional: true))
    try log.add(try makeBatch(1, producer: 2, epoch: 0, sequence: 0, isTransactional: true))
    #expect(log.lastStableOffset(highWatermark: Offset(4)) == Offset(2))
    try log.add(
      try EndTransactionMarker(isCommit: true, coordinatorEpoch: 0)
        .batch(producerID: ProducerID(1), producerEpoch: 0, timestamp: start))
    // The marker at 4 is not replicated yet, then it is.
    #expect(log.lastStableOffset(highWatermark: Offset(4)) == Offset(2))
    #expect(log.lastStableOffset(highWatermark: Offset(5)) == Offset(3))
    try log.add(
      try EndTransactionMarker(isCommit: false, coordinatorEpoch: 0)
        .batch(producerID: ProducerID(2), producerEpoch: 0, timestamp: start))
    #expect(log.lastStableOffset(highWatermark: Offset(6)) == Offset(6))
    #expect(
      try log.abortedTransactions(from: .zero, to: Offset(6)) == [
        AbortedTransaction(
          producerID: ProducerID(2), firstOffset: Offset(3), lastOffset: Offset(5), lastStableOffset: Offset(6))
      ])
  }
}

enum EndTransactionMarkerBatch {
  static func abort(producer: Int64) throws -> [UInt8] {
    try EndTransactionMarker(isCommit: false, coordinatorEpoch: 0)
      .batch(producerID: ProducerID(producer), producerEpoch: 0, timestamp: start)
  }
}
