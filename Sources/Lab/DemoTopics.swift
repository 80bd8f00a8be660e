import KafkaClient
import Primitives
import Social

/// The demo's topics, placed on purpose: leaders spread evenly, those of `content-interactions` on a broker of their
/// own.
package enum DemoTopics {
  /// Replicas of each partition, the preferred leader first. `brokers` ascending; `hot` 0 or unknown: even.
  package static func placement(of topic: SocialTopic, brokers: [Int32], hot: Int32) -> [[Int32]] {
    guard !brokers.isEmpty else { return [] }
    let replicas = min(3, brokers.count)
    return (0..<Int(topic.partitionCount)).map { partition in
      // Numbered through, so that the topics do not all start at the first broker.
      let turn = Int(topic.firstPartition) + partition
      var order = (0..<brokers.count).map { brokers[($0 + turn) % brokers.count] }
      if topic == .contentInteractions, brokers.contains(hot) { order = [hot] + order.filter { $0 != hot } }
      // What need not be on the hot broker is led elsewhere.
      if topic == .systemEvents, brokers.count > 1, order.first == hot { order.append(order.removeFirst()) }
      return Array(order.prefix(replicas))
    }
  }

  /// Creates those that are not there yet, and waits until every partition has a leader and all its replicas in sync.
  static func create(bootstrapServers: String, hot: Int32, limit: Duration) async throws(LabError) {
    do throws(AdminError) {
      let connection = try await AdminConnection.connect(toAnyOf: bootstrapServers)
      let brokers = try await connection.brokers().map(\.id)
      for topic in SocialTopic.allCases {
        let placement = placement(of: topic, brokers: brokers, hot: hot)
        do throws(AdminError) {
          try await connection.createTopic(
            topic.name, partitions: -1, replicationFactor: -1, assignments: placement,
            settings: [("min.insync.replicas", "\(min(2, placement.first?.count ?? 1))")])
        } catch {
          guard case .refused(code: .topicAlreadyExists, _) = error else { throw error }
        }
      }
    } catch {
      throw LabError("the topics could not be created: \(error)")
    }
    let servers = ServerAddress.list(bootstrapServers) ?? []
    guard await ClusterWatch(servers: servers, limit: limit).allInSync() != nil else {
      throw LabError("the topics' replicas did not come in sync")
    }
  }
}
