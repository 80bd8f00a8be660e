import KafkaClient
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Watches a local cluster: starts what dies again, obeys the control socket, and ends brokers in order on SIGTERM
/// or SIGINT.
public final class Supervisor: Sendable {
  public enum RestartPolicy: String, Sendable, CaseIterable {
    case always
    case never
  }

  /// How long a broker that keeps dying is left alone: twice as long each time, up to the last.
  static let firstPause = Duration.milliseconds(200)
  static let longestPause = Duration.seconds(10)
  /// A broker that ran this long is not one that keeps dying.
  static let settled = Duration.seconds(30)

  public let cluster: LocalCluster
  let policy: RestartPolicy
  private let log: @Sendable (String) -> Void
  private let history = Mutex<[Int32: (started: ContinuousClock.Instant, pause: Duration)]>([:])
  private let stopRequests: AsyncStream<Void>
  private let requestStop: AsyncStream<Void>.Continuation

  public init(_ options: ClusterOptions, policy: RestartPolicy, log: @escaping @Sendable (String) -> Void)
    throws(ClusterError)
  {
    guard let cluster = try options.makeEngine() as? LocalCluster else {
      throw ClusterError(.notPossible, "an external cluster cannot be started from here")
    }
    self.cluster = cluster
    self.policy = policy
    self.log = log
    (stopRequests, requestStop) = AsyncStream.makeStream(of: Void.self)
  }

  /// Starts the cluster, calls `ready` once it is whole, and returns when it has been told to stop and has.
  public func run(ready: @Sendable () async -> Void) async throws(ClusterError) {
    Signals.onTermination { [requestStop] in requestStop.yield() }
    cluster.onBrokerExit { [weak self] broker, exit in self?.hasEnded(broker, exit) }
    let directory = SupervisorDirectory(cluster.options.dataDirectory)
    let starting = Task { () async -> ClusterError? in
      do throws(ClusterError) { try await cluster.start() } catch { return error }
      return nil
    }
    // A signal during the start must not leave brokers behind.
    let watcher = Task {
      for await _ in stopRequests { break }
      starting.cancel()
    }
    if let failure = await starting.value { throw failure }
    let server = try ControlServer(directory.socketPath) { [weak self] in await self?.answer($0) ?? "error: ending" }
    try directory.announce(policy: policy)
    await ready()
    await watcher.value
    log("shutting down")
    await cluster.stop()
    server.close()
    directory.withdraw()
    finished.withLock { $0 = true }
  }

  private let finished = Mutex(false)

  // MARK: restarts

  private func hasEnded(_ broker: Int32, _ exit: ChildProcess.Exit) {
    guard !cluster.isStopping else { return }
    log("broker \(broker) ended: \(exit)")
    guard policy == .always else { return }
    let pause = history.withLock { history in
      let now = ContinuousClock.now
      var entry = history[broker] ?? (now - Self.settled, Self.firstPause)
      let lasted = entry.started.duration(to: now)
      entry.pause = lasted >= Self.settled ? Self.firstPause : min(entry.pause * 2, Self.longestPause)
      entry.started = now + entry.pause
      history[broker] = entry
      return entry.pause
    }
    Task {
      try? await Task.sleep(for: pause)
      guard cluster.processID(of: broker) == nil, !cluster.isStopping else { return }
      do throws(ClusterError) {
        try await cluster.startBroker(broker)
        log("broker \(broker) started again")
      } catch {
        log("broker \(broker): \(error)")
      }
    }
  }

  // MARK: control

  /// Answers one line from the control socket, as `LocalCluster.carryOut` does, and ends the cluster on `down`.
  public func answer(_ line: String) async -> String {
    guard line == "down" else { return await cluster.carryOut(line) }
    requestStop.yield()
    while !finished.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(5)) }
    return "ok"
  }
}
