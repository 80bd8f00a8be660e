import Foundation
import Testing

@testable import Monitor

/// Every rule by itself: fires once its condition lasted, stays through unknown, clears once all was well for long
/// enough. One model a second, as the monitor makes them.
struct AlertRuleTests {
  @Test(arguments: Models.troubles)
  func firesAndClears(_ trouble: Models.Trouble) throws {
    let rule = try #require(AlertRule.all.first { $0.name == trouble.name })
    var run = Run()
    run.judge(for: 20) { _ in }
    #expect(run.book.list == AlertList())

    let broken = run.now
    run.judge(until: { $0.firing.contains { $0.name == trouble.name } }, trouble.bad)
    #expect(run.now - 1_000 - broken == rule.firesAfter)
    let alert = try #require(run.named(trouble.name))
    #expect(run.book.changes == [alert])
    #expect(alert.severity == rule.severity)
    #expect(alert.subject == trouble.subject)
    #expect(alert.summary.contains(trouble.says), "\(alert.summary)")
    #expect(!alert.action.isEmpty)

    run.judge(for: 600, trouble.bad)
    run.judge(for: 600, trouble.unknown)
    #expect(run.named(trouble.name)?.id == alert.id)

    let mended = run.now
    run.judge(until: { $0.firing.isEmpty }, { _ in })
    #expect(run.now - 1_000 - mended == rule.clearsAfter)
    let cleared = try #require(run.book.list.history.first)
    #expect(run.book.changes == [cleared])
    #expect(cleared.id == alert.id)
    #expect(cleared.state == .cleared)
    #expect(cleared.firedAt == broken + rule.firesAfter)
    #expect(cleared.clearedAt == mended + rule.clearsAfter)
  }

  @Test(arguments: Models.troubles)
  func unknownNeverFires(_ trouble: Models.Trouble) {
    var run = Run()
    run.judge(for: 600, trouble.unknown)
    #expect(run.named(trouble.name) == nil)
  }

  @Test(arguments: Models.troubles)
  func aTroubleFiresNoOtherAlert(_ trouble: Models.Trouble) {
    var run = Run()
    run.judge(for: 200, trouble.bad)
    #expect(run.book.list.firing.map(\.name) == [trouble.name])
  }

  @Test func everyRuleIsTestedHere() {
    let here = Set(Models.troubles.map(\.name)).union(["ClusterUnreachable", "ControllerFlapping"])
    #expect(here == Set(AlertRule.all.map(\.name)))
    #expect(AlertRule.all.count == here.count)
  }

  @Test func whatLastsTooShortDoesNotFire() {
    for trouble in Models.troubles {
      guard let rule = AlertRule.all.first(where: { $0.name == trouble.name }), rule.firesAfter > 0 else { continue }
      var run = Run()
      for _ in 0..<5 {
        // As long as may be, then one second of not knowing.
        run.judge(for: Int(rule.firesAfter / 1_000), trouble.bad)
        run.judge(for: 1, trouble.unknown)
      }
      #expect(run.named(rule.name) == nil, "\(rule.name)")
    }
  }

  @Test func anUnreachableClusterIsUnknownAndSaysSo() {
    var run = Run()
    run.judge(for: 2) {
      $0.verdict = Verdict(word: .unknown, sentence: "", since: 0, reasons: [Models.reason("unreachable", "refused")])
    }
    #expect(run.book.list.firing.map(\.name) == ["ClusterUnreachable"])
    #expect(run.book.list.firing.first?.summary.contains("refused") == true)
    run.judge(for: 3) { _ in }
    #expect(run.book.list.firing.isEmpty)
  }

  /// `up` starts monitor and brokers together: that nobody listens in the first second is no alarm, for a while.
  @Test func aClusterThatJustStartsIsNoAlarmUntilItTakesTooLong() {
    var book = AlertBook()
    var health = ClusterHealth(bootstrapServers: "127.0.0.1:9092", startRounds: 3)
    for second in 1...4 {
      var observation = ClusterObservation(at: Int64(second) * 1_000)
      observation.processes = [.init(broker: 1, processID: nil, state: "stopped", metricsURL: nil)]
      observation.failures = ["no broker answers"]
      let model = health.observe(observation).model
      #expect(model.verdict.word == .unknown)
      #expect(model.verdict.sentence.contains("the brokers are starting") == (second < 4))
      let alerts = book.judge(model, at: observation.at)
      #expect(alerts.firing.map(\.name) == (second < 4 ? [] : ["ClusterUnreachable"]))
    }
  }

  @Test func brokersThatAllRefuseAreUnreachableToo() {
    var run = Run()
    run.judge(for: 2) {
      let reason = Models.reason("unreachable", "every broker refuses connections")
      $0.verdict = Verdict(word: .unavailable, sentence: "", since: 0, reasons: [reason])
    }
    #expect(run.book.list.firing.map(\.name) == ["ClusterUnreachable"])
  }

  @Test func whereNobodyServesNobodyIsAskedForATopic() {
    for (isDown, words) in [(false, "topics describe posts"), (true, "status")] {
      var run = Run()
      run.judge(for: 1) {
        $0.verdict.word = .unavailable
        $0.verdict.reasons = isDown ? [Models.reason("unreachable", "every broker refuses connections")] : []
        $0.partitions.offline = 3
        $0.troubledPartitions = [
          TroubledPartition(
            topic: "posts", partition: 0, trouble: .offline, since: 0, leaderBefore: 1, isrBefore: [1], leader: -1,
            isr: [], replicas: [1])
        ]
      }
      #expect(run.named("OfflinePartitions")?.action.contains("`streamsocial \(words) ") == true)
    }
  }

  @Test func aControllerThatChangesOftenIsReported() {
    var run = Run()
    for second in 0..<40 { run.judge(for: 1) { $0.controller.id = Int32(1 + second / 10 % 3) } }
    #expect(run.book.list.firing.isEmpty, "three changes")
    // An unknown controller is no change.
    run.judge(for: 5) { $0.controller.id = nil }
    run.judge(for: 1) { $0.controller.id = 2 }
    #expect(run.book.list.firing.map(\.name) == ["ControllerFlapping"])
    run.judge(until: { $0.firing.isEmpty }, { $0.controller.id = 2 })
    #expect(run.book.list.history.count == 1)
  }

  @Test func oneBrokerAloneIsNotToldThatItToleratesNoFailure() {
    var run = Run()
    run.judge(for: 5) {
      $0.brokers = [$0.brokers[0]]
      $0.tolerance.failures = 0
    }
    #expect(run.book.list.firing.isEmpty)
  }

  @Test func diskSpaceHasABandInWhichNothingChanges() {
    var run = Run()
    run.judge(for: 30) { $0.brokers[0].diskFreeBytes = (1 << 30) + (1 << 20) }
    #expect(run.book.list.firing.isEmpty)
    run.judge(for: 30) { $0.brokers[0].diskFreeBytes = (1 << 30) - 1 }
    run.judge(for: 300) { $0.brokers[0].diskFreeBytes = (1 << 30) + (1 << 20) }
    #expect(run.book.list.firing.map(\.name) == ["DiskSpace"])
  }

  @Test func hostileNamesAreCleanedAndQuotedInWhatToType() throws {
    var run = Run()
    run.judge(for: 1) {
      $0.groups[0].name = "a'; rm -rf ~\u{1B}[2J"
      $0.groups[0].progress = .stopped
    }
    let alert = try #require(run.book.list.firing.first)
    #expect(!alert.summary.contains("\u{1B}") && !alert.action.contains("\u{1B}"))
    #expect(alert.action.contains("groups describe 'a'\\''; rm -rf ~\u{FFFD}[2J' --bootstrap-servers 127.0.0.1:9092`"))
  }

  /// The table of docs/operations.md has a row for every rule, with its severity and times.
  @Test func theDocumentationHasEveryRule() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let text = try String(contentsOf: root.appendingPathComponent("docs/operations.md"), encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `") }
    for rule in AlertRule.all {
      let begin = "| `\(rule.name)` | \(rule.severity.rawValue) | "
      let row = try #require(rows.first { $0.hasPrefix(begin) }, "\(begin)")
      let fires = rule.firesAfter == 0 ? "at once" : "\(rule.firesAfter / 1_000) s"
      #expect(row.contains("| \(fires) | \(rule.clearsAfter / 1_000) s |"), "\(row)")
    }
  }
}

/// A book and its clock: one model a second.
struct Run {
  var book = AlertBook()
  var now = Models.start

  mutating func judge(for seconds: Int, _ change: (inout ClusterModel) -> Void) {
    for _ in 0..<seconds {
      var model = Models.healthy(at: now)
      change(&model)
      _ = book.judge(model, at: now)
      now += 1_000
    }
  }

  /// At most ten minutes.
  mutating func judge(until condition: (AlertList) -> Bool, _ change: (inout ClusterModel) -> Void) {
    for _ in 0..<600 {
      judge(for: 1, change)
      if condition(book.list) { return }
    }
  }

  func named(_ name: String) -> Alert? { book.list.firing.first { $0.name == name } }
}
