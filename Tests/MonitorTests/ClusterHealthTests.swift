import Monitor
import Testing

/// The verdict, the brokers' states and the reserve, as a made-up cluster of three is broken and mended.
@Suite struct ClusterHealthTests {
  var cluster = Observations()
  var health = ClusterHealth(bootstrapServers: "127.0.0.1:9092")

  private mutating func second(_ change: (inout ClusterObservation) -> Void = { _ in }) -> ClusterModel {
    health.observe(cluster.next(change)).model
  }

  private func codes(_ model: ClusterModel) -> [String] { model.verdict.reasons.map(\.code) }

  private func state(_ id: Int32, _ model: ClusterModel) -> BrokerView.State? {
    model.brokers.first { $0.id == id }?.state
  }

  @Test mutating func wholeClusterIsHealthyAndToleratesOneFailure() {
    let model = second()
    #expect(model.verdict.word == .healthy)
    #expect(model.verdict.reasons.isEmpty)
    #expect(model.tolerance.failures == 1)
    #expect(model.tolerance.writesBlocked == false)
    #expect(model.brokers.map(\.state) == [.running, .running, .running])
    #expect(model.partitions.total == 3)
    #expect(model.partitions.underReplicated == 0)
    #expect(model.nextCommands.isEmpty)
    #expect(model.verdict.sentence.hasPrefix("HEALTHY: 3 of 3 brokers serve; 3 partitions, all replicas in sync"))
  }

  @Test mutating func killedBrokerIsFailedInTheFirstRoundThatItRefuses() {
    _ = second()
    cluster.alive = [1, 3]
    let model = second()
    #expect(model.verdict.word == .degraded)
    #expect(state(2, model) == .failed)
    #expect(codes(model).first == "broker-down")
    // It still stands in the in-sync sets, and counts for nothing there.
    #expect(model.partitions.underReplicated == 3)
    #expect(model.troubledPartitions.allSatisfy { !$0.isr.contains(2) })
    #expect(model.verdict.sentence.contains("writes to 1 partition wait for a new leader"))
    #expect(model.tolerance.failures == 0)
    #expect(model.verdict.sentence.contains("broker 2 (leader of 1 partition) does not answer since"))
    #expect(model.verdict.sentence.contains("no further failure tolerated"))
  }

  @Test mutating func fencedBrokerLeavesPartitionsAtMinISRAndWritesGoOn() {
    _ = second()
    cluster.alive = [1, 3]
    _ = second()
    cluster.fence(2)
    var model = second()
    #expect(model.partitions.underReplicated == 3)
    #expect(model.partitions.atMinISR == 3)
    #expect(model.partitions.underMinISR == 0)
    #expect(model.troubledPartitions.count == 3)
    #expect(model.troubledPartitions.allSatisfy { $0.trouble == .atMinISR && $0.isrBefore?.count == 3 })
    #expect(model.troubledPartitions.first { $0.partition == 1 }?.leaderBefore == 2)
    #expect(model.verdict.sentence.contains("3 of 3 partitions under-replicated, 0 offline; writes go on"))
    for _ in 0..<13 { model = second() }
    #expect(model.verdict.sentence.hasPrefix("DEGRADED for 14 s: broker 2"))
  }

  @Test mutating func returningBrokerRecoversBeforeItRuns() {
    _ = second()
    cluster.alive = [1, 3]
    cluster.fence(2)
    _ = second()
    cluster.alive = [1, 2, 3]
    #expect(state(2, second()) == .starting)
    cluster.members = [1, 2, 3]
    let recovering = second()
    #expect(state(2, recovering) == .recovering)
    #expect(recovering.verdict.word == .degraded)
    cluster.heal()
    let whole = second()
    #expect(state(2, whole) == .running)
    #expect(whole.verdict.word == .healthy)
    #expect(
      whole.brokers.first { $0.id == 2 }?.history.map(\.state) == [
        .running, .recovering, .starting, .failed, .running,
      ])
  }

  @Test mutating func silenceIsAFailureUnlessTheMonitorItselfWasStarved() {
    _ = second()
    cluster.silent = [3]
    #expect(state(3, second { $0.wasStarved = true }) == .running)
    #expect(state(3, second { $0.wasStarved = true }) == .running)
    #expect(state(3, second()) == .failed)
    cluster.silent = []
    #expect(state(3, second()) == .running)
    // A machine that is busy for long excuses nobody for ever.
    cluster.silent = [3]
    for _ in 0..<2 { #expect(state(3, second { $0.wasStarved = true }) == .running) }
    #expect(state(3, second { $0.wasStarved = true }) == .failed)
  }

  @Test mutating func brokerThatGaveItsLeadershipsAwayWasShutDown() {
    _ = second()
    cluster.topics[0].partitions[1].leader = 3
    _ = second()
    cluster.alive = [1, 3]
    cluster.fence(2)
    let model = second()
    #expect(state(2, model) == .shutdown)
    #expect(model.verdict.sentence.contains("broker 2 was shut down"))
  }

  @Test mutating func deathBetweenTwoRoundsIsSeen() {
    _ = second()
    let cut = health.observe(
      cluster.next { observation in
        observation.answers[1].wasCutOff = true
      }
    ).model
    #expect(state(2, cut) == .failed)
    #expect(cut.verdict.word == .degraded)
    let back = second()
    #expect(state(2, back) == .running)
    #expect(back.brokers[1].history.map(\.state) == [.running, .failed, .running])
  }

  @Test mutating func twoDeadBrokersRefuseWrites() {
    _ = second()
    cluster.alive = [1]
    cluster.fence(2)
    cluster.fence(3)
    let model = second()
    #expect(model.verdict.word == .unavailable)
    #expect(model.partitions.underMinISR == 3)
    #expect(model.tolerance.writesBlocked == true)
    #expect(model.tolerance.failures == 0)
    #expect(codes(model).contains("under-min-isr"))
    #expect(model.verdict.sentence.contains("acks=all writes are refused for 3 partitions"))
  }

  @Test mutating func partitionWithoutALeaderIsOffline() {
    _ = second()
    cluster.topics[0].partitions[0].leader = -1
    let model = second()
    #expect(model.verdict.word == .unavailable)
    #expect(model.partitions.offline == 1)
    #expect(model.troubledPartitions.first?.trouble == .offline)
    #expect(state(1, model) == .leaderElection)
    #expect(model.topics.first?.offline == 1)
  }

  @Test mutating func noControllerIsUnavailable() {
    _ = second()
    cluster.controller = nil
    let model = second()
    #expect(model.verdict.word == .unavailable)
    #expect(codes(model).first == "no-controller")
    #expect(model.controller.id == nil)
  }

  @Test mutating func deadClusterIsUnavailableAndSilentClusterIsUnknown() {
    _ = second()
    cluster.alive = []
    let dead = second()
    #expect(dead.verdict.word == .unavailable)
    #expect(dead.verdict.sentence.contains("every broker refuses connections"))

    cluster.alive = [1, 2, 3]
    _ = second()
    cluster.silent = [1, 2, 3]
    // A round that was lost by the monitor's own fault keeps the verdict.
    #expect(second { $0.wasStarved = true }.verdict.word == .healthy)
    let silent = second()
    #expect(silent.verdict.word == .unknown)
    #expect(silent.blindSpots == ["no broker answers"])
    #expect(silent.tolerance.reason.isEmpty == false)
  }

  /// A large page is read every fifth round; errors that go on are errors in between, too.
  @Test mutating func errorRatesHoldBetweenTwoReadingsOfAPage() {
    var total = 0.0
    for round in 0..<21 {
      total += 20
      let model = second { observation in
        guard round % 5 == 0 else { return }
        var metrics = ClusterObservation.BrokerMetrics(broker: 1, url: "http://127.0.0.1/metrics")
        metrics.errorsTotal = ["CORRUPT_MESSAGE": total]
        observation.metrics = [metrics]
      }
      if round >= 5 { #expect(model.traffic.errorsPerSecond.map(\.perSecond) == [20]) }
    }
    // Nobody reads it any more: not known.
    var model = second()
    for _ in 0..<7 { model = second() }
    #expect(model.traffic.errorsPerSecond.isEmpty)
  }

  /// Pages name an error only once it has happened: the first of them are errors, too.
  @Test mutating func theFirstErrorsOfAKindAreCounted() {
    func page(_ errors: [String: Double]) -> ClusterObservation.BrokerMetrics {
      var metrics = ClusterObservation.BrokerMetrics(broker: 1, url: "http://127.0.0.1/metrics")
      metrics.errorsTotal = errors
      return metrics
    }
    // What was counted before anybody looked is no rate of now.
    #expect(second { $0.metrics = [page(["CORRUPT_MESSAGE": 900])] }.traffic.errorsPerSecond.isEmpty)
    let burst = second { $0.metrics = [page(["CORRUPT_MESSAGE": 900, "NOT_LEADER_OR_FOLLOWER": 40])] }
    #expect(burst.traffic.errorsPerSecond == [.init(code: "NOT_LEADER_OR_FOLLOWER", perSecond: 40)])
    // Another process counts from zero.
    let restarted = second { $0.metrics = [page(["CORRUPT_MESSAGE": 3])] }
    #expect(restarted.traffic.errorsPerSecond == [.init(code: "CORRUPT_MESSAGE", perSecond: 3)])
  }

  /// Test events that take 300 ms and a disk with 5 GiB free: fine by the usual limits, not by an operator's.
  @Test(arguments: [true, false]) mutating func verdictAndAlertsHaveTheSameLimits(_ isStrict: Bool) throws {
    var limits = AlertSettings()
    if isStrict {
      try limits.set("CanarySlow.limit=250ms")
      try limits.set("DiskSpace.limit=20GiB")
    }
    health = ClusterHealth(bootstrapServers: "127.0.0.1:9092", limits: limits)
    var alerts = AlertBook(settings: limits)
    for _ in 0..<20 {
      let model = second { observation in
        observation.canary = CanaryView()
        observation.canary?.producePercentile99 = 300
        var metrics = ClusterObservation.BrokerMetrics(broker: 2, url: "http://127.0.0.1/metrics")
        metrics.diskFreeBytes = 5 * 1_073_741_824
        observation.metrics = [metrics]
      }
      #expect(codes(model) == (isStrict ? ["canary-slow", "disk-space"] : []))
      #expect(model.verdict.word == (isStrict ? .degraded : .healthy))
      _ = alerts.judge(model, at: model.at)
    }
    #expect(Set(alerts.list.firing.map(\.name)) == (isStrict ? ["CanarySlow", "DiskSpace"] : []))
  }

  @Test func monitorThatNeverGotAnAnswerKnowsNothing() {
    var health = ClusterHealth(bootstrapServers: "127.0.0.1:1")
    var observation = ClusterObservation(at: 1)
    observation.failures = ["no broker answers (127.0.0.1:1: no answer in time)"]
    let model = health.observe(observation).model
    #expect(model.verdict.word == .unknown)
    #expect(model.partitions.total == nil)
    #expect(model.tolerance.failures == nil)
    #expect(model.traffic.eventsInPerSecond == nil)
  }

  @Test mutating func oneReplicaTopicsAreNamedAndDoNotHideTheOthersReserve() {
    cluster.topics.append(
      .init(
        name: "scratch", isInternal: false, minISR: 1,
        partitions: [.init(id: 0, leader: 3, leaderEpoch: 0, replicas: [3], isr: [3], offline: [])]))
    let model = second()
    #expect(model.tolerance.failures == 1)
    #expect(model.tolerance.reason.contains("scratch"))
  }

  @Test mutating func quorumMayBeTheWeakestPart() {
    // Five replicas and min ISR 1 tolerate much; two of three voters do not.
    _ = second()
    let model = health.observe(
      cluster.next { observation in
        observation.quorum?.voters[2].lastFetchAt = 0
        observation.quorum?.voters[2].id = 9
      }
    ).model
    #expect(model.tolerance.failures == 0)
    #expect(model.tolerance.reason.contains("the quorum has 2 of 3 voters and needs 2"))
  }

  @Test mutating func ratesComeFromEndOffsetsAndSkipWhatIsUnknown() {
    let first = second()
    #expect(first.traffic.eventsInPerSecond == nil)
    cluster.ends = [100, 200, 300]
    #expect(second().traffic.eventsInPerSecond == 600)
    // A partition without a leader adds nothing, and does not count twice when it is back.
    cluster.topics[0].partitions[2].leader = -1
    cluster.ends = [200, 300, 400]
    #expect(second().traffic.eventsInPerSecond == 200)
    cluster.topics[0].partitions[2].leader = 3
    #expect(second().traffic.eventsInPerSecond == 50)
    // Logs that were cut or made anew have no rate until they are seen again: never a negative one.
    cluster.ends = [0, 0, 0]
    #expect(second().traffic.eventsInPerSecond == nil)
    #expect(second().traffic.eventsInPerSecond == 0)
  }

  @Test mutating func metricsAreForgottenWithTheirBroker() {
    func metrics(_ total: Double) -> ClusterObservation.BrokerMetrics {
      var metrics = ClusterObservation.BrokerMetrics(broker: 2, url: "http://127.0.0.1:9405/metrics")
      metrics.messagesInTotal = total
      metrics.residentBytes = 20_000_000
      metrics.errorsTotal = ["NOT_ENOUGH_REPLICAS": total]
      return metrics
    }
    _ = health.observe(cluster.next { $0.metrics = [metrics(10)] })
    let known = health.observe(cluster.next { $0.metrics = [metrics(510)] }).model
    #expect(known.brokers[1].eventsInPerSecond == 500)
    #expect(known.brokers[1].residentBytes == 20_000_000)
    #expect(known.brokers[0].residentBytes == nil)
    #expect(known.traffic.errorsPerSecond == [.init(code: "NOT_ENOUGH_REPLICAS", perSecond: 500)])
    cluster.alive = [1, 3]
    let dead = second()
    #expect(dead.brokers[1].residentBytes == nil)
    #expect(dead.brokers[1].eventsInPerSecond == nil)
  }

  @Test mutating func mapGetsANewVersionOnlyWhenItChanged() {
    let first = health.observe(cluster.next()).map
    let same = health.observe(cluster.next()).map
    #expect(same.version == first.version)
    cluster.fence(2)
    #expect(health.observe(cluster.next()).map.version == first.version + 1)
  }

  @Test mutating func failingCanaryDegradesButADeadBrokersCanaryAddsNothing() {
    _ = second()
    var view = CanaryView()
    var broken = CanaryView.Broker(id: 3)
    broken.ok = false
    broken.error = "NOT_ENOUGH_REPLICAS"
    view.brokers = [1, 2].map { (id: Int32) in
      var well = CanaryView.Broker(id: id)
      well.ok = true
      return well
    }
    view.brokers.append(broken)
    let failing = health.observe(cluster.next { $0.canary = view }).model
    #expect(failing.verdict.word == .degraded)
    #expect(codes(failing) == ["canary-failing"])
    #expect(failing.traffic.errorsPerSecond.first?.code == "NOT_ENOUGH_REPLICAS")
    #expect(failing.verdict.sentence.contains("test writes fail through 1 of 3 brokers"))
    #expect(!failing.verdict.sentence.contains("writes go on"))
    cluster.alive = [1, 2]
    let dead = health.observe(cluster.next { $0.canary = view }).model
    #expect(!codes(dead).contains("canary-failing"))
  }

  @Test mutating func nobodyCanWriteWhereAllTestEventsFail() {
    _ = second()
    var view = CanaryView()
    view.brokers = [1, 2, 3].map { (id: Int32) in
      var broken = CanaryView.Broker(id: id)
      broken.ok = false
      broken.error = "no answer"
      return broken
    }
    let failing = health.observe(cluster.next { $0.canary = view }).model
    #expect(failing.verdict.word == .unavailable)
    #expect(failing.verdict.sentence.contains("test writes fail through every broker"))
    // The monitor may not write: that says nothing of others.
    for index in view.brokers.indices { view.brokers[index].error = "TOPIC_AUTHORIZATION_FAILED" }
    #expect(health.observe(cluster.next { $0.canary = view }).model.verdict.word == .degraded)
    // Nor does a machine that gives the monitor no time.
    for index in view.brokers.indices { view.brokers[index].error = "no answer" }
    let starved = health.observe(
      cluster.next {
        $0.canary = view
        $0.wasStarved = true
      }
    ).model
    #expect(starved.verdict.word == .degraded)
  }

  @Test mutating func aFencedBrokerDoesNotServe() {
    _ = second()
    cluster.fence(2)
    let model = second()
    #expect(model.brokers.map(\.serves) == [true, false, true])
    #expect(model.brokers[1].state == .recovering)
    #expect(model.brokers[1].isMember == false)
  }

  @Test mutating func withoutWordOfTheQuorumNoFailureIsPromised() {
    let unknown = health.observe(cluster.next { $0.quorum = nil }).model
    #expect(unknown.tolerance.failures == nil)
    #expect(unknown.tolerance.reason.contains("the quorum is not known"))
    #expect(second().tolerance.failures == 1)
    var zooKeeper = ClusterHealth(bootstrapServers: "a:1")
    let known = zooKeeper.observe(
      cluster.next {
        $0.quorum = nil
        $0.quorumIsUnsupported = true
      }
    ).model
    #expect(known.tolerance.failures == 1)
  }
}
