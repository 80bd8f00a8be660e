import Metrics
import Monitor

/// `kafka_topic_…`, as `kafka_exporter` has them.
extension MonitorMetrics {
  private struct Row {
    var labels: PrometheusLabels
    var partition: PartitionMap.Partition
    var extent: ClusterObservation.Extent?
  }

  private struct Key: Hashable {
    var topic: String
    var partition: Int32
  }

  /// Returns how many partitions were left out.
  func writeTopics(_ page: inout PrometheusWriter) -> Int {
    var extents: [Key: ClusterObservation.Extent] = [:]
    for extent in report.extents { extents[Key(topic: extent.topic, partition: extent.partition)] = extent }
    var rows: [Row] = []
    var leftOut = 0
    page.metric("kafka_topic_partitions", .gauge, "Number of partitions of a topic.")
    // While the cluster cannot be asked, the map is what it was.
    let topics = report.model.partitions.total == nil ? [] : report.partitions.topics
    for topic in topics {
      let labels = PrometheusLabels("topic", topic.name)
      page.sample(topic.partitions.count, labels)
      guard rows.count + topic.partitions.count <= limits.topicPartitions else {
        leftOut += topic.partitions.count
        continue
      }
      for partition in topic.partitions {
        rows.append(
          Row(
            labels: labels.adding("partition", "\(partition.id)"), partition: partition,
            extent: extents[Key(topic: topic.name, partition: partition.id)]))
      }
    }
    let prefix = "kafka_topic_partition_"
    write(rows, &page, prefix + "current_offset", "End of a partition: the offset of its next event.") {
      $0.extent?.end
    }
    write(rows, &page, prefix + "oldest_offset", "Offset of a partition's oldest event.") { $0.extent?.start }
    write(rows, &page, prefix + "leader", "Which broker leads a partition; -1: none.") { Int64($0.partition.leader) }
    write(rows, &page, prefix + "replicas", "Number of replicas of a partition.") { Int64($0.partition.replicas.count) }
    write(rows, &page, prefix + "in_sync_replica", "Number of in-sync replicas of a partition.") {
      Int64($0.partition.isr.count)
    }
    write(rows, &page, prefix + "leader_is_preferred", "1 if a partition is led by its first replica.") {
      $0.partition.replicas.first == $0.partition.leader ? 1 : 0
    }
    write(rows, &page, prefix + "under_replicated_partition", "1 if a replica of the partition is not in sync.") {
      $0.partition.isr.count < $0.partition.replicas.count ? 1 : 0
    }
    return leftOut
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
