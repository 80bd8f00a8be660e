import Testing

@testable import Monitor

/// The screen of `streamsocial top` as text, and what it must never do: run over its edges, or hand on what a
/// stranger's name tells the terminal to do.
struct TopScreenTests {
  static let degraded: MonitorReport = {
    var model = Models.healthy(at: Models.start + 14_000)
    model.verdict = Verdict(
      word: .degraded,
      sentence: "DEGRADED for 14 s: broker 2 (leader of 19 partitions) does not answer since 23:41:07; 38 of 57 "
        + "partitions under-replicated, 0 offline; writes go on; no further failure tolerated",
      since: Models.start, reasons: [])
    model.tolerance = FailureTolerance(failures: 0, writesBlocked: false, reason: "38 partitions have 2 and need 2")
    model.brokers[0].isController = true
    model.brokers[1].isVoter = true
    model.brokers[0].eventsInPerSecond = 1_234.4
    model.brokers[0].residentBytes = 48 << 20
    model.brokers[1].state = .failed
    model.brokers[1].leaders = 0
    model.brokers[1].inSyncReplicas = 0
    model.brokers[1].diskFreeBytes = nil
    model.partitions.underReplicated = 38
    model.canary.brokers[1].ok = nil
    model.canary.brokers[2].ok = false
    model.canary.brokers[2].error = "NOT_ENOUGH_REPLICAS"
    model.traffic.eventsInPerSecond = 3_456
    model.traffic.targetPerSecond = 5_000
    model.groups[0].lag = 120_000
    model.groups[0].lagMilliseconds = 34_000
    model.groups[0].lagTrendPerSecond = 250
    model.groups[0].progress = .warn
    model.groups[0].state = "Stable"
    var idle = GroupView(name: "billing", progress: .ok, since: 0)
    idle.lag = 0
    idle.committedPartitions = 1
    model.groups.append(idle)
    var timeline = Timeline()
    for (second, events) in [0.0, 1_000, nil, 2_000, 4_000].enumerated() {
      var point = TimelinePoint(at: Int64(second) * 1_000, verdict: .healthy)
      point.eventsInPerSecond = events
      timeline.points.append(point)
    }
    var alert = Alert(
      id: "a1", name: "BrokerDown", severity: .critical, state: .firing,
      summary: "broker 2: does not answer, for 14 s", action: "start it again: `streamsocial start 2`",
      subject: "broker 2", firedAt: Models.start)
    alert.acknowledgedBy = "kim"
    return MonitorReport(
      model: model, partitions: PartitionMap(version: 1, at: 0, topics: []), timeline: timeline,
      alerts: AlertList(firing: [alert]))
  }()

  @Test func aDegradedClusterAsText() {
    let screen = TopScreen(width: 100, height: 40, coloured: false).lines(Self.degraded)
    let expected = """
      ▲ DEGRADED for 14 s: broker 2 (leader of 19 partitions) does not answer since 23:41:07; 38 of 57
        partitions under-replicated, 0 offline; writes go on; no further failure tolerated
      brokers 2/3 · controller 1 · tolerates 0 more failures · offline 0 · under min ISR 0
      under-replicated 38 · events/s 3,456 of 5,000 · produce p99 4 ms
      events/s                                                         ▁▃·▅█  most 4,000
      p99                                                              ·····  most ?

      BROKER  STATE    SINCE  ROLE        LEADERS  IN SYNC  EVENTS/S              PRODUCE  MEMORY
      1       RUNNING   14 s  controller       19    57/57     1,234                 3 ms  48 MiB
      2       FAILED    14 s  voter             0     0/57         ?                    ?       ?
      3       RUNNING   14 s                   19    57/57         ?  NOT_ENOUGH_REPLICAS       ?

      ✖ BrokerDown for 14 s: broker 2: does not answer, for 14 s (acknowledged by kim)
        → start it again: `streamsocial start 2`

      GROUP      VERDICT  STATE   MEMBERS      LAG  BEHIND  TREND/S  DONE IN
      analytics  WARN     Stable        2  120,000    34 s     +250        ?
      billing    OK       ?             ?        0       ?        ?
      """
    #expect(screen.joined(separator: "\n") == expected)
  }

  @Test func aLineForLogs() {
    #expect(
      TopScreen.line(Self.degraded)
        == "2026-09-21T14:13:34Z DEGRADED brokers=2/3 controller=1 tolerates=0 offline=0 under_min_isr=0 "
        + "under_replicated=38 events_in=3456 events_out=? produce_p99_ms=4 lag=120000 alerts=BrokerDown(broker_2)")
    #expect(TopScreen.time(0) == "1970-01-01T00:00:00Z")
    #expect(TopScreen.time(951_782_399_999) == "2000-02-28T23:59:59Z")
    #expect(TopScreen.time(951_782_400_000) == "2000-02-29T00:00:00Z")
    #expect(TopScreen.time(4_107_542_400_000) == "2100-03-01T00:00:00Z")
  }

  @Test func nothingKnownIsQuestionMarksAndNeverZero() {
    let model = ClusterModel(at: 0, sequence: 1, bootstrapServers: "h:1")
    let report = MonitorReport(
      model: model, partitions: PartitionMap(version: 0, at: 0, topics: []), timeline: Timeline(), alerts: AlertList())
    let text = TopScreen(width: 200, height: 40, coloured: false).lines(report).joined(separator: "\n")
    #expect(text.hasPrefix("? UNKNOWN"))
    #expect(
      text.contains("controller ? · tolerates ? more failures · offline ? · under min ISR ? · under-replicated ? · ")
    )
    #expect(text.contains("events/s ? · produce p99 ?"))
  }

  @Test func wordsIconsAndColoursOfEachVerdict() {
    for (word, begin) in [
      (Verdict.Word.healthy, "\u{1B}[32m✔ "), (.degraded, "\u{1B}[33m▲ "), (.unavailable, "\u{1B}[31m✖ "),
      (.unknown, "\u{1B}[1m? "),
    ] {
      var report = Self.degraded
      report.model.verdict.word = word
      #expect(TopScreen(width: 80, height: 40, coloured: true).lines(report)[0].hasPrefix(begin))
      #expect(!TopScreen(width: 80, height: 40, coloured: false).lines(report).joined().contains("\u{1B}"))
    }
  }

  @Test func oldDataIsShownAsStale() {
    let screen = TopScreen(width: 80, height: 40, coloured: false)
    let at = Self.degraded.model.at
    #expect(screen.lines(Self.degraded, now: at + 3_000)[0].hasPrefix("▲"))
    #expect(screen.lines(Self.degraded, now: at + 5_000)[0] == "STALE: nothing new for 5 s")
  }

  /// Names that move the cursor, clear the screen, set the title, turn the writing around or take two columns.
  static let hostile = [
    "\u{1B}[2J\u{1B}[H", "\u{1B}]0;owned\u{7}", "a\r\nb\tc", "\u{9B}31m", "\u{202E}gnp", "\u{2028}x", "日本語日本語",
    "🎈🎈🎈🎈", "e\u{301}e\u{301}", String(repeating: "x", count: 300), "", "\u{0}\u{8}\u{7F}",
  ]

  @Test(arguments: [(20, 5), (40, 12), (80, 24), (100, 40), (200, 60)])
  func nothingRunsOverTheEdgesWhateverTheNames(width: Int, height: Int) {
    var report = Self.degraded
    report.model.verdict.sentence = Self.hostile.joined(separator: " ")
    report.model.groups = Self.hostile.map { GroupView(name: $0, progress: .stalled, since: 0) }
    report.model.canary.brokers[2].error = Self.hostile.joined()
    report.alerts.firing = Self.hostile.map {
      Alert(
        id: "a", name: "GroupStalled", severity: .warning, state: .firing, summary: $0, action: $0, subject: $0,
        firedAt: 0)
    }
    for number in Int32(4)..<40 {
      report.model.brokers.append(BrokerView(id: number, state: .unknown, stateSince: 0, transition: ""))
    }
    let lines = TopScreen(width: width, height: height, coloured: false).lines(report)
    #expect(lines.count <= height)
    for line in lines {
      #expect(TopText.columns(line) <= width, "\(line)")
      #expect(
        line.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7F...0x9F).contains($0.value) && $0 != "\u{202E}" })
    }
    // With colours, all that is not a letter is our own styles.
    for line in TopScreen(width: width, height: height, coloured: true).lines(report) {
      var rest = line
      for code in ["0", "1", "2", "31", "32", "33"] { rest = rest.split(separator: "\u{1B}[\(code)m").joined() }
      #expect(!rest.contains("\u{1B}"))
    }
    #expect(!TopScreen.line(report).unicodeScalars.contains { $0.value < 0x20 })
  }

  @Test func aLowTerminalKeepsAlertsAndSaysWhatIsLeftOut() {
    var report = Self.degraded
    report.model.groups = (0..<50).map { GroupView(name: "g\($0)", progress: .ok, since: 0) }
    let text = TopScreen(width: 120, height: 20, coloured: false).lines(report).joined(separator: "\n")
    #expect(text.contains("✖ BrokerDown"))
    #expect(text.hasSuffix("  … more than fits"))
  }

  @Test func barsAreEighthsOfTheLargest() {
    #expect(TopSparkline.bars([0, 1, 2, 3, 4, 5, 6, 7, 8]) == "▁▂▃▄▅▆▇██")
    #expect(TopSparkline.bars([0, 0, nil]) == "▁▁·")
    #expect(TopSparkline.bars([.nan, .infinity, -1, 5]) == "···█")
    #expect(TopSparkline.bars([]) == "")
  }
}
