import Testing

@testable import Monitor

/// Points a second apart, gaps as gaps, and a marker for each thing that happened and for nothing else.
struct TimelineRecorderTests {
  let empty = PartitionMap(version: 1, at: 0, topics: [])

  @Test func keepsTheLastFiveMinutesInConsecutiveSeconds() {
    var recorder = TimelineRecorder()
    for second in 0..<1_000 {
      // Jitter around the full second, as timers have it.
      let at = Models.start + Int64(second) * 1_000 + [0, -3, 4, -1][second % 4]
      recorder.record(Models.healthy(at: at), partitions: empty, fired: [])
    }
    let points = recorder.timeline.points
    #expect(points.count == 300)
    #expect(zip(points, points.dropFirst()).allSatisfy { $0.at + 1_000 == $1.at })
    #expect(points.allSatisfy { $0.at % 1_000 == 0 && $0.verdict == .healthy })
    let drift = abs((points.last?.at ?? 0) - (Models.start + 999_000))
    #expect(drift <= 1_000)
  }

  @Test func aGapIsUnknownAndNeverFilledIn() {
    var recorder = TimelineRecorder()
    var model = Models.healthy()
    model.traffic.eventsInPerSecond = 100
    recorder.record(model, partitions: empty, fired: [])
    model.at += 4_000
    recorder.record(model, partitions: empty, fired: [])
    let points = recorder.timeline.points
    #expect(points.map(\.eventsInPerSecond) == [100, nil, nil, nil, 100])
    #expect(points.map(\.verdict) == [.healthy, .unknown, .unknown, .unknown, .healthy])
    #expect(points.map(\.at) == (0..<5).map { Models.start + $0 * 1_000 })
  }

  @Test func aClockThatWasSetBeginsAnew() {
    var recorder = TimelineRecorder()
    for jump: Int64 in [0, 1_000, -3_600_000, 7_200_000] {
      recorder.record(Models.healthy(at: Models.start + jump), partitions: empty, fired: [])
    }
    #expect(recorder.timeline.points.map(\.at) == [Models.start + 7_200_000])
    recorder.record(Models.healthy(at: Models.start + 7_198_000), partitions: empty, fired: [])
    #expect(recorder.timeline.points.count == 1, "a small step back stays in the last second")
  }

  @Test func figuresOfTheModelBecomeThePoint() {
    var recorder = TimelineRecorder()
    var model = Models.healthy()
    model.traffic.eventsInPerSecond = 1_000
    model.traffic.eventsOutPerSecond = 900
    model.traffic.targetPerSecond = 1_100
    model.canary.producePercentile50 = 2
    model.canary.brokers[1].produceMilliseconds = 1_700
    model.traffic.errorsPerSecond = [.init(code: "A", perSecond: 1), .init(code: "B", perSecond: 2)]
    recorder.record(model, partitions: empty, fired: [])
    var expected = TimelinePoint(at: Models.start, verdict: .healthy)
    expected.eventsInPerSecond = 1_000
    expected.eventsOutPerSecond = 900
    expected.targetPerSecond = 1_100
    expected.producePercentile50 = 2
    expected.producePercentile99 = 4
    expected.produceMax = 1_700
    expected.errorsPerSecond = 3
    expected.lagMilliseconds = 20
    #expect(recorder.timeline.points == [expected])
    // The largest lag of some groups is not that of all; one that never committed hides nothing.
    var other = GroupView(name: "search", progress: .unknown, since: 0)
    model.groups.append(other)
    #expect(TimelinePoint(model, second: 0).lagMilliseconds == nil)
    #expect(model.totalLag == nil)
    other.committedPartitions = 0
    model.groups[1] = other
    #expect(TimelinePoint(model, second: 0).lagMilliseconds == 20)
    #expect(model.totalLag == 3)
    other.committedPartitions = 2
    model.groups[1] = other
    #expect(TimelinePoint(model, second: 0).lagMilliseconds == nil)
    // Nobody looked: unknown, not zero.
    model.traffic.errorsPerSecond = []
    model.canary = CanaryView()
    model.groups = []
    #expect(TimelinePoint(model, second: 0).errorsPerSecond == nil)
    #expect(TimelinePoint(model, second: 0).lagMilliseconds == nil)
    #expect(TimelinePoint(model, second: 0).produceMax == nil)
  }

  @Test func aBrokerIsLostOnceAndBackOnce() {
    var recorder = TimelineRecorder()
    let story: [BrokerView.State] = [
      .running, .unknown, .failed, .failed, .unknown, .starting, .recovering, .running, .shutdown, .running,
    ]
    for (second, state) in story.enumerated() {
      var model = Models.healthy(at: Models.start + Int64(second) * 1_000)
      model.brokers[1].state = state
      model.brokers[1].transition = "because"
      recorder.record(model, partitions: empty, fired: [])
    }
    #expect(recorder.timeline.markers.map(\.kind) == [.brokerLost, .brokerBack, .brokerLost, .brokerBack])
    #expect(
      recorder.timeline.markers.map(\.text) == [
        "broker 2 lost: because", "broker 2 is back after 4 s", "broker 2 shut down: because",
        "broker 2 is back after 1 s",
      ])
    #expect(recorder.timeline.markers.map(\.broker) == [2, 2, 2, 2])
    #expect(recorder.timeline.markers.map(\.number) == [1, 2, 3, 4])
  }

  @Test func theControllerMovesAcrossASpellOfNone() {
    var recorder = TimelineRecorder()
    let controllers: [Int32?] = [1, nil, nil, 3, 3]
    for (second, id) in controllers.enumerated() {
      var model = Models.healthy(at: Models.start + Int64(second) * 1_000)
      model.controller.id = id
      recorder.record(model, partitions: empty, fired: [])
    }
    #expect(recorder.timeline.markers.map(\.text) == ["controller moved from broker 1 to broker 3"])
    #expect(recorder.timeline.markers.first?.kind == .controllerChange)
  }

  @Test func leadersThatMoveInASecondAreOneMarker() {
    var recorder = TimelineRecorder()
    let stories: [[Int32]] = [
      [1, 2, 3, 2, 2], [1, 1, 3, 3, 1], [1, 1, 3, 3, 1], [1, -1, 3, -1, 1], [1, 2, 3, 2, 2],
    ]
    for (second, leaders) in stories.enumerated() {
      let partitions = leaders.enumerated().map { index, leader in
        PartitionMap.Partition(
          id: Int32(index), leader: leader, leaderEpoch: 0, replicas: [1, 2, 3], isr: [1, 2, 3], offline: [])
      }
      let topic = PartitionMap.Topic(name: "t", isInternal: false, minISR: 2, partitions: partitions)
      let map = PartitionMap(version: second, at: 0, topics: [topic])
      recorder.record(Models.healthy(at: Models.start + Int64(second) * 1_000), partitions: map, fired: [])
    }
    #expect(
      recorder.timeline.markers.map(\.text) == [
        "3 leaders moved from broker 2",
        "1 partition of broker 1 without a leader; 1 partition of broker 3 without a leader",
        "1 leader moved from broker 1; broker 2 leads 2 partitions that had no leader",
      ])
    #expect(recorder.timeline.markers.map(\.broker) == [2, nil, nil])
    #expect(recorder.timeline.markers.allSatisfy { $0.kind == .leaderChange })
  }

  @Test func theIsrIsWholeAgainOnce() {
    var recorder = TimelineRecorder()
    for (second, count) in [0, 5, nil, 12, 0, 0].enumerated() {
      var model = Models.healthy(at: Models.start + Int64(second) * 1_000)
      model.partitions.underReplicated = count
      recorder.record(model, partitions: empty, fired: [])
    }
    #expect(recorder.timeline.markers.map(\.text) == ["all 57 partitions in sync again after 3 s"])
    #expect(recorder.timeline.markers.first?.at == Models.start + 4_000)
  }

  @Test func alertsAndFaultsFromOutsideAreMarkedAndForgottenWithTheirTime() {
    var recorder = TimelineRecorder()
    recorder.mark(.fault, broker: 2, text: "kill\u{1B}[2J", at: Models.start + 500)
    let alert = Alert(
      id: "a1", name: "GroupStopped", severity: .warning, state: .firing, summary: "", action: "",
      subject: "group \u{7}g", firedAt: 0)
    recorder.record(Models.healthy(), partitions: empty, fired: [alert])
    recorder.mark(.faultEnd, broker: 2, text: "started", at: Models.start + 200)
    #expect(
      recorder.timeline.markers.map(\.text) == ["GroupStopped: group \u{FFFD}g", "started", "kill\u{FFFD}[2J"],
      "in the order of their times")
    for second in 1..<400 {
      recorder.record(Models.healthy(at: Models.start + Int64(second) * 1_000), partitions: empty, fired: [])
    }
    #expect(recorder.timeline.markers.isEmpty)
  }

  @Test func markersAreBounded() {
    var recorder = TimelineRecorder()
    for number in 0..<2_000 { recorder.mark(.fault, broker: nil, text: "\(number)", at: Models.start + 10) }
    recorder.record(Models.healthy(), partitions: empty, fired: [])
    #expect(recorder.timeline.markers.count == TimelineRecorder.markersMax)
    #expect(recorder.timeline.markers.last?.text == "1999")
  }
}
