import Primitives
import Wire

extension AdminConnection {
  /// Sets committed offsets of a group that has no members (with members the coordinator refuses).
  public func commitOffsets(
    of group: String, _ offsets: [(partition: TopicPartition, offset: Int64)], timeout: Duration = .seconds(30)
  ) async throws(AdminError) {
    var request = OffsetCommitRequest()
    request.groupId = group
    request.topics = Self.byTopic(offsets, { $0.partition }).map { name, rows in
      var topic = OffsetCommitRequest.OffsetCommitRequestTopic()
      topic.name = name
      topic.partitions = rows.map { place, offset in
        var partition = OffsetCommitRequest.OffsetCommitRequestPartition()
        partition.partitionIndex = place.partition.rawValue
        partition.committedOffset = offset
        return partition
      }
      return topic
    }
    // Version 10 names topics by id.
    let connection = try await coordinatorConnection(of: group, timeout: timeout)
    let response = try await connection.send(request, upTo: 9, timeout: timeout)
    for topic in response.topics {
      for partition in topic.partitions {
        try Self.check(partition.errorCode, "\(topic.name)-\(partition.partitionIndex)")
      }
    }
  }

  /// Forgets a group and its offsets; refused while it has members.
  public func deleteGroup(_ group: String, timeout: Duration = .seconds(30)) async throws(AdminError) {
    var request = DeleteGroupsRequest()
    request.groupsNames = [group]
    let connection = try await coordinatorConnection(of: group, timeout: timeout)
    let response = try await connection.send(request, timeout: timeout)
    for result in response.results { try Self.check(result.errorCode, result.groupId) }
  }

  /// Offsets by time from the partitions' leaders: −2 the first, −1 the next one, else the first at or after so many
  /// milliseconds since 1970 (−1 when there is none). Partitions whose leader cannot be asked are left out.
  public func offsets(
    of partitions: [TopicPartition], at time: Int64, timeout: Duration = .seconds(30)
  ) async throws(AdminError) -> [TopicPartition: Int64] {
    guard !partitions.isEmpty else { return [:] }
    let topics = try await self.topics(timeout: timeout)
    var result: [TopicPartition: Int64] = [:]
    for (id, address) in try await brokers(timeout: timeout) {
      let led = partitions.filter { wanted in
        topics.first { $0.name == wanted.topic }?.partitions.first { $0.id == wanted.partition.rawValue }?.leader == id
      }
      if led.isEmpty { continue }
      guard let connection = try? await AdminConnection.connect(to: address),
        let response = try? await connection.send(Self.listOffsets(led, at: time), timeout: timeout)
      else { continue }
      for topic in response.topics {
        for partition in topic.partitions where partition.errorCode == 0 {
          result[TopicPartition(topic.name, PartitionID(partition.partitionIndex))] = partition.offset
        }
      }
    }
    return result
  }

  private func coordinatorConnection(of group: String, timeout: Duration) async throws(AdminError) -> AdminConnection {
    try await AdminConnection.connect(to: try await coordinator(of: group, timeout: timeout).address)
  }

  private static func listOffsets(_ partitions: [TopicPartition], at time: Int64) -> ListOffsetsRequest {
    var request = ListOffsetsRequest()
    request.replicaId = -1
    request.topics = byTopic(partitions, { $0 }).map { name, rows in
      var topic = ListOffsetsRequest.ListOffsetsTopic()
      topic.name = name
      topic.partitions = rows.map { wanted in
        var partition = ListOffsetsRequest.ListOffsetsPartition()
        partition.partitionIndex = wanted.partition.rawValue
        partition.timestamp = time
        return partition
      }
      return topic
    }
    return request
  }

  /// Rows about partitions as requests have them: by topic, topics and partitions in order.
  private static func byTopic<Row>(
    _ rows: [Row], _ partition: (Row) -> TopicPartition
  ) -> [(name: String, rows: [Row])] {
    Dictionary(grouping: rows) { partition($0).topic }
      .sorted { $0.key < $1.key }
      .map { name, rows in (name, rows.sorted { partition($0) < partition($1) }) }
  }
}
