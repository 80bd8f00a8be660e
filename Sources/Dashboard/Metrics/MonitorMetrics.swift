import Metrics
import Monitor

/// The monitor's latest report as a page for Prometheus.
///
/// Topics, partitions and consumer groups have the names and labels that `kafka_exporter` gave them, so that boards and
/// alert rules for those work here; what only this monitor knows begins with `streamsocial_`. What is unknown has no
/// sample: it is never zero, and (unlike there) a partition without a commit has no lag rather than −1.
struct MonitorMetrics {
  /// Bounds of what one page holds. Beyond them partitions are left out, whole groups or topics at a time, and
  /// `streamsocial_metrics_left_out` counts what is missing; sums over a group's topics stay.
  struct Limits {
    var topicPartitions = 5_000
    var groupPartitions = 5_000
    var groups = 1_000
  }

  var report: MonitorReport
  /// With their partitions, by name.
  var groups: [GroupView]
  var version: String
  var limits = Limits()

  func page() -> [UInt8] {
    var page = PrometheusWriter()
    var leftOut = LeftOut()
    writeCluster(&page)
    writeBrokers(&page)
    writeCanary(&page)
    writeAlerts(&page)
    leftOut.topicPartitions = writeTopics(&page)
    writeGroups(&page, &leftOut)
    page.metric("streamsocial_metrics_left_out", .gauge, "What this page would be too long with, by kind.")
    page.sample(leftOut.topicPartitions, PrometheusLabels("of", "topic_partitions"))
    page.sample(leftOut.groupPartitions, PrometheusLabels("of", "group_partitions"))
    page.sample(leftOut.groups, PrometheusLabels("of", "groups"))
    return page.bytes
  }

  struct LeftOut {
    var topicPartitions = 0
    var groupPartitions = 0
    var groups = 0
  }

  // MARK: - The cluster

  private func writeCluster(_ page: inout PrometheusWriter) {
    let model = report.model
    page.metric("streamsocial_build_info", .gauge, "Always 1; the version is a label.")
    page.sample(1, PrometheusLabels("version", version))
    page.metric(
      "streamsocial_monitor_last_round_timestamp_seconds", .gauge, "When the cluster was last looked at.")
    page.sample(Double(model.at) / 1_000)
    page.metric("streamsocial_verdict", .gauge, "1 for the word that holds, 0 for the others.")
    for word in Verdict.Word.allCases {
      page.sample(word == model.verdict.word ? 1 : 0, PrometheusLabels("verdict", word.rawValue))
    }
    page.metric(
      "streamsocial_failures_tolerated", .gauge,
      "How many more brokers may die before acks=all writes are refused; -1: some are refused already.")
    if model.tolerance.writesBlocked == true {
      page.sample(-1)
    } else if let failures = model.tolerance.failures {
      page.sample(failures)
    }
    page.metric("streamsocial_controller_id", .gauge, "Which broker is the active controller.")
    if let id = model.controller.id { page.sample(Int64(id)) }
    page.metric("streamsocial_partitions", .gauge, "Partitions, internal topics too.")
    if let total = model.partitions.total { page.sample(total) }
    page.metric("streamsocial_partitions_troubled", .gauge, "Partitions that are not well, by what ails them.")
    for (name, count) in [
      ("offline", model.partitions.offline), ("under_min_isr", model.partitions.underMinISR),
      ("at_min_isr", model.partitions.atMinISR), ("under_replicated", model.partitions.underReplicated),
    ] {
      if let count { page.sample(count, PrometheusLabels("trouble", name)) }
    }
    page.metric("streamsocial_events_per_second", .gauge, "Events written and consumed, internal topics left out.")
    if let rate = model.traffic.eventsInPerSecond { page.sample(rate, PrometheusLabels("direction", "in")) }
    if let rate = model.traffic.eventsOutPerSecond { page.sample(rate, PrometheusLabels("direction", "out")) }
  }

  private func writeBrokers(_ page: inout PrometheusWriter) {
    let brokers = report.model.brokers
    page.metric("kafka_brokers", .gauge, "Brokers that are part of the cluster and answer.")
    page.sample(brokers.count(where: \.serves))
    page.metric("streamsocial_brokers_expected", .gauge, "Brokers that should answer.")
    page.sample(brokers.count)
    page.metric("streamsocial_broker_state", .gauge, "1 for the state that a broker is in, 0 for the others.")
    for broker in brokers {
      let labels = PrometheusLabels("broker", "\(broker.id)")
      for state in BrokerView.State.allCases {
        page.sample(state == broker.state ? 1 : 0, labels.adding("state", state.rawValue))
      }
    }
  }

  private func writeCanary(_ page: inout PrometheusWriter) {
    let canary = report.model.canary
    page.metric(
      "streamsocial_canary_produce_seconds", .summary,
      "From sending a test event until its acknowledgement by all in-sync replicas, over the last ten seconds.")
    for (quantile, value) in [
      ("0.5", canary.producePercentile50), ("0.99", canary.producePercentile99), ("1", canary.produceMax),
    ] {
      if let value { page.sample(value / 1_000, PrometheusLabels("quantile", quantile)) }
    }
    page.metric(
      "streamsocial_canary_end_to_end_seconds", .summary,
      "From sending a test event until it was read back, over the last ten seconds.")
    if let value = canary.endToEndPercentile99 { page.sample(value / 1_000, PrometheusLabels("quantile", "0.99")) }
    page.metric("streamsocial_canary_ok", .gauge, "Whether a broker's latest test event came back in time.")
    for broker in canary.brokers {
      if let isOK = broker.ok { page.sample(isOK ? 1 : 0, PrometheusLabels("broker", "\(broker.id)")) }
    }
  }

  private func writeAlerts(_ page: inout PrometheusWriter) {
    page.metric("streamsocial_alerts_firing", .gauge, "Alerts of the monitor that fire, by name; none: no sample.")
    var counts: [(name: String, severity: Severity, count: Int)] = []
    for alert in report.alerts.firing {
      if let index = counts.firstIndex(where: { $0.name == alert.name && $0.severity == alert.severity }) {
        counts[index].count += 1
      } else {
        counts.append((alert.name, alert.severity, 1))
      }
    }
    for (name, severity, count) in counts {
      page.sample(count, PrometheusLabels("name", name).adding("severity", severity.rawValue))
    }
  }
}
