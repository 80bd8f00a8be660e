import CommandLineTool
import KafkaClient
import Wire

/// Asks a cluster how it is, from outside: the metadata of a broker that reaches the controller, the quorum's leader, and
/// (for a cluster that runs here) its supervisor.
public enum ClusterInspection {
  /// How long one broker may take for each of its answers.
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

  /// Asks all at once. The first that reaches the controller tells: a broker that is cut off from it knows only what
  /// was. Where nobody reaches a controller, the first in the list that answers tells what it knows.
  private static func status(servers: [ServerAddress], local: [ClusterStatus.Broker]) async -> ClusterStatus {
    let (words, speak) = AsyncStream.makeStream(of: (Int, Word?).self)
    for (index, server) in servers.enumerated() { Task { speak.yield((index, await word(of: server))) } }
    var best: (index: Int, word: Word)?
    var heard = 0
    for await (index, word) in words where heard < servers.count {
      heard += 1
      if let word, word.controller != nil || best.map({ index < $0.index }) ?? true { best = (index, word) }
      if best?.word.controller != nil || heard == servers.count { break }
    }
    guard let word = best?.word else {
      return ClusterStatus(controller: -1, brokers: local, topics: [], answered: false)
    }
    return ClusterStatus(
      controller: word.controller ?? -1, local: local, members: members(word.metadata), topics: topics(word.metadata),
      answered: true)
  }

  /// What one broker says of the cluster; no controller where it reaches none.
  private struct Word: Sendable {
    var metadata: MetadataResponse
    var controller: Int32?
  }

  private static func word(of server: ServerAddress) async -> Word? {
    guard let connection = try? await AdminConnection.connect(to: server, timeout: patience) else { return nil }
    var request = MetadataRequest()
    request.topics = nil
    request.allowAutoTopicCreation = false
    guard let metadata = try? await connection.send(request, timeout: patience) else { return nil }
    do throws(AdminError) {
      return Word(metadata: metadata, controller: try await quorumLeader(connection))
    } catch {
      // Without a quorum (ZooKeeper) Metadata names the controller; KRaft's brokers name anyone there.
      guard case .unsupported = error else { return Word(metadata: metadata) }
      return Word(metadata: metadata, controller: metadata.controllerId >= 0 ? metadata.controllerId : nil)
    }
  }

  private static func quorumLeader(_ connection: AdminConnection) async throws(AdminError) -> Int32? {
    var partition = DescribeQuorumRequest.PartitionData()
    partition.partitionIndex = 0
    var topic = DescribeQuorumRequest.TopicData()
    topic.topicName = "__cluster_metadata"
    topic.partitions = [partition]
    var request = DescribeQuorumRequest()
    request.topics = [topic]
    let response = try await connection.send(request, timeout: patience)
    guard response.errorCode == 0, let quorum = response.topics.first?.partitions.first, quorum.errorCode == 0,
      quorum.leaderId >= 0
    else { return nil }
    return quorum.leaderId
  }

  private static func members(_ metadata: MetadataResponse) -> [ClusterStatus.Broker] {
    metadata.brokers.map {
      ClusterStatus.Broker(id: $0.nodeId, state: "running", host: $0.host, port: Int($0.port))
    }
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
