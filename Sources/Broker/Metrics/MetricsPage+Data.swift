import Metrics
import Primitives

/// Topics, replicas and groups.
extension MetricsPage {
  mutating func write(_ data: DataSnapshot) {
    writeTopics(data)
    writeReplicas(data)
    writeWaiting(data)
    writeGroups(data)
  }

  private mutating func writeTopics(_ data: DataSnapshot) {
    let prefix = "kafka_server_brokertopicmetrics_"
    let topics = data.topics.sorted { $0.name < $1.name }.map { (PrometheusLabels("topic", $0.name), $0.counters) }
    let metrics: [(String, KeyPath<TopicCounters, Int> & Sendable, String)] = [
      ("messagesin", \.messagesIn, "Records appended by leaders here"),
      ("bytesin", \.bytesIn, "Bytes of the batches appended by leaders here"),
      ("bytesout", \.bytesOut, "Bytes of batches given to consumers"),
      ("bytesrejected", \.bytesRejected, "Bytes of batches that were too large"),
      ("totalproducerequests", \.produceRequests, "Partitions that Produce requests named"),
      ("failedproducerequests", \.failedProduceRequests, "Of these, refused for what is not the client's mistake"),
      ("totalfetchrequests", \.fetchRequests, "Partitions that answers to Fetch carried"),
      ("failedfetchrequests", \.failedFetchRequests, "Of these, failed for what is not the client's mistake"),
    ]
    for (name, counter, help) in metrics {
      page.metric("\(prefix)\(name)_total", .counter, "\(help); without a label of all topics together.")
      page.sample(data.counts.all[keyPath: counter])
      // As in Kafka, a topic's failures are there from the first one on.
      let isRare = name.hasPrefix("failed") || name == "bytesrejected"
      for (labels, counters) in topics where !isRare || counters[keyPath: counter] > 0 {
        page.sample(counters[keyPath: counter], labels)
      }
    }
    let counts = data.counts
    counter(prefix + "replicationbytesin_total", counts.replicationBytesIn, "Bytes appended by followers here.")
    counter(prefix + "replicationbytesout_total", counts.replicationBytesOut, "Bytes given to followers.")
    counter(prefix + "invalidmagicnumberrecords_total", counts.invalidMagicRecords, "Batches of a format not served.")
    counter(prefix + "invalidmessagecrcrecords_total", counts.invalidChecksumRecords, "Batches with a wrong checksum.")
    counter(
      prefix + "invalidoffsetorsequencerecords_total", counts.invalidOffsetOrSequenceRecords,
      "Records out of their producer's sequence.")
    counter(
      prefix + "nokeycompactedtopicrecords_total", counts.recordsWithoutKey,
      "Records without a key that compacted topics refused.")
  }

  private mutating func writeReplicas(_ data: DataSnapshot) {
    let prefix = "kafka_server_replicamanager_"
    let leading = data.partitions.filter(\.isLeader)
    gauge(prefix + "partitioncount", data.partitions.count, "Partitions that have a replica here.")
    gauge(prefix + "leadercount", leading.count, "Partitions that this broker leads.")
    gauge(
      prefix + "underreplicatedpartitions", leading.count { $0.inSync < $0.replicas },
      "Partitions led here that lack an in-sync replica.")
    gauge(
      prefix + "underminisrpartitioncount", leading.count { $0.inSync < $0.minInSync },
      "Partitions led here with fewer in-sync replicas than min.insync.replicas: acks=all is refused.")
    gauge(
      prefix + "atminisrpartitioncount", leading.count { $0.inSync == $0.minInSync },
      "Partitions led here that can lose no further in-sync replica.")
    // As Kafka means it. Partitions without a leader are the controller's to count; a broker whose log directory fails
    // ends, so whoever reads this has none.
    gauge(prefix + "offlinereplicacount", 0, "Replicas in log directories that failed; a broker with one ends.")
    gauge(
      prefix + "reassigningpartitions", leading.count { $0.isReassigning }, "Partitions led here that are being moved.")
    gauge(
      prefix + "produceridcount", data.partitions.reduce(0) { $0 + $1.producers }, "Producers that the partitions know."
    )
    counter(
      prefix + "isrshrinks_total", data.counts.isrShrinks, "Times that a leader here took a laggard out of the ISR.")
    counter(
      prefix + "isrexpands_total", data.counts.isrExpands, "Times that a leader here took a follower into the ISR.")
    counter(prefix + "failedisrupdates_total", data.counts.failedISRUpdates, "Changes of an ISR that were refused.")
    let following = data.partitions.filter { $0.follows.rawValue >= 0 }
    page.metric(
      "kafka_server_replicafetchermanager_maxlag", .gauge,
      "How many committed records the replica that is furthest behind lacks.")
    page.sample(following.map(\.lag).max() ?? 0, PrometheusLabels("clientId", "Replica"))
    page.metric(
      "kafka_server_fetcherlagmetrics_consumerlag", .gauge, "How many committed records a replica here lacks.")
    for partition in following.sorted(by: { $0.name < $1.name }) {
      page.sample(
        partition.lag,
        PrometheusLabels("clientId", "ReplicaFetcherThread-0-\(partition.follows)")
          .adding("partition", "\(partition.name.partition)").adding("topic", partition.name.topic))
    }
    let sync = "kafka_log_logflushstats_logflushrateandtimems"
    page.metric(sync, .gauge, "Syncs of partitions' logs, in milliseconds; of the last minute, NaN without any.")
    let syncs = data.counts.syncs.merged(at: data.at)
    for (quantile, text) in Self.quantiles {
      page.sample(syncs.quantile(quantile).map { Double($0) / 1000 } ?? .nan, PrometheusLabels("quantile", text))
    }
    counter(sync + "_count_total", Int(clamping: data.counts.syncs.total), "How many there were since the start.")
    // One log directory, and a broker whose directory fails ends: whoever reads this has a directory that works.
    gauge("kafka_log_logmanager_offlinelogdirectorycount", 0, "Log directories that failed; a broker with one ends.")
    page.metric("kafka_log_logmanager_logdirectoryoffline", .gauge, "Whether a log directory has failed.")
    page.sample(0, PrometheusLabels("logDirectory", "\"\(facts.logDirectory)\""))
  }

  private mutating func writeWaiting(_ data: DataSnapshot) {
    page.metric(
      "kafka_server_delayedoperationpurgatory_purgatorysize", .gauge,
      "What waits: batches for their replicas (Produce), long polls for data (Fetch).")
    page.sample(data.counts.waitingFetches, PrometheusLabels("delayedOperation", "Fetch"))
    page.sample(data.waitingProduces, PrometheusLabels("delayedOperation", "Produce"))
    let sessions = "kafka_server_fetchsessioncache_"
    gauge(sessions + "numincrementalfetchsessions", data.fetchSessions, "Fetch sessions that this broker keeps.")
    gauge(
      sessions + "numincrementalfetchpartitionscached", data.fetchSessionPartitions, "Partitions of these sessions.")
    counter(
      sessions + "incrementalfetchsessionevictions_total", data.fetchSessionEvictions,
      "Fetch sessions that had to make room.")
    page.metric(
      "kafka_server_delayedfetchmetrics_expires_total", .counter, "Long polls that ended because their time was up.")
    page.sample(data.counts.expiredConsumerFetches, PrometheusLabels("fetcherType", "consumer"))
    page.sample(data.counts.expiredFollowerFetches, PrometheusLabels("fetcherType", "follower"))
    counter(
      "kafka_server_delayedproducemetrics_expires_total", data.counts.expiredProduces,
      "Batches that too few replicas had when their time was up.")
  }

  private mutating func writeGroups(_ data: DataSnapshot) {
    let prefix = "kafka_coordinator_group_groupmetadatamanager_"
    let groups = data.groups
    gauge(prefix + "numgroups", groups.groups, "Groups that this broker coordinates.")
    gauge(prefix + "numgroupsempty", groups.empty, "Of these, without members.")
    gauge(prefix + "numgroupspreparingrebalance", groups.preparingRebalance, "Of these, waiting for members to join.")
    gauge(
      prefix + "numgroupscompletingrebalance", groups.completingRebalance, "Of these, waiting for their assignment.")
    gauge(prefix + "numgroupsstable", groups.stable, "Of these, at work.")
    gauge(prefix + "numoffsets", groups.offsets, "Committed offsets that this broker keeps.")
  }
}
