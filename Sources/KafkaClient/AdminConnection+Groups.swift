import Primitives
import Wire

/// A consumer group in a list.
public struct GroupListing: Sendable, Equatable {
  public var id: String
  public var state: String
  public var type: String
  /// The broker that coordinates it.
  public var coordinator: Int32
}

/// A consumer group's members and how far they are.
public struct GroupDescription: Sendable, Equatable {
  public struct Member: Sendable, Equatable {
    public var id: String
    public var instanceID: String?
    public var clientID: String
    public var host: String
    /// What it reads; empty when its group is of another kind than consumers.
    public var partitions: [TopicPartition] = []
  }
  public struct Position: Sendable, Equatable {
    public var topic: String
    public var partition: Int32
    public var committed: Int64
    /// The partition's high watermark; nil when its leader cannot be asked.
    public var end: Int64?
    public var lag: Int64? { end.map { max(0, $0 - committed) } }
  }
  public var id: String
  public var state: String
  public var coordinator: Int32
  public var members: [Member]
  public var positions: [Position]
}

extension AdminConnection {
  /// The addresses of all live brokers by id.
  public func brokers(timeout: Duration = .seconds(30)) async throws(AdminError) -> [(
    id: Int32, address: ServerAddress
  )] {
    var request = MetadataRequest()
    request.topics = []
    let response = try await send(request, timeout: timeout)
    return response.brokers.compactMap { broker in
      UInt16(exactly: broker.port).map { (broker.nodeId, ServerAddress(host: broker.host, port: $0)) }
    }.sorted { $0.id < $1.id }
  }

  /// All groups; every broker is asked, for each knows only those that it coordinates. One that does not answer is told
  /// to `skipping`, and its groups are missing.
  public func groups(
    timeout: Duration = .seconds(30), skipping: (Int32, AdminError) -> Void = { _, _ in }
  ) async throws(AdminError) -> [GroupListing] {
    var result: [GroupListing] = []
    for (id, address) in try await brokers(timeout: timeout) {
      let response: ListGroupsResponse
      do throws(AdminError) {
        let connection = try await AdminConnection.connect(to: address)
        response = try await connection.send(ListGroupsRequest(), timeout: timeout)
      } catch {
        skipping(id, error)
        continue
      }
      try Self.check(response.errorCode, nil)
      result += response.groups.map {
        GroupListing(id: $0.groupId, state: $0.groupState, type: $0.groupType, coordinator: id)
      }
    }
    return result.sorted { $0.id < $1.id }
  }

  /// Members, committed offsets and lag of a group.
  public func group(_ name: String, timeout: Duration = .seconds(30)) async throws(AdminError) -> GroupDescription {
    let (coordinator, address) = try await self.coordinator(of: name, timeout: timeout)
    let connection = try await AdminConnection.connect(to: address)
    var request = DescribeGroupsRequest()
    request.groups = [name]
    let response = try await connection.send(request, timeout: timeout)
    guard let group = response.groups.first else { throw .refused(code: .groupIdNotFound, message: name) }
    // A group that knows only committed offsets is described as not found by newer brokers (KIP-1043).
    if group.errorCode != ErrorCode.groupIdNotFound.rawValue { try Self.check(group.errorCode, group.errorMessage) }
    let positions = try await positions(of: name, at: connection, timeout: timeout)
    if positions.isEmpty { try Self.check(group.errorCode, group.errorMessage) }
    return GroupDescription(
      id: name, state: group.groupState, coordinator: coordinator,
      members: group.members.map {
        GroupDescription.Member(
          id: $0.memberId, instanceID: $0.groupInstanceId, clientID: $0.clientId, host: $0.clientHost,
          partitions: GroupAssignment.partitions($0.memberAssignment))
      }, positions: positions)
  }

  /// The broker that coordinates a group.
  public func coordinator(of group: String, timeout: Duration = .seconds(30)) async throws(AdminError)
    -> (id: Int32, address: ServerAddress)
  {
    var request = FindCoordinatorRequest()
    request.key = group
    request.coordinatorKeys = [group]
    let response = try await send(request, timeout: timeout)
    let found = response.coordinators.first
    try Self.check(found?.errorCode ?? response.errorCode, found?.errorMessage ?? response.errorMessage)
    guard let port = UInt16(exactly: found?.port ?? response.port) else {
      throw .malformed(address: address.description, reason: "a coordinator without a port")
    }
    return (found?.nodeId ?? response.nodeId, ServerAddress(host: found?.host ?? response.host, port: port))
  }

  private func positions(of group: String, at coordinator: AdminConnection, timeout: Duration) async throws(AdminError)
    -> [GroupDescription.Position]
  {
    var request = OffsetFetchRequest()
    request.topics = nil
    request.groupId = group
    var entry = OffsetFetchRequest.OffsetFetchRequestGroup()
    entry.groupId = group
    entry.topics = nil
    request.groups = [entry]
    // Version 10 names topics by id; names are what people read.
    let response = try await coordinator.send(request, upTo: 9, timeout: timeout)
    var result: [GroupDescription.Position] = []
    if let fetched = response.groups.first {
      try Self.check(fetched.errorCode, nil)
      for topic in fetched.topics {
        for partition in topic.partitions where partition.committedOffset >= 0 {
          result.append(
            .init(topic: topic.name, partition: partition.partitionIndex, committed: partition.committedOffset))
        }
      }
    } else {
      try Self.check(response.errorCode, nil)
      for topic in response.topics {
        for partition in topic.partitions where partition.committedOffset >= 0 {
          result.append(
            .init(topic: topic.name, partition: partition.partitionIndex, committed: partition.committedOffset))
        }
      }
    }
    let ends = try await endOffsets(
      of: result.map { TopicPartition($0.topic, PartitionID($0.partition)) }, timeout: timeout)
    for index in result.indices {
      result[index].end = ends[TopicPartition(result[index].topic, PartitionID(result[index].partition))]
    }
    return result.sorted { ($0.topic, $0.partition) < ($1.topic, $1.partition) }
  }

  /// High watermarks, from the partitions' leaders; those that cannot be asked are left out.
  public func endOffsets(of partitions: [TopicPartition], timeout: Duration = .seconds(30)) async throws(AdminError)
    -> [TopicPartition: Int64]
  { try await offsets(of: partitions, at: -1, timeout: timeout) }
}
