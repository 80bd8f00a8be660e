import Testing

@testable import Broker

private func configuration(_ line: String) throws -> BrokerConfiguration {
  try BrokerConfiguration(
    parsing: """
      node.id=1
      listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9192
      controller.quorum.voters=1@127.0.0.1:9192
      log.dirs=/tmp/none
      \(line)
      """, file: "server.properties")
}

/// Nothing is served that nobody asked for.
@Test func metricsAreServedOnlyWhereASettingSaysSo() throws {
  #expect(try configuration("").metricsListener == nil)
  #expect(try configuration("streamsocial.metrics.listener=").metricsListener == nil)
  let local = try #require(try configuration("streamsocial.metrics.listener=127.0.0.1:9404").metricsListener)
  #expect(local == ("127.0.0.1", 9404))
  let six = try #require(try configuration("streamsocial.metrics.listener=[::1]:9404").metricsListener)
  #expect(six == ("::1", 9404))
  #expect(try configuration("streamsocial.metrics.listener=127.0.0.1:9404").warnings.isEmpty)
  for wrong in ["9404", "127.0.0.1:", "127.0.0.1:70000", "127.0.0.1"] {
    #expect { try configuration("streamsocial.metrics.listener=\(wrong)") } throws: { error in
      "\(error)".contains("is not host:port")
    }
  }
}
