import KafkaClient
import Primitives
import Wire

extension BrokerProbe {
  /// At most so many groups of one broker are followed.
  static var groupsMax: Int { 200 }

  /// The groups that this broker coordinates, with members and positions, and how many more there are.
  func groups(
    by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> (followed: [ClusterObservation.Group], leftOut: Int) {
    let answer = try await send(ListGroupsRequest(), timeout: Self.left(until: deadline))
    guard answer.errorCode == 0 else {
      throw .refused(code: ErrorCode(rawValue: answer.errorCode) ?? .unknownServerError, message: "")
    }
    let listed = answer.groups.sorted { $0.groupId < $1.groupId }.prefix(Self.groupsMax)
    guard !listed.isEmpty else { return ([], 0) }
    let names = listed.map(\.groupId)
    var describe = DescribeGroupsRequest()
    describe.groups = names
    let described = try await send(describe, timeout: Self.left(until: deadline)).groups
    let positions = try await positions(of: names, by: deadline)
    let groups = listed.map { group in
      Self.group(group, described.first { $0.groupId == group.groupId }, positions[group.groupId], coordinator: id)
    }
    return (groups, answer.groups.count - listed.count)
  }

  /// `positions`: nil when they are not known.
  static func group(
    _ listed: ListGroupsResponse.ListedGroup, _ described: DescribeGroupsResponse.DescribedGroup?,
    _ positions: [ClusterObservation.Group.Position]?, coordinator: Int32
  ) -> ClusterObservation.Group {
    // Of groups with another protocol than the classic one (KIP-848, KIP-932) DescribeGroups says that they are dead.
    let isClassic = listed.groupType.isEmpty || listed.groupType.lowercased() == "classic"
    let known = described.flatMap { isClassic && $0.errorCode == 0 ? $0 : nil }
    var owners: [ClusterHealth.TopicPartition: (member: String, client: String)] = [:]
    for member in known?.members ?? [] {
      for partition in assignment(member.memberAssignment) { owners[partition] = (member.memberId, member.clientId) }
    }
    return ClusterObservation.Group(
      name: listed.groupId, state: known?.groupState ?? (listed.groupState.isEmpty ? nil : listed.groupState),
      coordinator: coordinator, members: known?.members.count,
      positions: positions?.map { position in
        let owner = owners[.init(topic: position.topic, partition: position.partition)]
        return .init(
          topic: position.topic, partition: position.partition, committed: position.committed, member: owner?.member,
          client: owner?.client)
      })
  }

  /// By group; absent: not known.
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
