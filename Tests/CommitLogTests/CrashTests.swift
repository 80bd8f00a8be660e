import CommitLog
import Primitives
import Records
import Testing

/// Power is lost at a random moment, between or within the log's own file operations; unsynced pages survive or not,
/// one by one. Whatever comes back: what was synced is there, byte for byte; the rest is a prefix of what was
/// appended; and recovering twice is recovering once.
@Suite struct Crashes {
  @Test(arguments: 0..<400) func syncedBytesSurviveAndRecoveryIsIdempotent(seed: Int) throws {
    var random = RandomSource(seed: UInt64(seed))
    var config = LogConfig()
    config.segmentBytes = Int.random(in: 2000...20_000, using: &random)
    config.indexIntervalBytes = 512
    let disk = MemoryFileSystem()
    var log = try openLog(disk, config)
    try log.flush()
    var synced: [UInt8] = []
    var recoveryPoint = Offset.zero
    var epoch: Int32 = 0
    var sequence: Int32 = 0
    for _ in 0..<4 {
      if random.chance(0.7) { disk.operationsUntilPowerCut = Int.random(in: 1...60, using: &random) }
      var appended = try bytes(of: log)
      do {
        for _ in 0..<Int.random(in: 1...40, using: &random) {
          let count = Int.random(in: 1...3, using: &random)
          if random.chance(0.1) { epoch += 1 }
          var batch = try makeBatch(
            count, padding: Int.random(in: 0...900, using: &random), producer: 1, epoch: 0, sequence: sequence)
          let position = appended.count
          let base = log.logEndOffset
          try batch.withUnsafeMutableBytes { raw in
            // What reaches the file counts even if the call then fails on an index or a checkpoint.
            if let pointer = raw.baseAddress {
              RecordBatch.stamp(pointer, baseOffset: base, leaderEpoch: LeaderEpoch(epoch))
            }
            appended += raw
            _ = try log.append(raw, leaderEpoch: LeaderEpoch(epoch), now: start)
          }
          #expect(appended.count - position == batch.count)
          sequence += Int32(count)
          if random.chance(0.15) {
            try log.flush()
            synced = appended
            recoveryPoint = log.recoveryPoint
          }
        }
      } catch let error as LogError {
        guard case .file = error else { throw error }
      }
      disk.crash(using: &random)
      log = try openLog(disk, config, recoveryPoint: recoveryPoint)
      let recovered = try bytes(of: log)
      #expect(recovered.count >= synced.count && recovered.prefix(synced.count).elementsEqual(synced))
      #expect(appended.prefix(recovered.count).elementsEqual(recovered))
      #expect(log.logEndOffset >= recoveryPoint)

      let again = try openLog(disk, config, recoveryPoint: recoveryPoint)
      #expect(try bytes(of: again) == recovered)
      #expect(again.epochs == log.epochs && again.producers == log.producers)
      #expect(again.segmentBaseOffsets == log.segmentBaseOffsets)
      log = again
      try expectIndexesToLead(log)
      // What was there before the crash may be synced no further: sync it, as a broker's first flush does.
      try log.flush()
      synced = recovered
      recoveryPoint = log.recoveryPoint
      sequence = (log.producers.producer(ProducerID(1))?.lastSequence ?? -1) + 1
      epoch = max(epoch, log.latestEpoch?.rawValue ?? 0)
      // Epochs and producer state are those of the bytes.
      let headers = try readAll(log)
      var epochs = EpochCache()
      for header in headers { epochs.assign(header.leaderEpoch, startOffset: header.baseOffset) }
      #expect(log.epochs == epochs)
      #expect(log.producers.producer(ProducerID(1))?.lastSequence == headers.last?.lastSequence)
    }
  }

  /// A lookup through the index finds the batch that a walk over all of them finds.
  private func expectIndexesToLead(_ log: PartitionLog) throws {
    for header in try readAll(log) {
      let slice = try log.locate(from: header.lastOffset, maxBytes: 1, upTo: log.logEndOffset, minOneBatch: true)
      #expect(slice?.baseOffset == header.baseOffset && slice?.length == header.totalSize)
    }
  }

  /// The disk's own faults bite: an unsynced file can come back shorter, torn and with holes.
  @Test func theDiskLosesWhatWasNotSynced() throws {
    var kept = 0
    var lost = 0
    var holes = 0
    for seed in 0..<200 {
      var random = RandomSource(seed: UInt64(seed))
      let disk = MemoryFileSystem()
      let file = try disk.open("file", create: true)
      try disk.syncDirectory(".")
      let content = [UInt8](repeating: 1, count: 20_000)
      try content.withUnsafeBytes { try file.write($0, at: 0) }
      disk.crash(using: &random)
      let after = try disk.contents(of: "file")
      if after == content { kept += 1 } else { lost += 1 }
      if let zero = after.firstIndex(of: 0), after[zero...].contains(1) { holes += 1 }
    }
    #expect(kept < 200 && lost > 100 && holes > 20)
  }

  /// A crash at any step of compaction loses no key's last value.
  @Test(arguments: 0..<120) func compactionSurvivesACrash(seed: Int) throws {
    var random = RandomSource(seed: UInt64(seed))
    var config = LogConfig()
    config.segmentBytes = 1200
    config.compacts = true
    config.deletes = false
    let disk = MemoryFileSystem()
    var log = try openLog(disk, config)
    for index in 0..<90 {
      try log.add(try makeBatch(1, key: "key \(Int.random(in: 0..<10, using: &random))", value: "\(index)"))
    }
    try log.flush()
    func table(_ log: PartitionLog) throws -> [String: String] {
      try contents(of: log).reduce(into: [:]) { $0[$1.key ?? "?"] = "\($1.offset) \($1.value ?? "")" }
    }
    let before = try table(log)
    let point = log.recoveryPoint
    disk.operationsUntilPowerCut = Int.random(in: 0...60, using: &random)
    do { _ = try log.compact(now: start, upTo: log.logEndOffset) } catch {}
    disk.crash(using: &random)
    log = try openLog(disk, config, recoveryPoint: point)
    #expect(try table(log) == before)
    #expect(log.logEndOffset == point)
  }
}
