/// Brokers that run elsewhere: only their addresses are known, nothing can be started or killed.
public final class ExternalCluster: ClusterEngine {
  public let name = "external"
  public let bootstrapServers: String
  public var brokerIDs: [Int32] { [] }
  public var canInjectFaults: Bool { false }

  public init(bootstrapServers: String) throws(ClusterError) {
    guard !bootstrapServers.isEmpty else {
      throw ClusterError(.notPossible, "--engine external needs --bootstrap-servers host:port,…")
    }
    self.bootstrapServers = bootstrapServers
  }

  public func start() async throws(ClusterError) {}
  public func stop() async {}
  public func processID(of broker: Int32) -> Int32? { nil }
  public func kill(_ broker: Int32) throws(ClusterError) { throw notHere }
  public func pause(_ broker: Int32) throws(ClusterError) { throw notHere }
  public func resume(_ broker: Int32) throws(ClusterError) { throw notHere }
  public func startBroker(_ broker: Int32) async throws(ClusterError) { throw notHere }

  private var notHere: ClusterError {
    ClusterError(
      .notPossible, "the brokers at \(bootstrapServers) run elsewhere: they cannot be started or killed here")
  }
}
