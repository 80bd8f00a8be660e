import ClusterHost
import CommandLineTool
import Testing

@Test func aDirectoryIsHeldByOne() throws {
  let directory = try TemporaryDirectory()
  var first: DirectoryLock? = try DirectoryLock(directory.path)
  #expect(first != nil)
  #expect(!DirectoryLock.isFree(directory.path))
  #expect { try DirectoryLock(directory.path) } throws: { "\($0)".contains("in use by process") }
  first = nil
  #expect(DirectoryLock.isFree(directory.path))
  _ = try DirectoryLock(directory.path)
}

@Test func aClusterKeepsItsIdentity() throws {
  let directory = try TemporaryDirectory()
  let cluster = ClusterDirectory(directory.path)
  #expect(try cluster.description() == nil)
  var options = ClusterOptions()
  options.dataDirectory = directory.path
  options.portBase = 19092
  let id = try cluster.claim(for: options)
  #expect(id.count == 22)
  #expect(try cluster.claim(for: options) == id)
  #expect(try cluster.description()?.portBase == 19092)
  #expect(try cluster.description()?.metricsURL(of: 1) == nil)
  _ = try cluster.claim(for: options, servesMetrics: true)
  #expect(try cluster.description()?.metricsURL(of: 3) == "http://127.0.0.1:19406/metrics")
  #expect(try cluster.description()?.bootstrapServers == "127.0.0.1:19092,127.0.0.1:19093,127.0.0.1:19094")
}

/// Data of one kind of broker is never opened by another, nor by more or fewer brokers.
@Test func anotherClustersDirectoryIsRefused() throws {
  let directory = try TemporaryDirectory()
  let cluster = ClusterDirectory(directory.path)
  var options = ClusterOptions()
  _ = try cluster.claim(for: options)
  try cluster.checkOwner(options)
  options.engine = .kafka
  #expect { try cluster.checkOwner(options) } throws: { "\($0)".contains("engine embedded, not kafka") }
  options.engine = .embedded
  options.brokerCount = 5
  #expect { try cluster.checkOwner(options) } throws: { "\($0)".contains("3 brokers, not 5") }
}

@Test func laterPropertiesWinAndEachNameOccursOnce() {
  var options = ClusterOptions()
  options.portBase = 5000
  let text = CommonProperties.text(
    CommonProperties.of(2, options) + [BrokerProperty("num.partitions", "7"), BrokerProperty("num.partitions", "9")])
  let lines = text.split(separator: "\n")
  #expect(lines.filter { $0.hasPrefix("num.partitions=") } == ["num.partitions=9"])
  #expect(lines.contains("listeners=PLAINTEXT://127.0.0.1:5001,CONTROLLER://127.0.0.1:5011"))
  #expect(lines.contains("controller.quorum.voters=1@127.0.0.1:5010,2@127.0.0.1:5011,3@127.0.0.1:5012"))
  #expect(lines.contains("min.insync.replicas=2"))
}

@Test func aTakenPortIsSeen() throws {
  let listener = try Listener()
  #expect(Ports.isTaken(listener.port))
  #expect(Ports.accepts(listener.port))
  let port = listener.port
  listener.close()
  #expect(!Ports.accepts(port))
  #expect(!Ports.isTaken(port))
}

@Test func externalClustersCannotBeHarmed() async throws {
  var options = ClusterOptions()
  options.engine = .external
  #expect(throws: ClusterError.self) { try options.makeEngine() }
  options.bootstrapServers = "example:9092"
  let engine = try options.makeEngine()
  #expect(!engine.canInjectFaults)
  #expect(throws: ClusterError.self) { try engine.kill(1) }
  #expect(engine.processID(of: 1) == nil)
}
