import KafkaClient
import Wire

extension BrokerProbe {
  /// At most so many groups of one broker are followed; the rest is named as a blind spot by the caller.
  static var groupsMax: Int { 200 }

  /// The groups that this broker coordinates, with members and positions.
  func groups(by deadline: ContinuousClock.Instant) async throws(AdminError) -> [ClusterObservation.Group] {
    let listed = try await send(ListGroupsRequest(), timeout: Self.left(until: deadline))
    guard listed.errorCode == 0 else { return [] }
    let names = listed.groups.map(\.groupId).sorted().prefix(Self.groupsMax)
    guard !names.isEmpty else { return [] }
    var describe = DescribeGroupsRequest()
    describe.groups = Array(names)
    let described = try await send(describe, timeout: Self.left(until: deadline))
    let positions = try await positions(of: Array(names), by: deadline)
    return described.groups.map { group in
      var owners: [ClusterHealth.TopicPartition: (member: String, client: String)] = [:]
      for member in group.members {
        for partition in Self.assignment(member.memberAssignment) {
          owners[partition] = (member.memberId, member.clientId)
        }
      }
      let known = group.errorCode == 0
      return ClusterObservation.Group(
        name: group.groupId, state: known ? group.groupState : "Empty", coordinator: id,
        members: known ? group.members.count : 0,
        positions: (positions[group.groupId] ?? []).map { position in
          let owner = owners[.init(topic: position.topic, partition: position.partition)]
          return .init(
            topic: position.topic, partition: position.partition, committed: position.committed,
            member: owner?.member, client: owner?.client)
        })
    }
  }

  private func positions(
    of names: [String], by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> [String: [ClusterObservation.Group.Position]] {
    var result: [String: [ClusterObservation.Group.Position]] = [:]
    var request = OffsetFetchRequest()
    request.groups = names.map { name in
      var group = OffsetFetchRequest.OffsetFetchRequestGroup()
      group.groupId = name
      group.topics = nil
      return group
    }
    // Version 8 asks for many groups at once (KIP-709); version 10 names topics by id, which nobody reads.
    let response = try await send(request, upTo: 9, timeout: Self.left(until: deadline))
    for group in response.groups where group.errorCode == 0 {
      result[group.groupId] = group.topics.flatMap { topic in
        topic.partitions.filter { $0.committedOffset >= 0 }.map {
          .init(topic: topic.name, partition: $0.partitionIndex, committed: $0.committedOffset)
        }
      }
    }
    return result
  }

  /// The consumer protocol's assignment (version, topics with partitions); empty when it is another protocol's.
  private static func assignment(_ bytes: [UInt8]) -> [ClusterHealth.TopicPartition] {
    guard bytes.count > 2 else { return [] }
    let version = Int16(truncatingIfNeeded: Int(bytes[0]) << 8 | Int(bytes[1]))
    let served = ConsumerProtocolAssignment.validVersions
    guard version >= served.lowerBound else { return [] }
    let decoded: ConsumerProtocolAssignment? = bytes.withUnsafeBytes { raw in
      try? ConsumerProtocolAssignment.decode(
        UnsafeRawBufferPointer(rebasing: raw[2...]), version: min(version, served.upperBound))
    }
    return (decoded?.assignedPartitions ?? []).flatMap { topic in
      topic.partitions.map { .init(topic: topic.topic, partition: $0) }
    }
  }
}
