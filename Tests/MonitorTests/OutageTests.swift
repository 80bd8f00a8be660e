import Monitor
import Testing

/// What an outage looks like before, while and after the controller knows of it.
@Suite struct OutageTests {
  var cluster = Observations()
  var health = ClusterHealth(bootstrapServers: "127.0.0.1:9092")

  private mutating func second(_ change: (inout ClusterObservation) -> Void = { _ in }) -> ClusterModel {
    health.observe(cluster.next(change)).model
  }

  private func reason(_ code: String, _ model: ClusterModel) -> Verdict.Reason? {
    model.verdict.reasons.first { $0.code == code }
  }

  @Test mutating func partitionWaitsForANewLeaderAndIsOfflineWhenNoneComes() {
    _ = second()
    cluster.alive = [1, 3]
    // Kafka's controller notices after nine seconds; users notice at once.
    var model = second()
    #expect(model.verdict.word == .degraded)
    #expect(model.partitions.offline == 0)
    #expect(model.tolerance.writesBlocked == false)
    for _ in 0..<2 { model = second() }
    #expect(model.verdict.word == .degraded)
    model = second()
    #expect(model.verdict.word == .unavailable)
    #expect(model.partitions.offline == 1)
    #expect(model.tolerance.writesBlocked == true)
    #expect(model.troubledPartitions.first?.leader == -1)
    #expect(model.troubledPartitions.first?.leaderBefore == 2)
    cluster.fence(2)
    model = second()
    #expect(model.verdict.word == .degraded)
    #expect(model.partitions.offline == 0)
    #expect(model.verdict.sentence.contains("writes go on"))
  }

  /// The last two voters cannot fence the second dead broker: its replicas stay in the in-sync sets for ever.
  @Test mutating func twoDeadBrokersAreUnavailableThoughNobodyCouldFenceTheSecond() {
    _ = second()
    cluster.alive = [1, 3]
    cluster.fence(2)
    _ = second()
    cluster.alive = [1]
    cluster.controller = nil
    var model = second { $0.quorum = nil }
    #expect(model.verdict.word == .unavailable)
    #expect(model.partitions.underMinISR == 3)
    #expect(model.tolerance.writesBlocked == true)
    #expect(model.verdict.sentence.contains("acks=all writes are refused for 3 partitions"))
    // Without a controller there is no new leader to wait for.
    #expect(model.partitions.offline == 2)
    // Known at once: two of three voters are dead, whatever the third still believes of itself.
    #expect(model.controller.id == nil)
    cluster.controller = 1
    model = second()
    #expect(model.controller.id == nil)
    model = second { $0.quorum = nil }
    #expect(model.brokers[0].state == .leaderElection)
    #expect(reason("no-controller", model)?.text == "no active controller (1 of 3 voters live, 2 needed)")
    #expect(model.controller.id == nil)
  }

  @Test mutating func quorumThatIsSilentForAMomentKeepsItsFigures() {
    _ = second()
    var model = second { $0.quorum = nil }
    #expect(model.controller.id == 1)
    #expect(model.verdict.word == .healthy)
    for _ in 0..<4 { model = second { $0.quorum = nil } }
    // Brokers of KRaft name anybody as the controller in Metadata: that is not taken for one.
    #expect(model.controller.id == nil)
    #expect(model.verdict.word == .degraded)
    #expect(reason("no-controller", model)?.severity == .warning)
    #expect(second().verdict.word == .healthy)
  }

  /// A single replica has nobody to hand over to.
  @Test mutating func partitionThatNobodyElseCouldLeadIsOfflineAtOnce() {
    for index in 0..<3 { cluster.topics[0].partitions[index].isr = [cluster.topics[0].partitions[index].leader] }
    _ = second()
    cluster.alive = [1, 3]
    #expect(second().partitions.offline == 1)
  }

  @Test mutating func unknownMinISRIsUnknownAndNeverOne() {
    cluster.topics[0].minISR = nil
    var model = second()
    #expect(model.partitions.underMinISR == nil)
    #expect(model.partitions.atMinISR == nil)
    #expect(model.tolerance.failures == nil)
    #expect(model.tolerance.writesBlocked == nil)
    #expect(model.tolerance.reason.contains("min.insync.replicas of 1 topic is not known"))
    #expect(model.partitions.underReplicated == 0)
    // With no replica left it is refused, whatever the setting is.
    cluster.alive = [1]
    cluster.topics[0].partitions[1].isr = [2]
    model = second()
    #expect(model.partitions.underMinISR == 1)
    #expect(model.tolerance.writesBlocked == true)
    cluster.heal()
    model = second()
    #expect(model.partitions.underMinISR == 0)
    #expect(model.tolerance.failures == 1)
  }

  @Test mutating func controllerOfAKafkaWithoutQuorumComesFromMetadata() {
    let model = second {
      $0.quorum = nil
      $0.quorumIsUnsupported = true
    }
    #expect(model.controller.id == 1)
    #expect(model.verdict.word == .healthy)
  }

  @Test mutating func deadClusterHasNoGreenFigures() {
    _ = second()
    cluster.alive = []
    var model = second()
    #expect(model.verdict.word == .unavailable)
    for _ in 0..<3 { model = second() }
    #expect(model.partitions.offline == 3)
    #expect(model.tolerance.writesBlocked == true)
    #expect(model.traffic.eventsInPerSecond == nil)
  }

  /// Silence may be the monitor's own; that all processes stand still is certain.
  @Test mutating func pausedClusterIsUnavailableAndNotUnknown() {
    _ = second()
    cluster.silent = [1, 2, 3]
    func paused(_ observation: inout ClusterObservation) {
      observation.processes = ([1, 2, 3] as [Int32]).map {
        .init(broker: $0, processID: 7, state: "paused", metricsURL: nil)
      }
    }
    let model = second(paused)
    #expect(model.verdict.word == .unavailable)
    #expect(
      model.verdict.sentence.hasSuffix("no broker serves; 3 of 3 partitions offline; nothing can be written or read"))
    #expect(reason("broker-down", model)?.text.contains("is paused since") == true)
    #expect(model.controller.id == nil)
    #expect(model.partitions.offline == 3)
    #expect(model.tolerance.writesBlocked == true)
    #expect(model.nextCommands.prefix(3).map(\.command) == (1...3).map { "streamsocial resume \($0)" })
    // Nobody is left to describe a topic.
    #expect(!model.nextCommands.contains { $0.command.contains("describe") })
  }

  /// Two voters that refuse are gone for certain, so nobody can be the controller, whatever the silent third does.
  @Test mutating func twoThatRefuseAndOneThatIsSilentAreUnavailable() {
    _ = second()
    cluster.alive = [1]
    cluster.silent = [1]
    let model = second()
    #expect(model.verdict.word == .unavailable)
    #expect(model.verdict.sentence.contains("no broker serves"))
    cluster.alive = [1, 2]
    cluster.silent = [1, 2]
    #expect(second().verdict.word == .unknown)
  }

  @Test mutating func silentClustersFiguresAreUnknown() {
    _ = second()
    cluster.silent = [1, 2, 3]
    _ = second()
    let model = second()
    #expect(model.partitions.total == 3)
    #expect(model.partitions.offline == nil)
    #expect(model.partitions.underReplicated == nil)
    #expect(model.troubledPartitions.isEmpty)
    #expect(model.tolerance.failures == nil)
    #expect(model.tolerance.writesBlocked == nil)
  }

  @Test mutating func brokerThatDiedBeforeTheMonitorCameIsExpectedBecauseItVotes() {
    cluster.alive = [1, 2]
    cluster.members = [1, 2]
    cluster.topics = []
    let model = second { $0.answers.removeLast() }
    #expect(model.brokers.map(\.id) == [1, 2, 3])
    #expect(model.brokers.last?.state == .failed)
    #expect(model.verdict.word == .degraded)
  }

  @Test mutating func votersThatAreNoBrokersAreNotExpectedAsBrokers() {
    let model = second { observation in
      for index in 0..<3 { observation.quorum?.voters[index].id += 3000 }
      observation.quorum?.id = 3001
    }
    #expect(model.brokers.map(\.id) == [1, 2, 3])
    #expect(model.brokers.allSatisfy { $0.isVoter == false })
    #expect(model.verdict.word == .healthy)
    #expect(model.tolerance.failures == 1)
  }

  @Test mutating func brokerThatNothingNamesAnyMoreIsForgotten() {
    _ = second()
    cluster.alive = [1, 2]
    cluster.fence(3)
    for topic in cluster.topics.indices {
      for index in cluster.topics[topic].partitions.indices {
        cluster.topics[topic].partitions[index].replicas = [1, 2]
      }
    }
    func withoutVoter(_ observation: inout ClusterObservation) { observation.quorum?.voters.removeLast() }
    #expect(second(withoutVoter).brokers.last?.state == .failed)
    cluster.at += 600_000
    let model = second(withoutVoter)
    #expect(model.brokers.map(\.id) == [1, 2])
    #expect(model.verdict.word == .healthy)
  }

  @Test mutating func deadBrokersReplicasAreOfflineInTheMapAtOnce() {
    let before = health.observe(cluster.next()).map
    cluster.alive = [1, 3]
    let after = health.observe(cluster.next()).map
    #expect(after.version == before.version + 1)
    #expect(after.topics[0].partitions.allSatisfy { $0.offline == [2] })
  }

  @Test mutating func reasonsKeepTheirBeginAndGoWithTheirCause() {
    _ = second()
    cluster.alive = [1, 3]
    let first = second()
    let later = second()
    #expect(reason("broker-down", later)?.since == first.at)
    cluster.heal()
    #expect(second().verdict.reasons.isEmpty)
    cluster.alive = [1, 3]
    let again = second()
    #expect(reason("broker-down", again)?.since == again.at)
  }

  @Test mutating func commandsFitWhatCanBeDone() {
    _ = second()
    cluster.alive = [1, 3]
    #expect(second().nextCommands.first?.command.hasPrefix("streamsocial topics describe user-actions") == true)
    func local(_ state: String) -> (inout ClusterObservation) -> Void {
      { $0.processes = [.init(broker: 2, processID: nil, state: state, metricsURL: nil)] }
    }
    #expect(second(local("stopped")).nextCommands.first?.command == "streamsocial start 2")
    #expect(second(local("paused")).nextCommands.first?.command == "streamsocial resume 2")
    health = ClusterHealth(
      bootstrapServers: "127.0.0.1:9092", commands: LocalCommands(program: "./streamsocial", dataDirectory: "/tmp/a b"))
    _ = second()
    #expect(second(local("stopped")).nextCommands.first?.command == "./streamsocial start 2 --data-dir '/tmp/a b'")
    cluster.topics[0].name = "a b'; rm -rf /"
    #expect(second().nextCommands.first?.command.contains("'a b'\\''; rm -rf /'") == true)
  }

  @Test mutating func silentMetricsAreNamedWithoutWorseningTheVerdict() {
    _ = second()
    let model = second { $0.metricsFailures = [2: "connection refused"] }
    #expect(model.verdict.word == .healthy)
    #expect(reason("stale-metrics", model)?.text.contains("broker 2") == true)
    cluster.alive = [1, 3]
    #expect(reason("stale-metrics", second { $0.metricsFailures = [2: "connection refused"] }) == nil)
  }

  @Test mutating func bytesAreUnknownWhileOneBrokersAre() {
    func metrics(_ brokers: [Int32], _ total: Double) -> (inout ClusterObservation) -> Void {
      { observation in
        observation.metrics = brokers.map { id in
          var metrics = ClusterObservation.BrokerMetrics(broker: id, url: "")
          metrics.bytesInTotal = total
          return metrics
        }
      }
    }
    _ = second(metrics([1, 2, 3], 0))
    #expect(second(metrics([1, 2, 3], 1000)).traffic.bytesInPerSecond == 3000)
    var fresh = ClusterHealth(bootstrapServers: "127.0.0.1:9092")
    _ = fresh.observe(cluster.next(metrics([1, 2], 0)))
    #expect(fresh.observe(cluster.next(metrics([1, 2], 1000))).model.traffic.bytesInPerSecond == nil)
  }
}
