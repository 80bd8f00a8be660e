import BrokerCore
import CommitLog
import Controller
import EventLoop
import Primitives
import Wire

/// How the data plane follows the metadata: it looks only at what changed.
extension DataPlane: MetadataSubscriber {
  func metadataCommitted(_ records: [(offset: Offset, record: MetadataRecord)], upTo: Offset) {
    loop.submit { self.apply(records, upTo: upTo) }
  }

  func metadataReplaced(_ fresh: MetadataImage, upTo: Offset) {
    loop.submit {
      guard !self.isClosed else { return }
      self.image = fresh
      if self.isKnown { self.everythingChanged() }
      self.opener.afterAll { self.report(upTo) }
      self.releaseHeldAnswers()
    }
  }

  private func apply(_ records: [(offset: Offset, record: MetadataRecord)], upTo: Offset) {
    guard !isClosed else { return }
    let wasKnown = isKnown
    var delta = MetadataDelta()
    for (offset, record) in records {
      do throws(MetadataError) { try image.apply(record, at: offset, into: &delta) } catch {
        failed?("metadata record at offset \(offset) does not fit: \(error)")
        return
      }
    }
    if isKnown, !wasKnown {
      everythingChanged()
    } else if isKnown, !delta.isEmpty {
      react(to: delta)
    }
    opener.afterAll { self.report(upTo) }
    releaseHeldAnswers()
  }

  /// The metadata has come to this life's registration. What was said of partitions before was meant for an earlier life,
  /// and what is not there before may come yet: until then partitions are neither led, followed nor removed.
  var isKnown: Bool { image.knows(nodeID, incarnation) }

  private func everythingChanged() {
    for topic in image.sortedTopics {
      for index in topic.partitions.indices { partitionChanged(TopicIDPartition(topic.id, PartitionID(Int32(index)))) }
    }
    let gone = partitions.keys.filter { image.partition($0) == nil }.sorted()
    for id in gone { drop(id) }
    storage.removeStrays(keeping: image)
  }

  private func react(to delta: MetadataDelta) {
    for topic in delta.deletedTopics { groups?.topicDeleted(topic.name) }
    for id in delta.deletedPartitions { drop(id) }
    for id in delta.createdPartitions { partitionChanged(id) }
    for id in delta.changedPartitions { partitionChanged(id) }
    if !delta.changedBrokers.isEmpty { brokersChanged(delta.changedBrokers) }
    for resource in delta.changedConfigs { configChanged(resource) }
  }

  /// The control plane's heartbeats tell the controller how far this broker is.
  private func report(_ upTo: Offset) {
    openToClients()
    let control = control
    control.loop.submit { control.lifecycle?.appliedOffset = upTo - 1 }
  }

  // MARK: partitions

  private func partitionChanged(_ id: TopicIDPartition) {
    guard let topic = image.topic(id.topic), let registration = image.partition(id) else { return }
    guard registration.replicas.contains(nodeID) else {
      if partitions[id] != nil { drop(id) }
      return
    }
    if let known = partitions[id] {
      apply(registration, to: known)
    } else if let log = storage.claim(id, config: logConfig(topic.name)) {
      host(id, topic: topic.name, registration, log)
    } else {
      opener.open(id)
    }
  }

  private func apply(_ registration: PartitionRegistration, to hosted: HostedPartition) {
    hosted.apply(registration, at: now)
    settle(hosted)
    groups?.partitionChanged(hosted)
  }

  private func host(_ id: TopicIDPartition, topic: String, _ registration: PartitionRegistration, _ log: PartitionLog) {
    let hosted = HostedPartition(self, id: id, topic: topic, log: log)
    partitions[id] = hosted
    storage.noteHighWatermark(hosted.highWatermark, of: hosted.name)
    apply(registration, to: hosted)
  }

  /// How to make the log of a partition that this broker is to hold and does not; nil when that is not so any more.
  func planLog(_ id: TopicIDPartition) -> NewLog? {
    guard partitions[id] == nil, let topic = image.topic(id.topic),
      image.partition(id)?.replicas.contains(nodeID) == true
    else { return nil }
    return storage.plan(id, topic: topic.name, config: logConfig(topic.name))
  }

  /// A log is there; the partition may have gone or changed while it was made.
  func logMade(_ made: NewLog.Made) {
    let (id, name) = (made.plan.id, made.plan.name)
    switch made.result {
    case .failure(let error):
      log.error("log cannot be opened", "partition=\(name) reason=\"\(error)\"")
      failed?("log of \(name): \(error)")
    case .success(let log):
      storage.adopt(log, name: name)
      guard let registration = image.partition(id), registration.replicas.contains(nodeID) else {
        return storage.remove(log, id: id, name: name)
      }
      log.config = logConfig(name.topic)
      host(id, topic: name.topic, registration, log)
    }
  }

  /// The partition is not this broker's any more: its topic is gone, or its replica moved away.
  private func drop(_ id: TopicIDPartition) {
    guard let hosted = partitions.removeValue(forKey: id) else { return }
    groups?.partitionGone(hosted)
    metrics.leave(id.topic)
    hosted.remove(at: now)
    settle(hosted)
    storage.remove(hosted.log, id: id, name: hosted.name)
  }

  private func brokersChanged(_ ids: [BrokerID]) {
    for partition in partitions.values {
      guard let registration = image.partition(partition.id),
        registration.replicas.contains(where: { ids.contains($0) })
      else { continue }
      partition.apply(registration, at: now)
      settle(partition)
    }
  }

  private func configChanged(_ resource: ConfigResource) {
    switch resource.type {
    case 2:
      guard let topic = image.topic(named: resource.name) else { return }
      warnOfSettingsWithoutEffect(topic.name)
      for index in topic.partitions.indices {
        partitions[TopicIDPartition(topic.id, PartitionID(Int32(index)))].map(configure)
      }
    default:
      for partition in partitions.values { configure(partition) }
    }
  }

  private func configure(_ partition: HostedPartition) {
    partition.configure(logConfig(partition.name.topic), minInSyncReplicas: minInSyncReplicas(partition.name.topic))
    if let registration = image.partition(partition.id) { partition.apply(registration, at: now) }
    settle(partition)
  }

  // MARK: settings

  /// A setting that is taken and changes nothing is never taken silently.
  private func warnOfSettingsWithoutEffect(_ topic: String) {
    for (name, reason) in TopicSettings.withoutEffect {
      guard let value = image.configs[.topic(topic)]?[name], value != TopicSettings.standard(name),
        warnedSettings.insert("\(topic) \(name)").inserted
      else { continue }
      log.warn("topic setting has no effect here", "topic=\(topic) setting=\(name) value=\(value) reason=\"\(reason)\"")
    }
  }

  /// A topic's setting: the topic's own, the brokers' dynamic ones, this broker's file, the default.
  func topicSetting(_ topic: String, _ key: String) -> String? {
    if let value = image.effectiveConfig(topic: topic, key: key, broker: nodeID) { return value }
    return TopicSettings.fromFile(key, configuration) ?? TopicSettings.standard(key)
  }

  func minInSyncReplicas(_ topic: String) -> Int {
    topicSetting(topic, "min.insync.replicas").flatMap { Int($0) } ?? 1
  }

  func logConfig(_ topic: String) -> LogConfig {
    func number(_ key: String) -> Int64? { topicSetting(topic, key).flatMap { Int64($0) } }
    var config = LogConfig()
    config.segmentBytes = Int(number("segment.bytes") ?? 1 << 30)
    if let bytes = number("internal.segment.bytes") { config.segmentBytes = Int(bytes) }
    config.segmentMs = number("segment.ms") ?? config.segmentMs
    config.segmentIndexBytes = Int(number("segment.index.bytes") ?? 10 << 20)
    config.indexIntervalBytes = Int(number("index.interval.bytes") ?? 4096)
    config.retentionMs = number("retention.ms") ?? config.retentionMs
    config.retentionBytes = number("retention.bytes") ?? -1
    config.deleteRetentionMs = number("delete.retention.ms") ?? config.deleteRetentionMs
    config.flushMessages = number("flush.messages") ?? .max
    config.flushMs = number("flush.ms") ?? .max
    config.maxMessageBytes = Int(number("max.message.bytes") ?? 1_048_588)
    let policy = topicSetting(topic, "cleanup.policy") ?? "delete"
    config.segmentJitterMs = number("segment.jitter.ms") ?? 0
    config.minCompactionLagMs = number("min.compaction.lag.ms") ?? 0
    config.maxCompactionLagMs = number("max.compaction.lag.ms") ?? .max
    config.minCleanableDirtyRatio = topicSetting(topic, "min.cleanable.dirty.ratio").flatMap { Double($0) } ?? 0.5
    config.compacts = policy.contains("compact")
    config.deletes = policy.contains("delete")
    config.stampsAppendTime = topicSetting(topic, "message.timestamp.type") == "LogAppendTime"
    config.producerIDExpirationMs = Int64(configuration.integer("producer.id.expiration.ms"))
    return config
  }
}
