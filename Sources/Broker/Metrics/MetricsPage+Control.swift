import Controller
import Metrics
import Primitives

/// The quorum, the controller and the metadata.
extension MetricsPage {
  mutating func write(_ control: ControlSnapshot) {
    writeQuorum(control)
    writeController(control)
    writeMetadata(control)
  }

  private mutating func writeQuorum(_ control: ControlSnapshot) {
    let commit = control.counts.commitLatency.merged(at: control.at)
    let election = control.counts.electionLatency.merged(at: control.at)
    // The exporter's own example rules say raft_metrics, Strimzi's raftmetrics; boards use either.
    for prefix in ["kafka_server_raft_metrics_", "kafka_server_raftmetrics_"] {
      gauge(prefix + "current_leader", Int(control.leader.rawValue), "The quorum's leader; -1 while none is known.")
      gauge(prefix + "current_epoch", Int(control.epoch.rawValue), "The quorum's epoch.")
      gauge(
        prefix + "current_vote", Int(control.votedFor.rawValue), "Whom this node voted for in this epoch; -1: nobody.")
      page.metric(prefix + "current_state", .gauge, "The node's role in the quorum.")
      page.sample(1, PrometheusLabels("state", control.role.rawValue.lowercased()))
      gauge(
        prefix + "high_watermark", control.highWatermark, "Records of the metadata below this offset are committed.")
      gauge(prefix + "log_end_offset", control.logEnd, "The end of this node's metadata log.")
      gauge(prefix + "log_end_epoch", Int(control.logEndEpoch.rawValue), "The epoch of the metadata log's last record.")
      gauge(prefix + "number_of_voters", control.voters, "Voters of the quorum.")
      gauge(
        prefix + "number_of_observers", control.observers, "Nodes that follow the quorum without a vote; leader only.")
      gauge(
        prefix + "commit_latency_avg", mean(commit),
        "Milliseconds from a record's append to its commitment, last minute; NaN when there was none.")
      gauge(prefix + "commit_latency_max", most(commit), "The longest of these.")
      gauge(
        prefix + "election_latency_avg", mean(election),
        "Milliseconds without a leader of the quorum, last minute; NaN when there was no election.")
      gauge(prefix + "election_latency_max", most(election), "The longest of these.")
      gauge(
        prefix + "poll_idle_ratio_avg", control.idle, "The part of the last minute in which the control loop waited.")
    }
  }

  private func mean(_ times: Histogram) -> Double {
    times.count == 0 ? .nan : Double(times.sum) / Double(times.count) / 1000
  }

  private func most(_ times: Histogram) -> Double { times.count == 0 ? .nan : Double(times.max) / 1000 }

  private mutating func writeController(_ control: ControlSnapshot) {
    let controller = "kafka_controller_kafkacontroller_"
    let image = control.image
    gauge(controller + "activecontrollercount", control.isActiveController ? 1 : 0, "1 on the active controller.")
    let brokers = image.sortedBrokers
    gauge(controller + "activebrokercount", brokers.count { $0.isActive }, "Brokers neither fenced nor leaving.")
    gauge(controller + "fencedbrokercount", brokers.count { $0.fenced }, "Registered brokers that are fenced.")
    gauge(
      controller + "controlledshutdownbrokercount", brokers.count { !$0.fenced && $0.inControlledShutdown },
      "Brokers that are shutting down in order.")
    page.metric(controller + "brokerregistrationstate", .gauge, "10 fenced, 20 shutting down in order, 30 active.")
    for broker in brokers {
      page.sample(broker.fenced ? 10 : broker.isActive ? 30 : 20, PrometheusLabels("broker", "\(broker.id)"))
    }
    var (partitions, offline, imbalanced) = (0, 0, 0)
    for topic in image.topics.values {
      partitions += topic.partitions.count
      for partition in topic.partitions {
        if !partition.hasLeader { offline += 1 }
        if partition.leader != partition.preferredLeader { imbalanced += 1 }
      }
    }
    gauge(controller + "globaltopiccount", image.topics.count, "Topics of the cluster.")
    gauge(controller + "globalpartitioncount", partitions, "Partitions of the cluster.")
    gauge(controller + "offlinepartitionscount", offline, "Partitions without a leader.")
    gauge(
      controller + "preferredreplicaimbalancecount", imbalanced, "Partitions that their first replica does not lead.")
    gauge(controller + "lastappliedrecordoffset", control.appliedOffset, "The last metadata record that was applied.")
    gauge(controller + "lastcommittedrecordoffset", control.highWatermark - 1, "The last committed metadata record.")
    gauge(
      controller + "newactivecontrollerscount", control.counts.newActiveControllers,
      "How often this node has learnt of a new active controller.")
    let elections = "kafka_controller_controllerstats_"
    counter(
      elections + "uncleanleaderelections_total", control.counts.uncleanElections,
      "Leaders from outside the in-sync and the eligible replicas: acknowledged records may be lost.")
    counter(
      elections + "electionfromeligibleleaderreplicas_total", control.counts.eligibleElections,
      "Leaders from the eligible replicas outside the ISR (KIP-966); nothing is lost.")
  }

  private mutating func writeMetadata(_ control: ControlSnapshot) {
    let loader = "kafka_server_metadataloader_"
    gauge(
      loader + "currentcontrollerid", Int(control.leader.rawValue), "The active controller; -1 while none is known.")
    gauge(
      loader + "currentmetadataversion", control.image.features["metadata.version"].map { Int($0) },
      "The finalized level of metadata.version.")
    gauge(
      loader + "handleloadsnapshotcount", control.counts.snapshotsLoaded, "Snapshots of the metadata that were loaded.")
    if let data = facts.data {
      gauge(
        "kafka_server_broker_metadata_metrics_last_applied_record_offset", data.appliedOffset.rawValue,
        "The last metadata record that the data loop has applied.")
    }
    gauge("streamsocial_broker_epoch", control.brokerEpoch.rawValue, "The broker's registration; -1 before it has one.")
    counter(
      "streamsocial_controller_records_appended_total", control.counts.recordsAppended,
      "Metadata records that this node has written as the active controller.")
  }
}
