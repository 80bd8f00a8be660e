import Metrics
import Monitor

/// `kafka_consumergroup_…`, as `kafka_exporter` has them, and this monitor's judgement of a group's progress.
extension MonitorMetrics {
  private struct Row {
    var labels: PrometheusLabels
    var committed: Int64?
    var lag: Int64?
  }

  func writeGroups(_ page: inout PrometheusWriter, _ leftOut: inout LeftOut) {
    let shown = groups.prefix(limits.groups)
    leftOut.groups = groups.count - shown.count
    var partitions: [Row] = []
    var topics: [Row] = []
    for group in shown {
      let labels = PrometheusLabels("consumergroup", group.name)
      let all = group.partitions ?? []
      topics += Self.topics(of: all, labels)
      guard partitions.count + all.count <= limits.groupPartitions else {
        leftOut.groupPartitions += all.count
        continue
      }
      for one in all {
        let place = labels.adding("topic", one.topic).adding("partition", "\(one.partition)")
        partitions.append(Row(labels: place, committed: one.committed, lag: one.lag))
      }
    }
    let prefix = "kafka_consumergroup_"
    write(
      partitions, &page, prefix + "current_offset", "Offset that a group has committed in a partition.", \.committed)
    write(topics, &page, prefix + "current_offset_sum", "Committed offsets, over a topic's partitions.", \.committed)
    write(partitions, &page, prefix + "lag", "Events of a partition that a group has not committed.", \.lag)
    write(topics, &page, prefix + "lag_sum", "Events that a group has not committed, over a topic's partitions.", \.lag)

    page.metric(prefix + "members", .gauge, "Members of a group.")
    for group in shown {
      if let members = group.members { page.sample(members, PrometheusLabels("consumergroup", group.name)) }
    }
    page.metric(
      "streamsocial_consumergroup_lag_seconds", .gauge, "Age of the oldest event that a group has not committed.")
    for group in shown {
      if let lag = group.lagMilliseconds { page.sample(lag / 1_000, PrometheusLabels("consumergroup", group.name)) }
    }
    page.metric(
      "streamsocial_consumergroup_progress", .gauge,
      "1 for the judgement of a group that holds, 0 for the others: by the trend of commits and lag, not by a limit.")
    for group in shown {
      let labels = PrometheusLabels("consumergroup", group.name)
      for progress in GroupView.Progress.allCases {
        page.sample(progress == group.progress ? 1 : 0, labels.adding("progress", progress.rawValue))
      }
    }
  }

  /// A sum is there only when all of its parts are known; partitions without a commit have none.
  private static func topics(of partitions: [GroupView.Partition], _ labels: PrometheusLabels) -> [Row] {
    var rows: [Row] = []
    var current: String?
    for one in partitions where one.committed != nil {
      if current != one.topic {
        current = one.topic
        rows.append(Row(labels: labels.adding("topic", one.topic), committed: 0, lag: 0))
      }
      rows[rows.count - 1].committed = sum(rows[rows.count - 1].committed, one.committed)
      rows[rows.count - 1].lag = sum(rows[rows.count - 1].lag, one.lag)
    }
    return rows
  }

  private static func sum(_ a: Int64?, _ b: Int64?) -> Int64? {
    guard let a, let b else { return nil }
    let (sum, overflow) = a.addingReportingOverflow(b)
    return overflow ? nil : sum
  }

  private func write(
    _ rows: [Row], _ page: inout PrometheusWriter, _ name: String, _ help: String, _ value: (Row) -> Int64?
  ) {
    page.metric(name, .gauge, help)
    for row in rows {
      if let value = value(row) { page.sample(value, row.labels) }
    }
  }
}
