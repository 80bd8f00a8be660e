import KafkaClient
import Wire

extension LocalCluster {
  /// Waits until every broker accepts connections and one of them knows of all of them and of a controller.
  func waitUntilWhole() async throws(ClusterError) {
    let expected = brokerIDs
    var waiting = expected[...]
    let whole = try await Waiting.until(launcher.startLimit) { () async throws(ClusterError) -> Bool? in
      for broker in expected { if let error = earlyEnd(of: broker) { throw error } }
      while let broker = waiting.first {
        guard Ports.accepts(options.clientPort(of: broker)) else { return nil }
        waiting.removeFirst()
      }
      return await knownBrokers() == expected ? true : nil
    }
    guard whole != nil else {
      let missing = expected.filter { running($0) == nil || !Ports.accepts(options.clientPort(of: $0)) }
      let which = missing.isEmpty ? "they do not know of each other" : "not ready: \(missing)"
      throw ClusterError(
        .timeout, "the brokers did not come up in time, \(which)\n\(logTail(of: missing.first ?? expected[0]))")
    }
  }

  /// The brokers that the cluster itself says are there, when it has a controller; empty when it cannot be asked.
  private func knownBrokers() async -> [Int32] {
    do throws(AdminError) {
      let connection = try await AdminConnection.connect(toAnyOf: bootstrapServers, timeout: .seconds(2))
      var request = MetadataRequest()
      request.topics = []
      let response = try await connection.send(request, timeout: .seconds(2))
      return response.controllerId >= 0 ? response.brokers.map(\.nodeId).sorted() : []
    } catch {
      return []
    }
  }
}
