import BrokerCore
import CommitLog
import EventLoop
import PosixFiles
import Primitives

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A node of the cluster: broker and controller in one process.
///
/// STARTING: settings, directory lock, identity, recovery of the logs. RECOVERING: registered, catching up with the
/// metadata. RUNNING: unfenced. SHUTDOWN: leaders move first, then logs are closed and the clean mark is written.
public final class Node: @unchecked Sendable {
  private let configuration: BrokerConfiguration
  private let log: Logger
  private let controlLoop: EventLoop
  private let dataLoop: EventLoop
  private let lock: LockedDirectory
  private let directory: LogDirectory
  private let control: ControlPlane
  private let data: DataPlane
  private let storage: LogStore
  private let metrics: MetricsServer?
  private var signals: [SignalSource] = []
  private var supervisor: PipeWatch?
  private var isStopping = false
  /// Leaving takes no longer than this: a supervisor kills what does not end.
  private static let shutdownLimit = TimeSpan.seconds(8)

  init(_ configuration: BrokerConfiguration) throws {
    self.configuration = configuration
    let log = Logger(level: configuration.logLevel, node: configuration.nodeID.rawValue)
    self.log = log
    for warning in configuration.warnings { log.warn("setting ignored", "reason=\"\(warning)\"") }
    controlLoop = try EventLoop()
    dataLoop = try EventLoop()
    var seed = RandomSource(seed: SystemRandomNumberGenerator.seed())
    let files = PosixFileSystem()
    let path = configuration.logDirectory
    try Node.makeDirectories(path)
    lock = try LockedDirectory(path)
    metrics = try configuration.metricsListener.map { address in
      let server = try MetricsServer(configuration, host: address.host, port: address.port)
      // It answers while the logs are opened: what starts for long must not look dead.
      server.run()
      return server
    }
    directory = LogDirectory(path: path, fileSystem: files)
    let found = try directory.properties()
    guard let clusterID = configuration.clusterID ?? found?.clusterID else {
      throw ConfigurationError(
        "\(path) is new and cluster.id is not set; give all nodes of the cluster the same cluster.id")
    }
    let identity = try directory.open(
      clusterID: clusterID, nodeID: configuration.nodeID, newDirectoryID: .random(using: &seed))
    let cleanEpoch = try directory.takeCleanShutdown()
    log.info("starting", "cluster=\(clusterID) directory=\"\(path)\" clean_shutdown=\(cleanEpoch != nil)")

    let metadataPath = "\(path)/\(QuorumWire.topic)-0"
    let metadataName = TopicPartition(QuorumWire.topic, PartitionID(0))
    if !files.exists(metadataPath) { try directory.createFolder(of: metadataName, topicID: .metadataTopic) }
    let metadataLog = try MetadataLog(
      directory: metadataPath, files: files, wasCleanShutdown: cleanEpoch != nil,
      wallClock: { EventLoop.wallClockMilliseconds })
    let stateFile = QuorumStateFile(
      path: "\(metadataPath)/quorum-state", files: files, voters: configuration.voters.map(\.id))
    let quorum = try QuorumNode(
      controlLoop, configuration: configuration, clusterID: clusterID, directoryID: identity.directoryID,
      metadataLog: metadataLog, stateFile: stateFile, random: seed.stream("quorum"), log: log)
    control = try ControlPlane(
      controlLoop, configuration: configuration, clusterID: clusterID, quorum: quorum,
      seed: seed.stream("controller").state, log: log)
    storage = LogStore(
      directory: directory, files: files, configuration: configuration, wasCleanShutdown: cleanEpoch != nil,
      random: seed.stream("storage"), log: log)
    try storage.load(wallClock: EventLoop.wallClockMilliseconds)
    data = try DataPlane(
      dataLoop, configuration: configuration, clusterID: clusterID, control: control, storage: storage,
      random: seed.stream("data"), log: log)
    data.groups = GroupHost(data, random: seed.stream("groups"))
    control.subscriber = data
    data.incarnation = .random(using: &seed)
    let lifecycle = try BrokerLifecycle(
      control, incarnation: data.incarnation, directoryID: identity.directoryID,
      previousEpoch: cleanEpoch ?? .none)
    control.lifecycle = lifecycle
    let data = data
    let metrics = metrics
    metrics?.attach(control: control, data: data)
    lifecycle.changed = { state, epoch in
      metrics?.changed(to: state, epoch: epoch)
      data.loop.submit { data.entered(state, epoch) }
    }
  }

  /// Binds the ports and runs until the node stops. Called on the main thread, which becomes the control loop.
  func run() throws {
    let fail: (String) -> Void = { [log] reason in
      log.error("broker state", "to=FAILED reason=\"\(reason)\"")
      // No clean mark: what this process promised is decided by what lies on the disk, at the next start.
      exit(1)
    }
    control.failed = fail
    data.failed = fail
    try data.bind()
    try control.start()
    watchSignals()
    dataLoop.runOnNewThread {}
    controlLoop.run()
  }

  private func watchSignals() {
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGTERM, SIGINT] {
      if let source = try? SignalSource(controlLoop, number, { [weak self] _ in self?.stop("signal \(number)") }) {
        signals.append(source)
      }
    }
    // A supervisor holds the other end of our standard input: when it is gone, so are we.
    var status = stat()
    if fstat(0, &status) == 0, status.st_mode & S_IFMT == S_IFIFO {
      supervisor = try? PipeWatch(controlLoop, descriptor: 0) { [weak self] in self?.stop("supervisor gone") }
    }
  }

  /// Controlled shutdown, then the end of the process.
  private func stop(_ reason: String) {
    guard !isStopping else { return }
    isStopping = true
    log.info("stopping", "reason=\"\(reason)\"")
    let limit = configuration.flag("controlled.shutdown.enable") ? Self.shutdownLimit : .milliseconds(1)
    control.lifecycle?.shutDown(limit: limit) {
      let epoch = self.control.lifecycle?.epoch ?? .none
      self.data.loop.submit {
        self.data.close()
        self.storage.close(brokerEpoch: epoch) {
          self.control.loop.submit { self.leaveQuorum() }
        }
      }
    }
  }

  private func leaveQuorum() {
    // The successor hears of it now instead of finding out.
    control.quorum.step(.resign)
    control.after(20) {
      self.control.close()
      self.log.info("stopped")
      exit(0)
    }
  }

  private static func makeDirectories(_ path: String) throws(ConfigurationError) {
    var made = path.hasPrefix("/") ? "" : "."
    for part in path.split(separator: "/") {
      made += "/\(part)"
      if mkdir(made, 0o755) != 0, errno != EEXIST {
        throw ConfigurationError(
          "\(made) cannot be made: \(String(cString: strerror(errno))); name a writable log.dirs")
      }
    }
    if access(path, W_OK) != 0 {
      throw ConfigurationError("\(path) is not writable: \(String(cString: strerror(errno))); name a writable log.dirs")
    }
  }
}

extension SystemRandomNumberGenerator {
  /// The one place where a process draws true chance: everything else is seeded from it.
  static func seed() -> UInt64 {
    var generator = SystemRandomNumberGenerator()
    return generator.next()
  }
}
