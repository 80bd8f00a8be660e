import KafkaClient
import Primitives
import Wire

/// Hears it from a broker itself when it hands a leadership over: a long poll waits at each of them, at one partition
/// that it leads.
///
/// A broker that shuts down in order moves its leaderships and then ends, often within less time than lies between two
/// rounds; afterwards the metadata looks as after a crash. But a Fetch that waits for records is answered at once when
/// its partition gets another leader (FENCED_LEADER_EPOCH, NOT_LEADER_OR_FOLLOWER), and only who lives can answer:
/// whoever dies says nothing. Alone that proves little, for one leadership may move for many reasons; what it means is
/// `BrokerMemory`'s to say. Reads next to nothing: of the partitions that a broker leads it takes the one least written.
actor FarewellWatch {
  /// How long a poll waits: as long as those of most consumers, so that it does not stand out in their percentiles.
  static let wait = Duration.milliseconds(500)
  /// Whoever spoke is not asked again for so long; it may go on to say the same while the metadata lag behind.
  static let rest = Duration.seconds(1)
  /// After errors it is asked ever more seldom, down to this, so that no cluster counts errors on our account.
  static let longestRest = Duration.seconds(60)

  /// Where a poll waits.
  struct Post: Sendable, Equatable {
    var address: ServerAddress
    var topic: String
    var partition: Int32
    var leaderEpoch: Int32
    var offset: Int64
  }

  enum Word: Sendable, Equatable {
    case leads
    case leadsNoMore
    /// Any other error: nothing is learnt, and the next round names another offset, or another partition.
    case unclear
  }

  private let onFarewell: @Sendable () -> Void
  private var posts: [Int32: Post] = [:]
  private var polls: [Int32: Task<Void, Never>] = [:]
  private var connections: [Int32: AdminConnection] = [:]
  private var spoken: Set<Int32> = []
  private var restUntil: [Int32: ContinuousClock.Instant] = [:]
  /// How long the last rest after an error was.
  private var errorRests: [Int32: Duration] = [:]

  /// `onFarewell`: called when a broker said that it leads no more.
  init(onFarewell: @escaping @Sendable () -> Void) { self.onFarewell = onFarewell }

  deinit { for poll in polls.values { poll.cancel() } }

  /// Takes in who leads what; to be called after each round. Returns at once.
  func update(_ metadata: ClusterObservation.Metadata, _ extents: [ClusterObservation.Extent]) {
    posts = Self.posts(metadata, extents, keeping: posts)
    for id in posts.keys.sorted() where polls[id] == nil && (restUntil[id].map { $0 <= .now } ?? true) {
      polls[id] = Task { [weak self] in
        while !Task.isCancelled, await self?.poll(id) == true {}
        await self?.ended(id)
      }
    }
  }

  /// Who has spoken since this was last asked. Of those who are `gone` the poll under way is waited for, as its
  /// connection has ended or is about to; at most until the deadline.
  func take(gone: [Int32], by deadline: ContinuousClock.Instant) async -> Set<Int32> {
    for id in gone {
      guard let poll = polls[id] else { continue }
      _ = await race(until: deadline) { await poll.value }
    }
    defer { spoken = [] }
    return spoken
  }

  /// One partition for each broker that leads any: the one it is asked about already, while it leads that; else one
  /// that prefers it, since that moves away for few reasons; of these the one least written.
  static func posts(
    _ metadata: ClusterObservation.Metadata, _ extents: [ClusterObservation.Extent], keeping before: [Int32: Post]
  ) -> [Int32: Post] {
    var addresses: [Int32: ServerAddress] = [:]
    for broker in metadata.brokers {
      addresses[broker.id] = UInt16(exactly: broker.port).map { ServerAddress(host: broker.host, port: $0) }
    }
    var ends: [ClusterHealth.TopicPartition: Int64] = [:]
    for extent in extents { ends[.init(topic: extent.topic, partition: extent.partition)] = extent.end }
    var best: [Int32: (rank: (Int, Int, Int64), post: Post)] = [:]
    for topic in metadata.topics {
      for partition in topic.partitions {
        let leader = partition.leader
        guard let address = addresses[leader], let end = ends[.init(topic: topic.name, partition: partition.id)]
        else { continue }
        let isKept = before[leader].map { $0.topic == topic.name && $0.partition == partition.id } ?? false
        let rank = (isKept ? 0 : 1, partition.replicas.first == leader ? 0 : 1, end)
        if let known = best[leader], known.rank <= rank { continue }
        let post = Post(
          address: address, topic: topic.name, partition: partition.id, leaderEpoch: partition.leaderEpoch, offset: end)
        best[leader] = (rank, post)
      }
    }
    return best.mapValues(\.post)
  }

  // MARK: - One poll after the other

  /// False: there is nothing to wait for at this broker now.
  private func poll(_ broker: Int32) async -> Bool {
    guard let post = posts[broker] else { return false }
    let began = ContinuousClock.now
    do throws(AdminError) {
      let connection = try await connection(to: broker, at: post.address)
      let response = try await connection.send(Self.request(post), upTo: 12, timeout: Self.wait + .seconds(5))
      switch Self.word(of: response, from: broker) {
      case .leads: errorRests[broker] = nil
      case .unclear:
        let rest = min((errorRests[broker] ?? Self.rest / 2) * 2, Self.longestRest)
        errorRests[broker] = rest
        restUntil[broker] = .now + rest
        return false
      case .leadsNoMore:
        spoken.insert(broker)
        restUntil[broker] = .now + Self.rest
        onFarewell()
        return false
      }
    } catch {
      connections[broker] = nil
      return false
    }
    // Some answer too early.
    try? await Task.sleep(until: began + Self.wait, clock: .continuous)
    return true
  }

  private func ended(_ broker: Int32) { polls[broker] = nil }

  private func connection(to broker: Int32, at address: ServerAddress) async throws(AdminError) -> AdminConnection {
    if let open = connections[broker], open.address == address { return open }
    let opened = try await AdminConnection.connect(to: address, clientID: "streamsocial-monitor", timeout: .seconds(1))
    connections[broker] = opened
    return opened
  }

  /// More bytes than ever come are waited for, so that records wake nobody; version 12 is the last that names topics.
  static func request(_ post: Post) -> FetchRequest {
    var part = FetchRequest.FetchPartition()
    part.partition = post.partition
    part.currentLeaderEpoch = post.leaderEpoch
    part.fetchOffset = post.offset
    part.partitionMaxBytes = 1
    var entry = FetchRequest.FetchTopic()
    entry.topic = post.topic
    entry.partitions = [part]
    var request = FetchRequest()
    request.maxWaitMs = Int32(wait / .milliseconds(1))
    request.minBytes = .max
    request.topics = [entry]
    return request
  }

  private static func word(of response: FetchResponse, from broker: Int32) -> Word {
    guard response.errorCode == 0, let row = response.responses.first?.partitions.first else { return .unclear }
    return word(row.errorCode, leader: row.currentLeader.leaderId, from: broker)
  }

  /// `leader`: as the answer names it; −1 when it does not.
  static func word(_ code: Int16, leader: Int32, from broker: Int32) -> Word {
    switch ErrorCode(rawValue: code) {
    case ErrorCode.none?: return .leads
    case .notLeaderOrFollower?, .fencedLeaderEpoch?:
      // It may lead on, in a later epoch.
      return leader == broker ? .unclear : .leadsNoMore
    default: return .unclear
    }
  }
}
