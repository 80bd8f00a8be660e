import Metrics
import Testing

private func page(_ text: String, limits: PrometheusPage.Limits = .init()) throws -> PrometheusPage {
  try PrometheusPage(parsing: Array(text.utf8), limits: limits)
}

@Test func aPageIsReadAsItIsWritten() throws {
  let page = try page(
    """
    # HELP kafka_log_log_size Bytes.
    # TYPE kafka_log_log_size gauge
    kafka_log_log_size{partition="0",topic="posts"} 1.5E3
    kafka_log_log_size{partition="1",topic="po\\\\s\\"t\\ns",} -2 1700000000000
    # TYPE up counter
      up 7\r

    nothing NaN
    much +Inf
    """)
  #expect(page.types == ["kafka_log_log_size": .gauge, "up": .counter])
  #expect(page.value(of: "up") == 7)
  #expect(page.value(of: "kafka_log_log_size", [.init("topic", "posts"), .init("partition", "0")]) == 1500)
  #expect(page.value(of: "kafka_log_log_size", [.init("topic", "posts")]) == nil)
  #expect(page.samples(named: "kafka_log_log_size")[1]["topic"] == "po\\s\"t\ns")
  #expect(page.sum(of: "kafka_log_log_size") == 1498)
  #expect(page.sum(of: "absent") == nil)
  #expect(page.value(of: "much") == .infinity)
  #expect(page.value(of: "nothing")?.isNaN == true)
}

@Test func onlyWhatIsAskedForIsKept() throws {
  let text = "# TYPE a gauge\na{x=\"1\"} 1\na{x=\"2\"} 2\nb{broken 3\nab 4\n"
  let page = try PrometheusPage(parsing: Array(text.utf8), keeping: ["a"])
  #expect(page.samples.map(\.name) == ["a", "a"])
  #expect(page.types == ["a": .gauge])
}

@Test(arguments: [
  ("1a 1", PrometheusPageError.Reason.noName), ("{} 1", .noName), ("a", .badValue), ("a x", .badValue),
  ("a{x=\"1\" 1", .badLabels), ("a{x=\"1} 1", .badLabels), ("a{x=1} 1", .badLabels),
  ("a{x=\"1\"y=\"2\"} 1", .badLabels),
  ("a{x=\"1\\\"} 1", .badLabels), ("a{", .badLabels), ("a 1 x", .badTimestamp), ("a 1 2 3", .badTimestamp),
  ("# TYPE a number", .badType), ("a{x:y=\"1\"} 1", .badLabels),
])
func whatDoesNotFitTheFormatIsRefusedWithItsLine(text: String, reason: PrometheusPageError.Reason) {
  #expect(throws: PrometheusPageError(reason: reason, line: 2)) { try page("ok 1\n" + text + "\nok 2") }
}

@Test func sizesAndCountsHaveLimits() {
  var limits = PrometheusPage.Limits()
  limits.bytes = 40
  limits.samples = 2
  limits.labelsOfASample = 1
  limits.textBytes = 8
  #expect(throws: PrometheusPageError(reason: .tooLong(bytes: 41), line: 0)) {
    try page(String(repeating: "a", count: 41), limits: limits)
  }
  #expect(throws: PrometheusPageError(reason: .tooManySamples, line: 3)) { try page("a 1\nb 2\nc 3", limits: limits) }
  #expect(throws: PrometheusPageError(reason: .tooManyLabels, line: 1)) {
    try page("a{x=\"1\",y=\"2\"} 1", limits: limits)
  }
  #expect(throws: PrometheusPageError(reason: .textTooLong, line: 1)) { try page("abcdefghi 1", limits: limits) }
  #expect(throws: PrometheusPageError(reason: .textTooLong, line: 1)) {
    try page("a{x=\"abcdefghi\"} 1", limits: limits)
  }
}

/// Any bytes at all are either a page or an error.
@Test func noBytesTrap() throws {
  #expect(throws: PrometheusPageError(reason: .notUTF8, line: 1)) {
    try PrometheusPage(parsing: Array("a{x=\"".utf8) + [0xff, 0xfe] + Array("\"} 1".utf8))
  }
  let alphabet = Array("ab{}=\"\\,# \n\r\t1e+-.:TYPENaN\u{0}é".utf8)
  var state: UInt64 = 1
  func chance(_ bound: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(bound))
  }
  var pages = 0
  for _ in 0..<20_000 {
    let bytes = (0..<chance(40)).map { _ in alphabet[chance(alphabet.count)] }
    if (try? PrometheusPage(parsing: bytes)) != nil { pages += 1 }
  }
  #expect(pages > 0 && pages < 20_000)
}
