import KafkaClient
import Social

/// Looks at the cluster's metadata again and again, as a client would, to see when it changes.
struct ClusterWatch: Sendable {
  static let pause = Duration.milliseconds(10)
  static let patience = Duration.milliseconds(1000)

  /// Those to ask, in order of preference.
  var servers: [ServerAddress]
  var limit: Duration

  /// When the metadata first no longer counted on the victim, and when each partition had a living leader.
  struct Failover: Sendable {
    var detected: Moment?
    var elected: Moment?
  }

  func failover(from victim: Int32) async -> Failover {
    var result = Failover()
    await watch { topics, brokers in
      let partitions = topics.flatMap(\.partitions)
      let now = MonotonicClock.nanoseconds
      let isGone =
        !brokers.contains(victim) || partitions.contains { $0.replicas.contains(victim) && !$0.inSync.contains(victim) }
      if result.detected == nil, isGone { result.detected = now }
      if partitions.allSatisfy({ $0.leader >= 0 && $0.leader != victim }) {
        result.elected = now
        result.detected = result.detected ?? now
        return true
      }
      return false
    }
    return result
  }

  /// When all replicas of all partitions were in sync; nil when they were not within the limit.
  func allInSync() async -> Moment? {
    var moment: Moment?
    await watch { topics, _ in
      let partitions = topics.flatMap(\.partitions)
      guard !partitions.isEmpty, partitions.allSatisfy({ $0.leader >= 0 && $0.inSync.count == $0.replicas.count })
      else { return false }
      moment = MonotonicClock.nanoseconds
      return true
    }
    return moment
  }

  /// Asks until `judge` is content, the limit has passed or the task is cancelled. Another broker is asked when one
  /// does not answer.
  private func watch(_ judge: ([TopicDescription], [Int32]) -> Bool) async {
    let deadline = ContinuousClock.now + limit
    let names = SocialTopic.allCases.map(\.name)
    var turn = 0
    var connection: AdminConnection?
    while ContinuousClock.now < deadline, !Task.isCancelled, !servers.isEmpty {
      do throws(AdminError) {
        let current: AdminConnection
        if let connection {
          current = connection
        } else {
          current = try await AdminConnection.connect(to: servers[turn % servers.count], timeout: Self.patience)
        }
        connection = current
        let topics = try await current.topics(named: names, timeout: Self.patience)
        let brokers = try await current.brokers(timeout: Self.patience).map(\.id)
        if judge(topics, brokers) { return }
      } catch {
        connection = nil
        turn += 1
      }
      try? await Task.sleep(for: Self.pause)
    }
  }
}
