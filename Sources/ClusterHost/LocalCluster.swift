import KafkaClient
import Primitives
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Brokers as processes on this machine, ours or Apache Kafka's.
///
/// The directory belongs to one cluster of one engine: `cluster.id` and `cluster.json` say which, `lock` says who
/// runs it now, and `broker-N/` holds each broker's configuration, data and log.
public final class LocalCluster: ClusterEngine {
  public let name: String
  public let options: ClusterOptions
  public var canInjectFaults: Bool { true }
  public var brokerIDs: [Int32] { options.brokerIDs }
  public var bootstrapServers: String {
    brokerIDs.map { "127.0.0.1:\(options.clientPort(of: $0))" }.joined(separator: ",")
  }

  let launcher: any BrokerLauncher
  let state = Mutex(State())

  struct State {
    var lock: DirectoryLock?
    var clusterID = ""
    var processes: [Int32: ChildProcess] = [:]
    /// Kills a broker of somebody else's making when we are gone.
    var guards: [Int32: ChildProcess] = [:]
    var paused: Set<Int32> = []
    var exits: [Int32: ChildProcess.Exit] = [:]
    /// Brokers between the decision to start them and their process.
    var starting: Set<Int32> = []
    var isStopping = false
    var onExit: (@Sendable (Int32, ChildProcess.Exit) -> Void)?
    var onCommand: (@Sendable (BrokerCommand, Int32) -> Void)?
  }

  init(_ options: ClusterOptions, launcher: some BrokerLauncher) throws(ClusterError) {
    guard (1...9).contains(options.brokerCount) else {
      throw ClusterError(.notPossible, "between 1 and 9 brokers can run on one machine")
    }
    guard options.portBase >= 1, options.metricsPort(of: Int32(options.brokerCount)) <= 65535 else {
      throw ClusterError(.notPossible, "ports \(options.portBase)… do not exist")
    }
    if let obstacle = launcher.obstacle(options) { throw obstacle }
    var absolute = options
    try LocalFiles.makeDirectory(options.dataDirectory)
    absolute.dataDirectory = try LocalFiles.absolute(options.dataDirectory)
    self.options = absolute
    self.launcher = launcher
    name = launcher.kind.rawValue
  }

  /// Called on a thread of its own whenever a broker's process has ended.
  public func onBrokerExit(_ handler: @escaping @Sendable (Int32, ChildProcess.Exit) -> Void) {
    state.withLock { $0.onExit = handler }
  }

  public func start() async throws(ClusterError) {
    let lock = try DirectoryLock(options.dataDirectory)
    let directory = ClusterDirectory(options.dataDirectory)
    try directory.checkOwner(options)
    try checkPorts()
    let clusterID = try directory.claim(for: options, servesMetrics: launcher.servesMetrics(options))
    state.withLock {
      $0.lock = lock
      $0.clusterID = clusterID
    }
    do throws(ClusterError) {
      for broker in brokerIDs { try await prepare(broker) }
      for broker in brokerIDs { try spawn(broker) }
      try await waitUntilWhole()
    } catch {
      await stop()
      throw error
    }
  }

  private func checkPorts() throws(ClusterError) {
    let servesMetrics = launcher.servesMetrics(options)
    for broker in brokerIDs {
      let metrics = servesMetrics ? [options.metricsPort(of: broker)] : []
      for port in [options.clientPort(of: broker), options.controllerPort(of: broker)] + metrics
      where Ports.isTaken(port) {
        throw ClusterError(
          .environment,
          "port \(port) is taken by another program. Free it, or shift all ports with --port N (now \(options.portBase))"
        )
      }
    }
  }

  private func prepare(_ broker: Int32) async throws(ClusterError) {
    let directory = options.directory(of: broker)
    let clusterID = state.withLock { $0.clusterID }
    try LocalFiles.makeDirectory("\(directory)/data")
    let properties =
      CommonProperties.of(broker, options)
      + launcher.properties(of: broker, clusterID: clusterID, options) + options.brokerProperties
    try LocalFiles.write(CommonProperties.text(properties), to: "\(directory)/server.properties")
    try await launcher.format(broker, clusterID: clusterID, options)
  }

  private func spawn(_ broker: Int32) throws(ClusterError) {
    let process = try ChildProcess(try launcher.command(for: broker, options)) { [weak self] exit in
      self?.hasEnded(broker, exit)
    }
    let watch: ChildProcess? = launcher.kind == .kafka ? try ParentDeath.watch(process) : nil
    state.withLock {
      $0.processes[broker] = process
      $0.guards[broker] = watch
      $0.paused.remove(broker)
      $0.exits[broker] = nil
    }
  }

  private func hasEnded(_ broker: Int32, _ exit: ChildProcess.Exit) {
    let handler = state.withLock { state in
      state.exits[broker] = exit
      state.paused.remove(broker)
      state.guards.removeValue(forKey: broker)?.send(SIGKILL)
      return state.onExit
    }
    handler?(broker, exit)
  }

  public func processID(of broker: Int32) -> Int32? { running(broker)?.processID }

  func running(_ broker: Int32) -> ChildProcess? {
    guard let process = state.withLock({ $0.processes[broker] }), process.exit == nil else { return nil }
    return process
  }

  public func kill(_ broker: Int32) throws(ClusterError) { try signal(broker, SIGKILL) }

  public func pause(_ broker: Int32) throws(ClusterError) {
    try signal(broker, SIGSTOP)
    _ = state.withLock { $0.paused.insert(broker) }
  }

  public func resume(_ broker: Int32) throws(ClusterError) {
    try signal(broker, SIGCONT)
    _ = state.withLock { $0.paused.remove(broker) }
  }

  /// Whether `pause` froze it, or a signal from elsewhere.
  public func isPaused(_ broker: Int32) -> Bool {
    state.withLock { $0.paused.contains(broker) } || running(broker)?.isStopped == true
  }

  /// What every broker's process is doing: `running`, `starting`, `paused` or `stopped`.
  public func brokerStates() -> [ClusterStatus.Broker] {
    let description = try? ClusterDirectory(options.dataDirectory).description()
    return brokerIDs.map { id in
      let processID = processID(of: id)
      let isStarting = state.withLock { $0.starting.contains(id) }
      let running = isStarting ? "starting" : isPaused(id) ? "paused" : "running"
      var broker = ClusterStatus.Broker(
        id: id, processID: processID, state: processID == nil ? (isStarting ? "starting" : "stopped") : running,
        host: "127.0.0.1", port: options.clientPort(of: id))
      broker.metricsURL = description?.metricsURL(of: id)
      if broker.state == "stopped" {
        broker.endedInOrder = state.withLock { $0.processes[id] }?.exit.map(launcher.isOrderly)
      }
      return broker
    }
  }

  private func signal(_ broker: Int32, _ signal: Int32) throws(ClusterError) {
    try checkKnown(broker)
    guard let process = running(broker), process.send(signal) else {
      throw ClusterError(.notPossible, "broker \(broker) does not run")
    }
  }

  private func checkKnown(_ broker: Int32) throws(ClusterError) {
    guard brokerIDs.contains(broker) else {
      let known = brokerIDs.map { "\($0)" }.joined(separator: ", ")
      throw ClusterError(.notPossible, "there is no broker \(broker); this cluster has \(known)")
    }
  }

  public func startBroker(_ broker: Int32) async throws(ClusterError) {
    try checkKnown(broker)
    let isFree = state.withLock { state in
      guard !state.isStopping, state.processes[broker].map({ $0.exit != nil }) ?? true else { return false }
      return state.starting.insert(broker).inserted
    }
    guard isFree else { throw ClusterError(.notPossible, "broker \(broker) runs already") }
    try await prepareAndSpawn(broker)
    let accepts = try await Waiting.until(launcher.startLimit) { () throws(ClusterError) -> Bool? in
      if let error = earlyEnd(of: broker) { throw error }
      return isUp(broker) ? true : nil
    }
    guard accepts != nil else {
      throw ClusterError(.timeout, "broker \(broker) does not accept connections:\n\(logTail(of: broker))")
    }
  }

  /// Apache Kafka's brokers open their clients' port when a majority of the controllers has let them in: who is the first
  /// to come back waits there for the next, and whoever starts them one by one must not wait for him.
  private func isUp(_ broker: Int32) -> Bool {
    if Ports.accepts(options.clientPort(of: broker)) { return true }
    let alive = brokerIDs.count { running($0) != nil && !isPaused($0) }
    return alive <= brokerIDs.count / 2 && Ports.accepts(options.controllerPort(of: broker))
  }

  private func prepareAndSpawn(_ broker: Int32) async throws(ClusterError) {
    defer { _ = state.withLock { $0.starting.remove(broker) } }
    try await prepare(broker)
    try spawn(broker)
  }

  public func stop() async {
    let processes = state.withLock { state in
      state.isStopping = true
      return brokerIDs.compactMap { state.processes[$0] }.filter { $0.exit == nil }
    }
    for process in processes {
      process.send(SIGCONT)
      process.send(SIGTERM)
    }
    let deadline = ContinuousClock.now + launcher.stopLimit
    for process in processes {
      let ended = await WorkerThread.run { process.waited(until: deadline) }
      if !ended {
        process.send(SIGKILL)
        _ = await WorkerThread.run { process.waited(until: ContinuousClock.now + .seconds(5)) }
      }
    }
    state.withLock {
      $0.lock = nil
      $0.isStopping = false
    }
  }

  /// Whether the broker's end is part of `stop`.
  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// The error to report when a broker ended that should be starting; nil while it runs.
  func earlyEnd(of broker: Int32) -> ClusterError? {
    guard let exit = state.withLock({ $0.exits[broker] }) else { return nil }
    return ClusterError(.environment, "broker \(broker) ended at its start (\(exit)):\n\(logTail(of: broker))")
  }

  func logTail(of broker: Int32) -> String { LogTail.of("\(options.directory(of: broker))/broker.log") }
}

extension ChildProcess {
  /// Waits on this thread; false when it still runs at the deadline. Works in a cancelled task, too.
  func waited(until deadline: ContinuousClock.Instant) -> Bool {
    while exit == nil {
      if ContinuousClock.now >= deadline { return false }
      usleep(5000)
    }
    return true
  }
}

/// Ties a process that knows nothing of us to our life: a shell waits for the end of a pipe whose other end only we
/// hold, and then kills it.
package enum ParentDeath {
  package static func watch(_ process: ChildProcess) throws(ClusterError) -> ChildProcess {
    try ChildProcess(
      ChildProcess.Command(
        "/bin/sh", ["-c", "read -r line; kill -KILL \(process.processID)"], outputFile: "/dev/null",
        hasInputPipe: true))
  }
}
