import Primitives
import Wire

/// When a broker was last heard of, and what it said. In memory only: a new controller starts sessions anew.
struct BrokerSession: Sendable {
  var lastContact: Instant
  var metadataOffset: Offset = .none
  /// The offset that all others must have applied before the broker may end; nil while it is not shutting down.
  var shutdownOffset: Offset?
}

/// The part of `ControllerState` that exists only in one epoch of being active.
struct ActiveController: Sendable {
  struct Pending: Sendable {
    var token: ControllerRequestToken
    var request: ControllerRequest
    var response: ControllerResponse
    /// Answered once everything below is committed.
    var after: Offset
  }

  let configuration: ControllerConfiguration
  let epoch: LeaderEpoch
  var image: MetadataImage
  /// The offset of the next record.
  var nextOffset: Offset
  var committed: Offset
  var sessions: [BrokerID: BrokerSession] = [:]
  /// In ascending order of `after`.
  var pending: [Pending] = []
  var lastAppend: Instant
  /// When leaderships are next given back to preferred replicas; nil: all is in place.
  var rebalanceAt: Instant?
  /// Partitions whose preferred replica came back to the ISR but does not lead.
  var imbalanced: Set<TopicIDPartition> = []
  var random: RandomSource

  init(
    configuration: ControllerConfiguration, epoch: LeaderEpoch, image: MetadataImage, nextOffset: Offset,
    at now: Instant
  ) {
    self.configuration = configuration
    self.epoch = epoch
    self.image = image
    self.nextOffset = nextOffset
    committed = nextOffset
    lastAppend = now
    random = RandomSource(seed: configuration.seed &+ UInt64(UInt32(bitPattern: epoch.rawValue)))
    random = random.stream("controller.\(nextOffset)")
  }

  var elrEnabled: Bool { (image.features["eligible.leader.replicas.version"] ?? 0) > 0 }

  mutating func start(unreachable: [BrokerID], at now: Instant, into effects: inout [ControllerEffect]) {
    if image.features.isEmpty {
      let records = configuration.bootstrapFeatures.sorted { $0.name < $1.name }.map { feature in
        var record = FeatureLevelRecord()
        record.name = feature.name
        record.featureLevel = feature.level
        return MetadataRecord.featureLevel(record)
      }
      append(records, at: now, into: &effects)
    }
    for broker in image.sortedBrokers where !broker.fenced {
      sessions[broker.id] = BrokerSession(lastContact: now)
    }
    for id in unreachable.sorted() { brokerUnreachable(id, epoch: nil, at: now, into: &effects) }
    // Work too large for one batch may have been cut short by the last controller's end.
    for broker in image.sortedBrokers {
      let records = broker.fenced ? removalRecords(of: broker.id) : arrivalRecords(of: broker.id)
      append(records, at: now, into: &effects)
    }
    for topic in image.sortedTopics {
      for (index, partition) in topic.partitions.enumerated() {
        noteBalance(TopicIDPartition(topic.id, PartitionID(Int32(truncatingIfNeeded: index))), partition, at: now)
      }
    }
  }

  // MARK: records and answers

  /// Appends records that must be applied together, and applies them to the working image.
  mutating func append(_ records: [MetadataRecord], at now: Instant, into effects: inout [ControllerEffect]) {
    var start = 0
    while start < records.count {
      let batch = Array(records[start..<min(records.count, start + max(1, configuration.maxRecordsPerBatch))])
      effects.append(.append(epoch: epoch, firstOffset: nextOffset, records: batch))
      for record in batch {
        do throws(MetadataError) { try image.apply(record, at: nextOffset) } catch {
          invariant(false, "own record \(record) does not apply: \(error)")
        }
        nextOffset = nextOffset + 1
        if case .partitionChange(let change) = record {
          let id = TopicIDPartition(change.topicId, PartitionID(change.partitionId))
          if let partition = image.partition(id) { noteBalance(id, partition, at: now) }
        }
      }
      start += batch.count
      lastAppend = now
    }
  }

  /// Answers when everything appended so far is committed.
  mutating func replyWhenCommitted(
    _ token: ControllerRequestToken, _ request: ControllerRequest, _ response: ControllerResponse,
    into effects: inout [ControllerEffect]
  ) {
    if nextOffset <= committed {
      effects.append(.reply(token, response))
    } else {
      pending.append(Pending(token: token, request: request, response: response, after: nextOffset))
    }
  }

  mutating func commit(upTo end: Offset, into effects: inout [ControllerEffect]) {
    guard end > committed else { return }
    committed = end
    let ready = pending.prefix { $0.after <= end }
    for answer in ready { effects.append(.reply(answer.token, answer.response)) }
    pending.removeFirst(ready.count)
  }

  mutating func failPending(into effects: inout [ControllerEffect]) {
    for answer in pending { effects.append(.reply(answer.token, answer.request.notController)) }
    pending = []
  }

  // MARK: time

  var nextDeadline: Instant {
    var deadline = lastAppend + configuration.maxIdleInterval
    if let rebalanceAt { deadline = min(deadline, rebalanceAt) }
    for session in sessions.values { deadline = min(deadline, session.lastContact + configuration.sessionTimeout) }
    return deadline
  }

  mutating func timer(at now: Instant, into effects: inout [ControllerEffect]) {
    let expired = sessions.filter { now >= $0.value.lastContact + configuration.sessionTimeout }.keys.sorted()
    for id in expired {
      sessions[id] = nil
      fence(id, at: now, into: &effects)
    }
    if let due = rebalanceAt, now >= due { rebalance(at: now, into: &effects) }
    if now >= lastAppend + configuration.maxIdleInterval { append([.noOp(NoOpRecord())], at: now, into: &effects) }
  }

  mutating func handle(
    _ request: ControllerRequest, version: Int16, token: ControllerRequestToken, at now: Instant,
    into effects: inout [ControllerEffect]
  ) {
    let response: ControllerResponse
    switch request {
    case .brokerHeartbeat(let r):
      let before = nextOffset
      let answer = ControllerResponse.brokerHeartbeat(heartbeat(r, at: now, into: &effects))
      // A heartbeat that wrote nothing must not wait for others' records.
      if nextOffset == before {
        effects.append(.reply(token, answer))
      } else {
        replyWhenCommitted(token, request, answer, into: &effects)
      }
      return
    case .brokerRegistration(let r): response = .brokerRegistration(register(r, version, at: now, into: &effects))
    case .unregisterBroker(let r): response = .unregisterBroker(unregister(r, at: now, into: &effects))
    case .controllerRegistration(let r):
      response = .controllerRegistration(registerController(r, at: now, into: &effects))
    case .alterPartition(let r): response = .alterPartition(alterPartition(r, version, at: now, into: &effects))
    case .allocateProducerIds(let r): response = .allocateProducerIds(allocate(r, at: now, into: &effects))
    case .createTopics(let r): response = .createTopics(createTopics(r, at: now, into: &effects))
    case .deleteTopics(let r): response = .deleteTopics(deleteTopics(r, at: now, into: &effects))
    case .createPartitions(let r): response = .createPartitions(createPartitions(r, at: now, into: &effects))
    case .incrementalAlterConfigs(let r):
      response = .incrementalAlterConfigs(incrementalAlterConfigs(r, at: now, into: &effects))
    case .alterConfigs(let r): response = .alterConfigs(alterConfigs(r, at: now, into: &effects))
    case .electLeaders(let r): response = .electLeaders(electLeaders(r, at: now, into: &effects))
    case .alterPartitionReassignments(let r):
      response = .alterPartitionReassignments(alterReassignments(r, at: now, into: &effects))
    case .listPartitionReassignments(let r): response = .listPartitionReassignments(listReassignments(r))
    }
    replyWhenCommitted(token, request, response, into: &effects)
  }
}
