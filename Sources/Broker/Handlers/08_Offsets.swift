import Groups
import Primitives
import Wire

/// OffsetCommit (8), versions 2–10, and OffsetFetch (9), versions 1–10: topics come by name or, from version 10 on, by id.
extension DataPlane {
  func offsetCommit(_ context: RequestContext, _ request: OffsetCommitRequest) {
    var known = request
    var refused: [OffsetCommitResponse.OffsetCommitResponseTopic] = []
    known.topics = request.topics.compactMap { topic in
      var topic = topic
      let found = context.version >= 10 ? image.topic(topic.topicId) : image.topic(named: topic.name)
      if let found {
        topic.name = found.name
        topic.topicId = found.id
        let bad = topic.partitions.filter { $0.partitionIndex < 0 || Int($0.partitionIndex) >= found.partitions.count }
        if !bad.isEmpty {
          refused.append(refusal(topic, bad, .unknownTopicOrPartition))
          topic.partitions.removeAll { bad.contains($0) }
        }
        return topic.partitions.isEmpty ? nil : topic
      }
      refused.append(
        refusal(topic, topic.partitions, context.version >= 10 ? .unknownTopicId : .unknownTopicOrPartition))
      return nil
    }
    func answer(_ response: OffsetCommitResponse) {
      var response = response
      for topic in refused {
        if let index = response.topics.firstIndex(where: { $0.topicId == topic.topicId && $0.name == topic.name }) {
          response.topics[index].partitions += topic.partitions
        } else {
          response.topics.append(topic)
        }
      }
      context.reply(response)
    }
    guard let groups, !known.topics.isEmpty else { return answer(OffsetCommitResponse()) }
    groups.request(.offsetCommit(known), group: request.groupId, context) {
      var response = OffsetCommitResponse()
      response.topics = known.topics.map { self.refusal($0, $0.partitions, .notCoordinator) }
      answer(response)
    } _: { reply in
      if case .offsetCommit(let response) = reply { answer(response) }
    }
  }

  private func refusal(
    _ topic: OffsetCommitRequest.OffsetCommitRequestTopic,
    _ partitions: [OffsetCommitRequest.OffsetCommitRequestPartition], _ code: ErrorCode
  ) -> OffsetCommitResponse.OffsetCommitResponseTopic {
    var row = OffsetCommitResponse.OffsetCommitResponseTopic()
    row.name = topic.name
    row.topicId = topic.topicId
    row.partitions = partitions.map { partition in
      var entry = OffsetCommitResponse.OffsetCommitResponsePartition()
      entry.partitionIndex = partition.partitionIndex
      entry.errorCode = code.rawValue
      return entry
    }
    return row
  }

  func offsetFetch(_ context: RequestContext, _ request: OffsetFetchRequest) {
    guard context.version >= 8 else {
      return fetchOffsets(request, request.groupId, context) {
        context.reply($0)
      } refuse: {
        var response = OffsetFetchResponse()
        response.errorCode = ErrorCode.notCoordinator.rawValue
        context.reply(response)
      }
    }
    var rows = [OffsetFetchResponse.OffsetFetchResponseGroup?](repeating: nil, count: request.groups.count)
    var waiting = rows.count
    func finish(_ index: Int, _ row: OffsetFetchResponse.OffsetFetchResponseGroup) {
      rows[index] = row
      waiting -= 1
      guard waiting == 0 else { return }
      var response = OffsetFetchResponse()
      response.groups = rows.compactMap { $0 }
      context.reply(response)
    }
    guard !rows.isEmpty else { return context.reply(OffsetFetchResponse()) }
    for (index, group) in request.groups.enumerated() {
      var single = request
      single.groups = [resolved(group, context.version)]
      fetchOffsets(single, group.groupId, context) { response in
        var row = response.groups.first ?? OffsetFetchResponse.OffsetFetchResponseGroup()
        row.groupId = group.groupId
        for position in row.topics.indices where row.topics[position].topicId == .zero {
          row.topics[position].topicId = self.image.topicID(row.topics[position].name) ?? .zero
        }
        finish(index, row)
      } refuse: {
        var row = OffsetFetchResponse.OffsetFetchResponseGroup()
        row.groupId = group.groupId
        row.errorCode = ErrorCode.notCoordinator.rawValue
        finish(index, row)
      }
    }
  }

  /// Fills in names for ids and ids for names.
  private func resolved(
    _ group: OffsetFetchRequest.OffsetFetchRequestGroup, _ version: Int16
  ) -> OffsetFetchRequest.OffsetFetchRequestGroup {
    var group = group
    group.topics = group.topics.map { topics in
      topics.map { topic in
        var topic = topic
        if version >= 10 {
          topic.name = image.topic(topic.topicId)?.name ?? topic.name
        } else {
          topic.topicId = image.topicID(topic.name) ?? .zero
        }
        return topic
      }
    }
    return group
  }

  private func fetchOffsets(
    _ request: OffsetFetchRequest, _ group: String, _ context: RequestContext,
    reply: @escaping (OffsetFetchResponse) -> Void, refuse: @escaping () -> Void
  ) {
    guard let groups else { return refuse() }
    groups.request(.offsetFetch(request), group: group, context, refuse: refuse) {
      if case .offsetFetch(let response) = $0 { reply(response) }
    }
  }
}
