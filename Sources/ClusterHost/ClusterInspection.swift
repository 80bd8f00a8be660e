import CommandLineTool
import KafkaClient
import Wire

/// Asks a cluster how it is, from outside: any broker's metadata, the quorum's leader, and (for a cluster that runs
/// here) its supervisor.
public enum ClusterInspection {
  /// How long one broker may take to answer before the next is asked.
  static let patience = Duration.seconds(2)

  /// The state of the cluster in a data directory.
  public static func status(ofDirectory path: String) async throws(ClusterError) -> ClusterStatus {
    let local = try await brokers(ofDirectory: path)
    // The living first: a paused broker accepts connections and never answers.
    let order = local.filter { $0.state == "running" } + local.filter { $0.state != "running" && $0.state != "stopped" }
    var status = await status(servers: order.map { ServerAddress(host: $0.host, port: UInt16($0.port)) }, local: local)
    if local.contains(where: { $0.processID != nil }) { status.dashboardURL = ClusterDirectory(path).dashboardURL }
    return status
  }

  /// The brokers of the cluster in a data directory and what their processes do, as its supervisor says. Asks no broker.
  public static func brokers(ofDirectory path: String) async throws(ClusterError) -> [ClusterStatus.Broker] {
    guard let description = try ClusterDirectory(path).description() else {
      throw ClusterError(
        .notPossible,
        "there is no cluster in \(path); start one with: streamsocial up\(SupervisorDirectory.option(path))")
    }
    var options = ClusterOptions()
    options.brokerCount = description.brokerCount
    options.portBase = description.portBase
    let processes = await processes(path)
    return options.brokerIDs.map { id in
      var broker =
        processes.first { $0.id == id }
        ?? ClusterStatus.Broker(id: id, state: "stopped", host: "127.0.0.1", port: options.clientPort(of: id))
      broker.metricsURL = description.metricsURL(of: id)
      return broker
    }
  }

  /// The state of a cluster that runs elsewhere.
  public static func status(ofServers servers: String) async throws(ClusterError) -> ClusterStatus {
    guard let addresses = ServerAddress.list(servers) else {
      throw ClusterError(.notPossible, "--bootstrap-servers has the form host:port,host:port,…")
    }
    return await status(servers: addresses, local: [])
  }

  private static func processes(_ path: String) async -> [ClusterStatus.Broker] {
    guard let answer = try? await SupervisorDirectory(path).ask("processes"), let json = try? JSON(parsing: answer)
    else { return [] }
    return (json.array ?? []).compactMap { entry in
      guard let id = entry["id"]?.integer, let state = entry["state"]?.string, let port = entry["port"]?.integer
      else { return nil }
      var broker = ClusterStatus.Broker(
        id: Int32(truncatingIfNeeded: id), processID: entry["pid"]?.integer.map { Int32(truncatingIfNeeded: $0) },
        state: state, host: "127.0.0.1", port: port)
      broker.endedInOrder = entry["ended_in_order"]?.bool
      return broker
    }
  }

  private static func status(servers: [ServerAddress], local: [ClusterStatus.Broker]) async -> ClusterStatus {
    for server in servers {
      guard let connection = try? await AdminConnection.connect(to: server, timeout: patience) else { continue }
      var request = MetadataRequest()
      request.topics = nil
      request.allowAutoTopicCreation = false
      guard let metadata = try? await connection.send(request, timeout: patience) else { continue }
      let controller = await quorumLeader(connection) ?? metadata.controllerId
      return ClusterStatus(
        controller: controller, brokers: merge(local, metadata), topics: topics(metadata), answered: true)
    }
    return ClusterStatus(controller: -1, brokers: local, topics: [], answered: false)
  }

  /// The active controller; brokers name any live broker in Metadata under KRaft, so the quorum is asked.
  private static func quorumLeader(_ connection: AdminConnection) async -> Int32? {
    var partition = DescribeQuorumRequest.PartitionData()
    partition.partitionIndex = 0
    var topic = DescribeQuorumRequest.TopicData()
    topic.topicName = "__cluster_metadata"
    topic.partitions = [partition]
    var request = DescribeQuorumRequest()
    request.topics = [topic]
    guard let response = try? await connection.send(request, timeout: patience), response.errorCode == 0,
      let quorum = response.topics.first?.partitions.first, quorum.errorCode == 0
    else { return nil }
    return quorum.leaderId
  }

  private static func merge(
    _ local: [ClusterStatus.Broker], _ metadata: MetadataResponse
  ) -> [ClusterStatus.Broker] {
    var brokers = local
    for index in brokers.indices {
      let isMember = metadata.brokers.contains { $0.nodeId == brokers[index].id }
      if !isMember, brokers[index].state == "running" { brokers[index].state = "starting" }
    }
    for member in metadata.brokers where !brokers.contains(where: { $0.id == member.nodeId }) {
      brokers.append(
        ClusterStatus.Broker(id: member.nodeId, state: "running", host: member.host, port: Int(member.port)))
    }
    // Replicas on a broker that nobody has seen reveal that it is missing.
    for id in metadata.topics.flatMap(\.partitions).flatMap(\.replicaNodes)
    where !brokers.contains(where: { $0.id == id }) {
      brokers.append(ClusterStatus.Broker(id: id, state: "stopped", host: "", port: 0))
    }
    return brokers
  }

  private static func topics(_ metadata: MetadataResponse) -> [ClusterStatus.Topic] {
    metadata.topics.map { topic in
      ClusterStatus.Topic(
        name: topic.name ?? topic.topicId.description,
        partitions: topic.partitions.sorted { $0.partitionIndex < $1.partitionIndex }.map { partition in
          ClusterStatus.Partition(
            id: partition.partitionIndex, leader: partition.leaderId, replicas: partition.replicaNodes,
            inSync: partition.isrNodes)
        })
    }
  }
}
