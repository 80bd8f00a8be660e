import CommitLog
import Primitives
import Testing

/// Syncs that another thread carries out while the log goes on. The threads' turns are drawn by hand: what `perform` does
/// is done between two calls of the log's owner.
@Suite struct BackgroundFlushes {
  private func smallSegments() -> LogConfig {
    var config = LogConfig()
    config.segmentBytes = 1000
    return config
  }

  /// A flush of ended segments moves the recovery point to the start of the active one, and no further.
  @Test func endedSegmentsMoveTheRecoveryPoint() throws {
    let log = try openLog(MemoryFileSystem(), smallSegments())
    #expect(!log.hasEndedSegmentsToFlush)
    while log.segmentBaseOffsets.count < 4 { try log.add(try makeBatch(2, padding: 100)) }
    #expect(log.hasEndedSegmentsToFlush)
    let flush = try #require(try log.beginFlush(.endedSegments))
    #expect(!log.hasEndedSegmentsToFlush, "one is under way")
    #expect(try log.beginFlush(.everything) == nil)
    try log.add(try makeBatch(2, padding: 100))
    #expect(log.recoveryPoint == .zero, "nothing is durable before the sync has ended")
    #expect(flush.perform() == nil)
    try log.finishFlush(flush, nil)
    #expect(log.recoveryPoint == flush.upTo && flush.upTo == log.segmentBaseOffsets[3])
    #expect(log.recoveryPoint < log.logEndOffset)
    #expect(try log.beginFlush(.endedSegments) == nil)
  }

  /// After a kill only segments from the recovery point on are read.
  @Test func onlyWhatLiesBehindTheRecoveryPointIsScanned() throws {
    let disk = MemoryFileSystem()
    let log = try openLog(disk, smallSegments())
    while log.segmentBaseOffsets.count < 6 { try log.add(try makeBatch(2, padding: 100)) }
    let whole = try openLog(disk, smallSegments())
    #expect(whole.recoveredBytes == log.sizeInBytes)
    let flush = try #require(try log.beginFlush(.endedSegments))
    try log.finishFlush(flush, flush.perform())
    let after = try openLog(disk, smallSegments(), recoveryPoint: log.recoveryPoint)
    #expect(after.logEndOffset == log.logEndOffset)
    #expect(after.recoveredBytes > 0 && after.recoveredBytes <= 1000)
  }

  /// A log that is cut while a sync runs: the recovery point does not jump over the cut.
  @Test func aCutEndsWhatAFlushPromised() throws {
    let log = try openLog(MemoryFileSystem(), smallSegments())
    while log.segmentBaseOffsets.count < 4 { try log.add(try makeBatch(2, padding: 100)) }
    let flush = try #require(try log.beginFlush(.everything))
    try log.truncate(to: Offset(4))
    for _ in 0..<20 { try log.add(try makeBatch(2, padding: 100), epoch: 1) }
    try log.finishFlush(flush, flush.perform())
    #expect(log.recoveryPoint == .zero)
    let next = try #require(try log.beginFlush(.everything))
    try log.finishFlush(next, next.perform())
    #expect(log.recoveryPoint == log.logEndOffset)
  }

  /// Never a second sync after a failed one (the kernel has marked the lost pages clean): the log takes nothing more.
  @Test func aFailedSyncEndsTheLog() throws {
    let disk = MemoryFileSystem()
    let log = try openLog(disk)
    try log.add(try makeBatch())
    let flush = try #require(try log.beginFlush(.everything))
    disk.failNextSync = true
    let failure = flush.perform()
    #expect(failure?.kind == .inputOutput)
    #expect(throws: LogError.self) { try log.finishFlush(flush, failure) }
    #expect(log.hasFailed && log.recoveryPoint == .zero)
    #expect(throws: LogError.failed) { try log.add(try makeBatch()) }
  }

  /// Segments that retention removed while the sync ran are no error.
  @Test func segmentsThatGoMeanwhileAreNoError() throws {
    var config = smallSegments()
    config.retentionBytes = 1
    let log = try openLog(MemoryFileSystem(), config)
    while log.segmentBaseOffsets.count < 4 { try log.add(try makeBatch(2, padding: 100)) }
    let flush = try #require(try log.beginFlush(.endedSegments))
    #expect(try log.deleteOldSegments(now: start, highWatermark: log.logEndOffset) == 3)
    try log.finishFlush(flush, flush.perform())
    #expect(!log.hasFailed && log.recoveryPoint == flush.upTo)
  }

  /// Power is lost after a background flush, with appends before, during and after it: all below its end is there.
  @Test(arguments: 0..<200) func whatABackgroundFlushCoveredSurvives(seed: Int) throws {
    var random = RandomSource(seed: UInt64(seed))
    let disk = MemoryFileSystem()
    var log = try openLog(disk, smallSegments())
    try log.flush()
    func addSome() throws {
      for _ in 0..<Int.random(in: 1...20, using: &random) {
        let padding = Int.random(in: 0...300, using: &random)
        try log.add(
          try makeBatch(2, padding: padding, producer: 1, epoch: 0, sequence: Int32(log.logEndOffset.rawValue)))
      }
    }
    for _ in 0..<3 {
      try addSome()
      if let flush = try log.beginFlush(random.chance(0.5) ? .everything : .endedSegments) {
        try addSome()
        let failure = flush.perform()
        try addSome()
        try log.finishFlush(flush, failure)
        #expect(log.recoveryPoint == flush.upTo)
      }
      let before = try bytes(of: log)
      let point = log.recoveryPoint
      disk.crash(using: &random)
      log = try openLog(disk, smallSegments(), recoveryPoint: point)
      #expect(log.logEndOffset >= point)
      let after = try bytes(of: log)
      #expect(before.prefix(after.count).elementsEqual(after))
      #expect(log.producers.producer(ProducerID(1))?.lastSequence == (try readAll(log)).last?.lastSequence)
      try log.flush()
    }
  }

  /// A stop in order syncs what is new, and leaves alone what an earlier stop in order has synced already.
  @Test func closingSyncsOnlyWhatIsNew() throws {
    let disk = MemoryFileSystem()
    var log = try openLog(disk, smallSegments())
    for _ in 0..<30 { try log.add(try makeBatch(2, padding: 100)) }
    try log.close(clean: true)
    var random = RandomSource(seed: 1)
    disk.crash(using: &random)
    log = try openLog(disk, smallSegments(), recoveryPoint: log.recoveryPoint, clean: true)
    #expect(log.logEndOffset == Offset(60))
    let before = disk.syncCount
    try log.close(clean: true)
    #expect(disk.syncCount == before)
    // One more record, and a flush in the background that has begun and not ended: neither is forgotten.
    log = try openLog(disk, smallSegments(), recoveryPoint: log.recoveryPoint, clean: true)
    try log.add(try makeBatch(1))
    let flush = try #require(try log.beginFlush(.everything))
    try log.close(clean: true)
    #expect(disk.syncCount > before && log.recoveryPoint == Offset(61))
    disk.crash(using: &random)
    try log.finishFlush(flush, nil)
    #expect(
      try openLog(disk, smallSegments(), recoveryPoint: log.recoveryPoint, clean: true).logEndOffset == Offset(61))
  }

  /// An epoch that began is written before the recovery point moves over it, and found by a scan until then.
  @Test func epochsAreThereAfterACrash() throws {
    for flushes in [false, true] {
      let disk = MemoryFileSystem()
      let log = try openLog(disk, smallSegments())
      for epoch in 0..<6 {
        try log.beginEpoch(LeaderEpoch(Int32(epoch)))
        for _ in 0..<3 { try log.add(try makeBatch(2, padding: 100), epoch: Int32(epoch)) }
        if flushes, let flush = try log.beginFlush(.endedSegments) { try log.finishFlush(flush, flush.perform()) }
      }
      // A kill: the page cache stays. Then a loss of power as well.
      let killed = try openLog(disk, smallSegments(), recoveryPoint: log.recoveryPoint)
      #expect(killed.epochs == log.epochs)
      #expect(flushes == (log.recoveryPoint > .zero))
    }
  }
}
