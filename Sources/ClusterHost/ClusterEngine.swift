/// What runs the brokers that a demo, a test or an operator talks to.
///
/// Callers never ask which engine they are on: they use `bootstrapServers` with any Kafka client, and the rest to do
/// harm on purpose. Engines: `LocalCluster` (our brokers, or Apache Kafka's, as processes on this machine) and
/// `ExternalCluster` (somebody else's brokers: nothing to start or kill).
public protocol ClusterEngine: AnyObject, Sendable {
  /// `embedded`, `kafka` or `external`.
  var name: String { get }
  /// `host:port,host:port,…` for clients.
  var bootstrapServers: String { get }
  /// The ids of the brokers that this engine runs, ascending; empty for an external cluster.
  var brokerIDs: [Int32] { get }
  /// Whether `kill`, `pause`, `resume` and `startBroker` work here.
  var canInjectFaults: Bool { get }

  /// Starts all brokers; returns once each accepts connections and knows of all the others.
  func start() async throws(ClusterError)
  /// The process of a broker; nil while it does not run, and for external clusters.
  func processID(of broker: Int32) -> Int32?
  /// Ends a broker at once (`SIGKILL`): no goodbye, nothing flushed.
  func kill(_ broker: Int32) throws(ClusterError)
  /// Freezes a broker (`SIGSTOP`) until `resume`.
  func pause(_ broker: Int32) throws(ClusterError)
  /// Lets a paused broker go on (`SIGCONT`).
  func resume(_ broker: Int32) throws(ClusterError)
  /// Starts a broker that does not run, on its old data. Returns once its process runs and accepts connections,
  /// which may be before its replicas have caught up. While no majority runs, its controller's connections are enough.
  func startBroker(_ broker: Int32) async throws(ClusterError)
  /// Controlled shutdown of all brokers (`SIGTERM`, then `SIGKILL` for those that do not end in time).
  func stop() async
}
