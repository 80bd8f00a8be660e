import Metrics
import Primitives

/// Every partition's own figures.
extension MetricsPage {
  mutating func writePartitions() {
    let partitions = (facts.data?.partitions ?? []).sorted { $0.name < $1.name }
    let labels = partitions.map { Self.labels($0.name.topic, $0.name.partition) }
    writeLogs(partitions, labels)
    let metrics: [(String, (DataSnapshot.Partition) -> Int64, String)] = [
      ("atminisr", { $0.isLeader && $0.inSync == $0.minInSync ? 1 : 0 }, "Whether it can lose no further replica"),
      ("insyncreplicascount", { $0.isLeader ? Int64($0.inSync) : 0 }, "In-sync replicas"),
      ("laststableoffsetlag", { $0.stableLag }, "Records between the last stable offset and the high watermark"),
      ("replicascount", { $0.isLeader ? Int64($0.replicas) : 0 }, "Replicas"),
      ("underminisr", { $0.isLeader && $0.inSync < $0.minInSync ? 1 : 0 }, "Whether acks=all is refused"),
      ("underreplicated", { $0.isLeader && $0.inSync < $0.replicas ? 1 : 0 }, "Whether an in-sync replica is missing"),
    ]
    for (name, value, help) in metrics {
      page.metric("kafka_cluster_partition_\(name)", .gauge, "\(help); 0 where this broker does not lead.")
      for (partition, labels) in zip(partitions, labels) { page.sample(value(partition), labels) }
    }
  }

  private mutating func writeLogs(_ partitions: [DataSnapshot.Partition], _ labels: [PrometheusLabels]) {
    let metadata = Self.labels(QuorumWire.topic, PartitionID(0))
    let metrics: [(String, (DataSnapshot.Partition) -> Int64, (ControlSnapshot) -> Int64, String)] = [
      ("logendoffset", { $0.logEnd }, { $0.logEnd }, "The offset that the log's next record gets."),
      ("logstartoffset", { $0.logStart }, { $0.logStart }, "The offset of the log's first record."),
      ("numlogsegments", { Int64($0.segments) }, { Int64($0.logSegments) }, "The log's segments."),
      ("size", { Int64($0.bytes) }, { Int64($0.logBytes) }, "The log's bytes, without its indexes."),
    ]
    for (name, value, metadataValue, help) in metrics {
      page.metric("kafka_log_log_\(name)", .gauge, help)
      if let control = facts.control { page.sample(metadataValue(control), metadata) }
      for (partition, labels) in zip(partitions, labels) { page.sample(value(partition), labels) }
    }
  }

  private static func labels(_ topic: String, _ partition: PartitionID) -> PrometheusLabels {
    PrometheusLabels("partition", "\(partition)").adding("topic", topic)
  }
}
