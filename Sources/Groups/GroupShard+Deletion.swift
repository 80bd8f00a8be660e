import Primitives
import Wire

extension GroupShard {
  mutating func deleteGroup(
    _ token: RequestToken, _ id: String, at time: Moment, into effects: inout [GroupEffect]
  ) {
    func refuse(_ code: ErrorCode) { effects.append(.reply(token, .deleteGroup(.result(code, group: id)))) }
    guard groups[id]?.isKnown == true, var group = take(id) else { return refuse(.groupIdNotFound) }
    if group.state == .empty {
      let changes = tombstones(for: group) { _ in true } + [.metadata(nil)]
      // Ids handed out before are void: their bearers will be told and ask again.
      group.pendingMembers = [:]
      group.deletion = append(changes, to: &group, for: .deletion(token), at: time, into: &effects)
    } else {
      refuse(.nonEmptyGroup)
    }
    keep(group)
  }

  /// KIP-496: offsets can be deleted of topics that the group does not read.
  mutating func offsetDelete(
    _ token: RequestToken, _ request: OffsetDeleteRequest, at time: Moment, into effects: inout [GroupEffect]
  ) {
    func refuse(_ code: ErrorCode) { effects.append(.reply(token, .offsetDelete(.refusal(code)))) }
    let id = request.groupId
    guard groups[id]?.isKnown == true, var group = take(id) else { return refuse(.groupIdNotFound) }
    guard group.state == .empty || group.protocolType == ClassicGroup.consumerProtocolType else {
      keep(group)
      return refuse(.nonEmptyGroup)
    }
    let inFlight = pendingOffsets(of: group)
    var response = OffsetDeleteResponse()
    var changes: [StoredChange] = []
    for topic in request.topics {
      let code: ErrorCode = group.isSubscribed(to: topic.name) ? .groupSubscribedToTopic : .none
      var answer = OffsetDeleteResponse.OffsetDeleteResponseTopic()
      answer.name = topic.name
      answer.partitions = topic.partitions.map { partition in
        var result = OffsetDeleteResponse.OffsetDeleteResponsePartition()
        result.partitionIndex = partition.partitionIndex
        result.errorCode = code.rawValue
        return result
      }
      response.topics.append(answer)
      guard code == .none else { continue }
      for index in topic.partitions.lazy.map(\.partitionIndex)
      where group.offsets[topic.name]?[index] != nil || inFlight[topic.name]?.contains(index) == true {
        changes.append(.offset(topic: topic.name, partition: index, nil))
      }
    }
    if changes.isEmpty {
      effects.append(.reply(token, .offsetDelete(response)))
    } else {
      _ = append(changes, to: &group, for: .offsetDeletion(token, response), at: time, into: &effects)
    }
    keep(group)
  }

  /// Deleted topics have no offsets: a new topic of the same name begins anew.
  mutating func removeOffsets(ofTopics topics: [String], at time: Moment, into effects: inout [GroupEffect]) {
    guard servingEpoch != nil else { return }
    let gone = Set(topics)
    for id in groups.keys.sorted() {
      guard var group = take(id) else { continue }
      let changes = tombstones(for: group) { gone.contains($0) }
      if !changes.isEmpty {
        _ = append(changes, to: &group, for: .offsetDeletion(nil, OffsetDeleteResponse()), at: time, into: &effects)
      }
      keep(group)
    }
  }

  /// Tombstones of a group's offsets, those that are still on their way into the log included, in order.
  private func tombstones(for group: ClassicGroup, where isWanted: (String) -> Bool) -> [StoredChange] {
    var partitions = pendingOffsets(of: group)
    for (topic, offsets) in group.offsets { partitions[topic, default: []].formUnion(offsets.keys) }
    var changes: [StoredChange] = []
    for (topic, indexes) in partitions.sorted(by: { $0.key < $1.key }) where isWanted(topic) {
      for index in indexes.sorted() { changes.append(.offset(topic: topic, partition: index, nil)) }
    }
    return changes
  }
}
