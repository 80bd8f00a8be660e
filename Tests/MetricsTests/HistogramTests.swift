import Primitives
import Testing

@testable import Metrics

@Test func aQuantileIsWithinThreePercentOfTheRecordedValue() {
  var random = RandomSource(seed: 7)
  var values: [UInt64] = []
  var histogram = Histogram()
  for _ in 0..<20_000 {
    // As many small ones as large ones.
    let value = random.next() >> (32 + random.next() % 32)
    values.append(value)
    histogram.record(value)
  }
  values.sort()
  for part in [0.001, 0.25, 0.5, 0.75, 0.95, 0.99, 0.999, 1] {
    let exact = values[max(1, Int((Double(values.count) * part).rounded(.up))) - 1]
    let found = histogram.quantile(part) ?? .max
    let difference = found > exact ? found - exact : exact - found
    #expect(difference * 32 <= exact, "quantile \(part): \(found), not \(exact)")
  }
  #expect(histogram.quantile(1) == values.last)
  #expect(histogram.count == 20_000)
}

@Test func everyValueFallsIntoTheBucketThatStandsForIt() {
  for bucket in 0..<Histogram.bucketCount { #expect(Histogram.bucket(of: Histogram.value(of: bucket)) == bucket) }
  #expect(Histogram.bucket(of: .max) == Histogram.bucketCount - 1)
  for value in UInt64(0)..<32 { #expect(Histogram.value(of: Histogram.bucket(of: value)) == value) }
}

@Test func mergedHistogramsAreOneOfAllValues() {
  var (all, even, odd) = (Histogram(), Histogram(), Histogram())
  for value in UInt64(0)..<5000 {
    all.record(value * value)
    if value % 2 == 0 { even.record(value * value) } else { odd.record(value * value) }
  }
  even.merge(odd)
  #expect(even == all)
  #expect(Histogram().quantile(0.5) == nil)
}

/// A slow minute is over when it is over: an hour later nothing of it is left but the count.
@Test func quantilesForgetWhatIsOlderThanAMinute() {
  var window = WindowedHistogram()
  let start = Instant(nanoseconds: 1_000_000_000_000)
  for second in Int64(0)..<30 { window.record(1000, at: start + .seconds(second)) }
  for second in Int64(30)..<62 { window.record(10, at: start + .seconds(second)) }
  #expect(window.merged(at: start + .seconds(62)).quantile(1) == 1000)
  for second in Int64(62)..<100 { window.record(10, at: start + .seconds(second)) }
  let later = window.merged(at: start + .seconds(100))
  #expect(later.quantile(1) == 10)
  #expect((40...60).contains(later.count))
  #expect(window.total == 100)
  // Without new values time passes, too.
  #expect(window.merged(at: start + .seconds(121)).count < later.count)
  #expect(window.merged(at: start + .seconds(3600)).count == 0)
  window.record(5, at: start + .seconds(3600))
  #expect(window.merged(at: start + .seconds(3600)).quantile(1) == 5)
  #expect(window.merged(at: start + .seconds(3600)).count == 1)
}

/// Ten a second that take 50 ms each: half a one at any moment. A minute later there is none.
@Test func timesSayHowManyRanAtOnce() {
  var window = WindowedHistogram()
  let start = Instant(nanoseconds: 1_000_000_000_000)
  #expect(window.meanConcurrency(at: start) == 0)
  for tenth in Int64(0)..<2000 { window.record(50_000, at: start + .milliseconds(tenth * 100)) }
  #expect(abs(window.meanConcurrency(at: start + .seconds(200)) - 0.5) < 0.01)
  #expect(abs(window.meanConcurrency(at: start + .seconds(230)) - 0.5 * 20 / 50) < 0.01)
  #expect(window.meanConcurrency(at: start + .seconds(260)) == 0)
}

@Test func idlenessIsThatOfTheLastMinute() {
  var meter = IdleMeter()
  #expect(meter.ratio(idle: 0, at: .zero) == nil)
  var idle: Int64 = 0
  for second in Int64(0)..<200 {
    meter.note(idle: idle, at: .zero + .seconds(second))
    idle += second < 100 ? 1_000_000_000 : 250_000_000
  }
  #expect(meter.ratio(idle: idle, at: .zero + .seconds(200)) == 0.25)
}
