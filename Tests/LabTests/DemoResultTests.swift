import Checker
import CommandLineTool
import Lab
import Social
import Testing

private func result(_ change: (inout DemoResult) -> Void = { _ in }) -> DemoResult {
  var options = DemoOptions()
  options.rate = 100
  options.durationSeconds = 6
  var result = DemoResult(options)
  result.findings.sent = 600
  result.findings.acknowledged = 600
  result.victim = 1
  result.killAtSeconds = 2
  result.measurements.perSecond = [100, 100, 0, 100, 100, 100]
  result.measurements.restoreMilliseconds = 900
  change(&result)
  return result
}

@Test func aKillThatCostsNothingPasses() {
  #expect(result().passes)
  #expect(result().exitCode == .success)
  #expect(result().json["verdict"] == "pass")
}

@Test func everyBrokenInvariantFailsTheRun() {
  let faults: [(inout DemoResult) -> Void] = [
    { $0.findings.lost = 1 }, { $0.findings.duplicated = 1 }, { $0.findings.reordered = 1 },
    { $0.findings.conflicting = 1 }, { $0.findings.corrupted = 1 },
    { $0.findings.missed = [.init(group: "analytics", events: 1)] },
  ]
  for fault in faults {
    #expect(result(fault).exitCode == .invariantViolated)
    #expect(result(fault).json["verdict"] == "fail")
  }
}

@Test func slownessMissesTheObjective() {
  #expect(result { $0.measurements.restoreMilliseconds = 30_000 }.exitCode == .objectiveMissed)
  #expect(result { $0.measurements.restoreMilliseconds = nil }.exitCode == .objectiveMissed)
  #expect(result { $0.measurements.perSecond[4] = 49 }.exitCode == .objectiveMissed)
  #expect(result { $0.measurements.perSecond[4] = 50 }.exitCode == .success)
}

/// Nothing lost of nothing is no success.
@Test func aRunThatAcknowledgedNothingFails() {
  let empty = result { $0.findings.acknowledged = 0 }
  #expect(!empty.passes)
  #expect(empty.exitCode != .success)
  #expect(empty.json["verdict"] == "fail")
}

@Test func theObjectHasAllPromisedFields() throws {
  let json = result().json
  let fields = [
    "engine", "verdict", "sent", "acknowledged", "unknown", "lost", "duplicated", "reordered", "detect_ms", "elect_ms",
    "restore_ms", "in_sync_ms", "longest_gap_ms", "worst_second_share", "resident_bytes_max", "broker_cpu_seconds",
    "ready_ms", "latency_ms",
  ]
  for field in fields { #expect(json[field] != nil, "\(field) is missing") }
  let latency = try #require(json["latency_ms"])
  for part in ["before", "during", "after"] {
    for percentile in ["p50", "p99", "p999", "max"] { #expect(latency[part]?[percentile] != nil) }
  }
}

@Test func hotContentHasABrokerOfItsOwn() {
  let brokers: [Int32] = [1, 2, 3]
  #expect(DemoTopics.placement(of: .contentInteractions, brokers: brokers, hot: 1).map { $0[0] } == [1, 1, 1])
  #expect(DemoTopics.placement(of: .contentInteractions, brokers: brokers, hot: 0).map { $0[0] }.sorted() == [1, 2, 3])
  #expect(DemoTopics.placement(of: .userActions, brokers: brokers, hot: 1).map { $0[0] }.sorted() == [1, 2, 3])
  for topic in SocialTopic.allCases {
    for replicas in DemoTopics.placement(of: topic, brokers: brokers, hot: 2) { #expect(replicas.sorted() == brokers) }
  }
  #expect(DemoTopics.placement(of: .userActions, brokers: [4], hot: 1) == [[4], [4], [4]])
}

@Test func barsScaleToTheLargest() {
  #expect(Sparkline.text([0, 1, 50, 100]) == " ▁▄█")
  #expect(Sparkline.text([0, 0]) == "  ")
}

@Test func killTargetsAreRolesOrNumbers() {
  #expect(KillTarget("leader") == .leader)
  #expect(KillTarget("3") == .broker(3))
  for word in ["", "leaders", "0", "-1", "1.5"] { #expect(KillTarget(word) == nil) }
}
