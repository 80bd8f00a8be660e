import Monitor
import Testing

/// The page for Prometheus: names and labels of the field, nothing unknown, bounded.
struct MetricsTests {
  private func page(
    _ report: MonitorReport, _ groups: [GroupView] = [], isBlind: Bool = false
  ) async throws -> [String] {
    let served = try Served { $0.version = "7.8.9" }
    served.source.state.withLock { $0.groups = Dictionary(uniqueKeysWithValues: groups.map { ($0.name, $0) }) }
    var report = report
    report.model.groups = groups
    if !isBlind { report.model.partitions.total = report.partitions.topics.reduce(0) { $0 + $1.partitions.count } }
    served.source.publish(report)
    let answer = try await served.ask("GET /metrics")
    #expect(answer.status == 200)
    #expect(answer.header("content-type") == "text/plain; version=0.0.4; charset=utf-8")
    return answer.text.split(separator: "\n").map(String.init)
  }

  private func partition(_ topic: String, _ id: Int32, committed: Int64?, lag: Int64?) -> GroupView.Partition {
    var one = GroupView.Partition(topic: topic, partition: id, progress: .ok)
    one.committed = committed
    one.lag = lag
    return one
  }

  private func topic(_ name: String, partitions: Int) -> PartitionMap.Topic {
    PartitionMap.Topic(
      name: name, isInternal: false, minISR: 2,
      partitions: (0..<Int32(partitions)).map {
        PartitionMap.Partition(id: $0, leader: 2, leaderEpoch: 1, replicas: [1, 2, 3], isr: [2, 3], offline: [1])
      })
  }

  @Test func lagHasTheNamesOfTheField() async throws {
    var group = GroupView(name: "a\"\n", progress: .warn, since: 0)
    group.members = 2
    group.lagMilliseconds = 2_500
    group.partitions = [
      partition("posts", 0, committed: 10, lag: 4), partition("posts", 1, committed: 20, lag: 3),
      partition("posts", 2, committed: nil, lag: nil),
    ]
    var report = StandInSource.report(1)
    report.partitions.topics = [topic("posts", partitions: 3)]
    report.extents = [.init(topic: "posts", partition: 0, start: 2, end: 14)]
    let lines = try await page(report, [group])
    let name = #"consumergroup="a\"\n""#
    for line in [
      #"kafka_consumergroup_lag{\#(name),topic="posts",partition="0"} 4"#,
      #"kafka_consumergroup_lag{\#(name),topic="posts",partition="1"} 3"#,
      #"kafka_consumergroup_lag_sum{\#(name),topic="posts"} 7"#,
      #"kafka_consumergroup_current_offset{\#(name),topic="posts",partition="1"} 20"#,
      #"kafka_consumergroup_members{\#(name)} 2"#,
      #"streamsocial_consumergroup_lag_seconds{\#(name)} 2.5"#,
      #"streamsocial_consumergroup_progress{\#(name),progress="WARN"} 1"#,
      #"streamsocial_consumergroup_progress{\#(name),progress="OK"} 0"#,
      #"kafka_topic_partitions{topic="posts"} 3"#,
      #"kafka_topic_partition_current_offset{topic="posts",partition="0"} 14"#,
      #"kafka_topic_partition_oldest_offset{topic="posts",partition="0"} 2"#,
      #"kafka_topic_partition_in_sync_replica{topic="posts",partition="0"} 2"#,
      #"kafka_topic_partition_under_replicated_partition{topic="posts",partition="0"} 1"#,
      #"kafka_topic_partition_leader_is_preferred{topic="posts",partition="0"} 0"#,
      #"streamsocial_build_info{version="7.8.9"} 1"#,
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    // A partition without a commit has no lag, one whose leader did not answer has no end.
    #expect(!lines.contains { $0.hasPrefix("kafka_consumergroup_") && $0.contains(#"partition="2""#) })
    #expect(lines.count { $0.hasPrefix("kafka_topic_partition_current_offset{") } == 1)
  }

  @Test func factsOfTheMonitorAreTold() async throws {
    let alerts = ["2", "3"].map {
      Alert(
        id: $0, name: "BrokerDown", severity: .critical, state: .firing, summary: "s", action: "a", subject: nil,
        firedAt: 5)
    }
    var report = StandInSource.report(1, alerts: AlertList(firing: alerts))
    report.model.verdict.word = .degraded
    report.model.tolerance = FailureTolerance(failures: 0, writesBlocked: false, reason: "")
    report.model.canary.producePercentile99 = 12
    let lines = try await page(report)
    for line in [
      #"streamsocial_verdict{verdict="degraded"} 1"#, #"streamsocial_verdict{verdict="healthy"} 0"#,
      "streamsocial_failures_tolerated 0", #"streamsocial_alerts_firing{name="BrokerDown",severity="critical"} 2"#,
      #"streamsocial_canary_produce_seconds{quantile="0.99"} 0.012"#,
    ] {
      #expect(lines.contains(line), "\(line)")
    }
    report.model.tolerance = FailureTolerance(failures: 0, writesBlocked: true, reason: "")
    #expect(try await page(report).contains("streamsocial_failures_tolerated -1"))
  }

  @Test func unknownHasNoSample() async throws {
    var report = StandInSource.report(1)
    report.partitions.topics = [topic("posts", partitions: 3)]
    let lines = try await page(report, isBlind: true)
    #expect(!lines.contains { $0.contains("kafka_topic_") }, "the map is of an earlier round")
    for name in ["failures_tolerated", "canary_", "partitions", "events_per_second", "controller_id", "alerts_firing"] {
      #expect(!lines.contains { $0.contains("streamsocial_\(name)") }, "\(name)")
    }
    #expect(lines.contains(#"streamsocial_verdict{verdict="unknown"} 1"#))
  }

  /// What the page leaves out is counted on it, and a topic is never there in part.
  @Test func pageIsBounded() async throws {
    var report = StandInSource.report(1)
    report.partitions.topics = [
      topic("a", partitions: 4_000), topic("b", partitions: 2_000), topic("c", partitions: 9),
    ]
    var groups = (0..<1_100).map { GroupView(name: String(10_000 + $0), progress: .ok, since: 0) }
    groups[0].partitions = (0..<6_000).map { partition("posts", $0, committed: 1, lag: 1) }
    groups[1].partitions = [partition("posts", 0, committed: 1, lag: 1)]
    let lines = try await page(report, groups)
    #expect(lines.contains(#"streamsocial_metrics_left_out{of="topic_partitions"} 2000"#))
    #expect(lines.contains(#"streamsocial_metrics_left_out{of="group_partitions"} 6000"#))
    #expect(lines.contains(#"streamsocial_metrics_left_out{of="groups"} 100"#))
    #expect(lines.count { $0.hasPrefix("kafka_topic_partition_leader{") } == 4_009)
    #expect(lines.count { $0.hasPrefix("kafka_consumergroup_lag{") } == 1)
    #expect(lines.contains(#"kafka_consumergroup_lag_sum{consumergroup="10000",topic="posts"} 6000"#))
    #expect(lines.contains(#"kafka_topic_partitions{topic="b"} 2000"#))
  }
}
