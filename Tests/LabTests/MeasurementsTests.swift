import KafkaClient
import Lab
import Social
import Testing

/// Ten events a second for six seconds, spread over all partitions, each acknowledged 5 ms after it was due.
private struct Run {
  static let start: Int64 = 1_000_000_000_000
  let traffic = Traffic(seed: 1, run: 1, startMilliseconds: 0, rate: 10)
  var sent = (0..<60).map { SentEvent(key: 0, partition: Int32($0 % 7)) }
  lazy var deliveries = (0..<60).map {
    Delivery(
      nanoseconds: Self.start + traffic.due($0).nanoseconds + 5_000_000, partition: 0, offset: Int64($0), error: 0)
  }

  mutating func measured(kill: Double? = nil, restart: Double? = nil) -> Measurements {
    Measurements(
      deliveries: deliveries, sent: sent, traffic: traffic, start: Self.start, seconds: 6,
      kill: kill.map { Self.start + Int64($0 * 1e9) }, restart: restart.map { Self.start + Int64($0 * 1e9) })
  }

  mutating func delay(_ numbers: Range<Int>, until seconds: Double) {
    for number in numbers { deliveries[number].nanoseconds = Self.start + Int64(seconds * 1e9) }
  }
}

@Test func anEvenRunHasEvenSeconds() {
  var run = Run()
  let measured = run.measured()
  #expect(measured.perSecond == [10, 10, 10, 10, 10, 10])
  #expect(measured.before?.max == 5)
  #expect(measured.during == nil)
  #expect(measured.restoreMilliseconds == nil)
  #expect(measured.longestGapMilliseconds == 100)
  #expect(measured.worstShare(rate: 10) == 1)
}

/// A stall is charged to every event that was due in it, not only to the one that waited longest.
@Test func aStallCountsForEveryEventItDelayed() {
  var run = Run()
  run.delay(20..<30, until: 3)
  let measured = run.measured(kill: 1.95, restart: 3.5)
  #expect(measured.during?.max == 1000)
  #expect((measured.during?.p50 ?? 0) > 5)
  #expect(measured.before?.max == 5)
  #expect(measured.after?.max == 5)
  #expect(measured.perSecond[2] == 0)
  #expect(measured.worstShare(rate: 10) == 0)
  #expect(measured.worstShare(rate: 10, from: 3) == 1)
}

/// Restored means every partition: the slowest one counts, and events due before the kill do not.
@Test func restorationWaitsForTheLastPartition() {
  var run = Run()
  // Partition 6 has events 20, 27, 34, 41, ….
  for number in [27, 34, 41, 48, 55] { run.delay(number..<number + 1, until: 5.9) }
  run.delay(20..<21, until: 2.2)
  #expect(run.measured(kill: 2.1, restart: 4).restoreMilliseconds == 3800)
  for number in [27, 34, 41, 48, 55] { run.deliveries[number].offset = -1 }
  #expect(run.measured(kill: 2.1, restart: 4).restoreMilliseconds == nil)
}
