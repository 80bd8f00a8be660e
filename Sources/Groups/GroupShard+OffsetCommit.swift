import Primitives
import Wire

extension GroupShard {
  mutating func offsetCommit(
    _ token: RequestToken, _ request: OffsetCommitRequest, at time: Moment, into effects: inout [GroupEffect]
  ) {
    let id = request.groupId
    if let code = commitRefusal(request) {
      effects.append(.reply(token, .offsetCommit(.refusal(code, of: request))))
      return
    }
    // A commit keeps a session alive, as a heartbeat does.
    groups[id]?.restartSession(of: request.memberId, at: time)

    var expireTimestamp: Int64?
    if request.retentionTimeMs != -1 {
      let (sum, overflow) = time.wallClockMs.addingReportingOverflow(max(0, request.retentionTimeMs))
      expireTimestamp = overflow ? .max : sum
    }
    var response = OffsetCommitResponse.refusal(.none, of: request)
    var changes: [StoredChange] = []
    for (topicIndex, topic) in request.topics.enumerated() {
      for (index, partition) in topic.partitions.enumerated() {
        if let code = partitionRefusal(topic.name, partition) {
          response.topics[topicIndex].partitions[index].errorCode = code.rawValue
          continue
        }
        let offset = CommittedOffset(
          partition, topicID: topic.topicId, commitTimestamp: time.wallClockMs, expireTimestamp: expireTimestamp)
        changes.append(.offset(topic: topic.name, partition: partition.partitionIndex, offset))
      }
    }
    if changes.isEmpty {
      effects.append(.reply(token, .offsetCommit(response)))
      return
    }
    // In place: a commit is the most frequent request, and the group may be large.
    let append = begin(
      PendingAppend(group: id, changes: changes, purpose: .offsetCommit(token, response)), at: time)
    groups[id, default: ClassicGroup(id: id)].openAppends.append(append)
    keepScheduled(id)
    effects.append(.append(append, changes.map { $0.record(group: id) }))
  }

  /// Why the whole commit must be refused; nil if it may go on.
  private func commitRefusal(_ request: OffsetCommitRequest) -> ErrorCode? {
    let generation = request.generationIdOrMemberEpoch
    guard let group = groups[request.groupId] else {
      // A consumer that assigns partitions to itself needs no group: its first commit makes one.
      return generation < 0 ? nil : .illegalGeneration
    }
    if generation < 0, group.state == .empty { return nil }
    if generation >= 0 || !request.memberId.isEmpty || request.groupInstanceId != nil {
      if let code = group.validate(request.memberId, instanceID: request.groupInstanceId) { return code }
      if generation != group.generation { return .illegalGeneration }
    } else {
      return .unknownMemberId
    }
    return group.state == .completingRebalance ? .rebalanceInProgress : nil
  }

  private func partitionRefusal(
    _ topic: String, _ partition: OffsetCommitRequest.OffsetCommitRequestPartition
  ) -> ErrorCode? {
    guard isStorable(topic) else { return .invalidTopicException }
    guard let metadata = partition.committedMetadata else { return nil }
    let isTooLarge = metadata.utf16.count > Int(configuration.offsetMetadataMaxBytes) || !isStorable(metadata)
    return isTooLarge ? .offsetMetadataTooLarge : nil
  }

  /// Enters a group that was changed in place into the queue of deadlines, if it has an earlier one now.
  mutating func keepScheduled(_ id: String) {
    guard let index = groups.index(forKey: id) else { return }
    let earliest = groups.values[index].earliestDeadline
    guard earliest < groups.values[index].scheduled else { return }
    deadlines.insert(.init(deadline: earliest, group: id))
    groups.values[index].scheduled = earliest
  }
}
