import CommitLog
import Primitives
import Records
import Testing

/// Indexes too long to lie in memory as a whole: what is asked of the file, of the page read last and of the newest
/// entries must be one index.
@Suite struct LongIndexes {
  /// A log whose every batch but the first has an entry, and what is known of its batches.
  private final class Story {
    let disk = MemoryFileSystem()
    var config = LogConfig()
    var log: PartitionLog
    var random: RandomSource
    var clock = start
    var batches: [(base: Int64, next: Int64, timestamp: Int64)] = []

    init(seed: UInt64, segmentBytes: Int) throws {
      config.indexIntervalBytes = 0
      config.segmentBytes = segmentBytes
      random = RandomSource(seed: seed)
      log = try openLog(disk, config)
    }

    func append(_ count: Int) throws {
      for _ in 0..<count {
        let records = Int.random(in: 1...3, using: &random)
        clock += 10
        let base = log.logEndOffset.rawValue
        try log.add(try makeBatch(records, timestamp: clock), now: clock)
        batches.append((base, log.logEndOffset.rawValue, clock))
      }
    }

    func truncate() throws {
      let index = Int.random(in: 0..<batches.count, using: &random)
      try log.truncate(to: Offset(batches[index].base))
      batches.removeSubrange(index...)
      clock += 1
    }

    func reopen(clean: Bool) throws {
      if clean { try log.close(clean: true) }
      log = try openLog(disk, config, recoveryPoint: log.recoveryPoint, clean: clean)
      #expect(log.logEndOffset.rawValue == batches.last?.next ?? 0)
    }

    func check(_ lookups: Int) throws {
      guard !batches.isEmpty else { return }
      var index = 0
      for _ in 0..<lookups {
        // Near the last one, as a reader who goes on, or anywhere.
        index =
          random.chance(0.5)
          ? min(batches.count - 1, index + Int.random(in: 0...9, using: &random))
          : Int.random(in: 0..<batches.count, using: &random)
        let batch = batches[index]
        let offset = Int64.random(in: batch.base..<batch.next, using: &random)
        let slice = try #require(
          try log.locate(from: Offset(offset), maxBytes: 1, upTo: log.logEndOffset, minOneBatch: true))
        var bytes = [UInt8](repeating: 0, count: slice.length)
        _ = try bytes.withUnsafeMutableBytes { try log.read(slice, into: $0) }
        var found = bytes.withUnsafeBytes { RecordBatchSequence($0) }
        #expect(try found.next()?.0.baseOffset.rawValue == batch.base)
        // A batch's records are a millisecond apart, batches at least eight.
        #expect(try log.offset(forTimestamp: batch.timestamp - 2)?.offset.rawValue == batch.base)
      }
    }
  }

  @Test(arguments: 1...6 as ClosedRange<UInt64>)
  func lookupsFindTheirBatch(seed: UInt64) throws {
    let story = try Story(seed: seed, segmentBytes: seed.isMultiple(of: 2) ? 200_000 : 1 << 30)
    try story.append(3_000)
    try story.check(300)
    for round in 0..<8 {
      try story.truncate()
      try story.append(Int.random(in: 0...1_500, using: &story.random))
      try story.check(100)
      try story.reopen(clean: round.isMultiple(of: 2))
      try story.check(100)
    }
  }

  /// The file of an index written piece by piece is the one that a scan of the same log makes.
  @Test func filesAreThoseOfAScan() throws {
    let story = try Story(seed: 7, segmentBytes: 1 << 30)
    try story.append(4_000)
    try story.log.close(clean: true)
    let names = ["log/00000000000000000000.index", "log/00000000000000000000.timeindex"]
    let piecewise = try names.map { try story.disk.contents(of: $0) }
    #expect(piecewise[0].count == 3_999 * 8)
    for name in names { try story.disk.unlink(name) }
    story.log = try openLog(story.disk, story.config)
    try story.log.close(clean: true)
    #expect(try names.map { try story.disk.contents(of: $0) } == piecewise)
  }
}
