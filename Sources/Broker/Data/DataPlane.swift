import CommitLog
import Controller
import EventLoop
import Metrics
import PosixFiles
import Primitives
import Wire

/// The data plane of a node: clients, followers, partitions and group coordinators, on one loop.
///
/// It sees the cluster through its own copy of the metadata, which the control plane feeds it. A node has one from its
/// start until its process ends; so its parts (partitions, fetchers, groups, flusher, opener) just hold it.
final class DataPlane: @unchecked Sendable {
  let loop: EventLoop
  let configuration: BrokerConfiguration
  let clusterID: String
  let nodeID: BrokerID
  let log: Logger
  let metrics = DataMetrics()
  let requestMetrics = RequestMetrics()
  private(set) var idleMeter = IdleMeter()
  /// It knows this plane only weakly, as its subscriber.
  let control: ControlPlane
  /// The metadata as far as this plane has applied it.
  var image = MetadataImage()
  private(set) var brokerEpoch = BrokerEpoch.none
  /// Names this life of the process in its registration.
  var incarnation = UUID128.zero
  private(set) var state = BrokerState.starting
  var partitions: [TopicIDPartition: HostedPartition] = [:]
  let storage: LogStore
  private(set) var fetchers: [BrokerID: ReplicaFetcher] = [:]
  var groups: GroupHost?
  var deadlines = DeadlineQueue()
  var produceWaiters: [UInt64: (ProduceOperation, Int, Int, HostedPartition)] = [:]
  var topicsBeingCreated: Set<String> = []
  var lostLeaders = LostLeaders()
  /// Topics and settings that a warning has named.
  var warnedSettings: Set<String> = []
  var producerIDs = ProducerIDBlock()
  let fetchMaxBytes: Int
  let replicaLagTimeMax: TimeSpan
  private let maxIdle: TimeSpan
  let fetchSessions: FetchSessions
  private(set) lazy var flusher = LogFlusher(self)
  private(set) lazy var opener = PartitionOpener(self)
  var failed: ((String) -> Void)?

  private(set) var isClosed = false
  private var tokenCounter: UInt64 = 0
  private var listener: Listener?
  private var isOpen = false
  private var sessions: [ObjectIdentifier: ClientSession] = [:]
  private var timer: LoopTimer?
  private var armedFor = Instant.distantFuture
  private var moved: [HostedPartition] = []
  private var turnWork: [() -> Void] = []

  init(
    _ loop: EventLoop, configuration: BrokerConfiguration, clusterID: String, control: ControlPlane, storage: LogStore,
    random: RandomSource, log: Logger
  ) throws(IOError) {
    self.loop = loop
    self.configuration = configuration
    self.clusterID = clusterID
    self.control = control
    self.storage = storage
    self.log = log
    nodeID = configuration.nodeID
    fetchMaxBytes = configuration.integer("fetch.max.bytes")
    replicaLagTimeMax = configuration.span("replica.lag.time.max.ms")
    maxIdle = configuration.span("connections.max.idle.ms")
    fetchSessions = FetchSessions(
      slots: configuration.integer("max.incremental.fetch.session.cache.slots"), random: random)
    timer = try LoopTimer(loop) { [weak self] in self?.timerFired() }
    storage.loop = loop
    loop.endOfTurn = { [weak self] in self?.finishTurn() }
    loop.flushed = { [requestMetrics] in requestMetrics.turnEnded { loop.now } }
  }

  /// Takes the clients' port: an error names it. Who connects is refused until `openToClients`.
  func bind() throws(IOError) {
    let endpoint = configuration.clientListener
    listener = try Listener(loop, host: endpoint.host, port: endpoint.port) { [weak self] connection in
      guard let self else { return connection.close() }
      connection.maxFrameBytes = self.configuration.integer("socket.request.max.bytes")
      let session = ClientSession(connection, server: self)
      self.sessions[ObjectIdentifier(session)] = session
      self.metrics.counts.connections += 1
      self.metrics.counts.connectionsCreated += 1
    }
  }

  /// Lets clients in once the controller has registered this life of the broker and its metadata has come that far, as
  /// Apache Kafka does. What it could tell before that is what was when it ended, and might be long past.
  func openToClients() {
    guard !isOpen, !isClosed, isKnown, state == .recovering || state == .running else { return }
    isOpen = true
    do throws(IOError) { try listener?.listen() } catch { failed?("\(error)") }
  }

  func entered(_ state: BrokerState, _ epoch: BrokerEpoch) {
    self.state = state
    brokerEpoch = epoch
    openToClients()
  }

  var now: Instant { Instant(nanoseconds: loop.now) }
  var wallClock: Int64 { EventLoop.wallClockMilliseconds }

  func nextToken() -> UInt64 {
    tokenCounter += 1
    return tokenCounter
  }

  // MARK: turns and timers

  /// Runs `work` once before the loop sleeps.
  func atEndOfTurn(_ work: @escaping () -> Void) { turnWork.append(work) }

  /// The partition has more to read than before: its waiting fetches are looked at before the loop sleeps.
  func partitionMoved(_ partition: HostedPartition) {
    guard !partition.isMarkedMoved else { return }
    partition.isMarkedMoved = true
    moved.append(partition)
  }

  private func finishTurn() {
    while !moved.isEmpty || !turnWork.isEmpty {
      let partitions = moved
      moved.removeAll(keepingCapacity: true)
      for partition in partitions {
        partition.isMarkedMoved = false
        partition.wakeFetches()
      }
      let work = turnWork
      turnWork.removeAll(keepingCapacity: true)
      for item in work { item() }
    }
    armTimer()
  }

  private func armTimer() {
    var next = min(deadlines.next, groups?.nextDeadline ?? .distantFuture)
    next = min(next, nextTick)
    guard next < armedFor else { return }
    armedFor = next
    let wait = max(0, (next - now).nanoseconds)
    timer?.start(after: UInt64((wait + 999_999) / 1_000_000))
  }

  /// What waits for the controller is asked again soon; laggards among followers are looked for less often.
  private func tickPartitions(at moment: Instant) {
    let isLagDue = moment >= nextLagCheck
    if isLagDue { nextLagCheck = moment + min(.seconds(1), replicaLagTimeMax / 4) }
    for partition in partitions.values where partition.isLeader && (isLagDue || partition.awaitsController) {
      partition.tick(at: moment)
      settle(partition)
    }
  }

  /// `connections.max.idle.ms`: who neither asks nor waits for an answer is let go.
  private func closeIdleSessions(at moment: Instant) {
    guard maxIdle > .zero, moment >= nextIdleCheck else { return }
    nextIdleCheck = moment + min(.seconds(10), max(Self.tickInterval, maxIdle / 4))
    let idle = sessions.values.filter { !$0.hasUnanswered && moment - $0.lastActive > maxIdle }
    for session in idle {
      log.info("idle connection closed", "peer=\(session.connection.peer)")
      session.drop()
    }
  }

  private var nextIdleCheck = Instant.zero
  private var nextLagCheck = Instant.zero
  private var nextTick = Instant.zero
  private static let tickInterval = TimeSpan.milliseconds(250)

  private func timerFired() {
    armedFor = .distantFuture
    let moment = now
    while let work = deadlines.takeDue(at: moment) { work() }
    groups?.timer(at: moment)
    if moment >= nextTick {
      nextTick = moment + Self.tickInterval
      idleMeter.note(idle: loop.idleTime, at: moment)
      tickPartitions(at: moment)
      closeIdleSessions(at: moment)
      flusher.tick(at: moment)
      storage.tick(at: moment, wallClock: wallClock)
    }
    armTimer()
  }

  // MARK: the rest of the cluster

  /// Asks the active controller; `done` is called on this loop, with nil when there is no answer in time.
  func callController<Call: ControllerCall>(
    _ request: Call, version: Int16 = Call.validVersions.upperBound, timeout: TimeSpan,
    _ done: @escaping @Sendable (Call.Response?) -> Void
  ) {
    let control = control
    let loop = loop
    control.loop.submit {
      control.call(request, version: version, timeout: timeout) { response in loop.submit { done(response) } }
    }
  }

  /// The fetcher that follows `leader`; nil when its address is not known.
  func fetcher(for leader: BrokerID) -> ReplicaFetcher? {
    guard let broker = image.broker(leader) else { return nil }
    let endpoint = clientEndpoint(of: broker)
    if let fetcher = fetchers[leader] {
      if fetcher.hasAddress(endpoint.host, endpoint.port) { return fetcher }
      fetcher.close()
      fetchers[leader] = nil
    }
    do throws(IOError) {
      let fetcher = try ReplicaFetcher(self, leader: leader, host: endpoint.host, port: endpoint.port)
      fetchers[leader] = fetcher
      return fetcher
    } catch {
      log.error("cannot follow", "leader=\(leader) reason=\"\(error)\"")
      return nil
    }
  }

  func isLive(_ id: BrokerID) -> Bool { image.broker(id).map { !$0.fenced } ?? false }

  var anyLiveBroker: BrokerID {
    if isLive(nodeID) { return nodeID }
    return image.liveBrokers.first?.id ?? .none
  }

  /// Where clients of this broker's listener reach another broker.
  func clientEndpoint(of broker: BrokerRegistration) -> (host: String, port: UInt16) {
    let listener = broker.listener(configuration.clientListener.name) ?? broker.listeners.first
    return (listener?.host ?? "", listener?.port ?? 0)
  }

  // MARK: end

  func close() {
    listener?.close()
    for session in sessions.values { session.drop() }
    sessions = [:]
    for fetcher in fetchers.values { fetcher.close() }
    fetchers = [:]
    timer?.close()
    // From here on the logs are the store's, to be closed: nothing that still arrives may reach them.
    isClosed = true
    partitions = [:]
  }

  func sessionEnded(_ session: ClientSession) {
    if sessions.removeValue(forKey: ObjectIdentifier(session)) != nil { metrics.counts.connections -= 1 }
  }

  /// A log cannot be written or read any more. This node has one log directory, so it goes as a whole: others take over,
  /// and what it holds is fetched anew after a restart.
  func storageFailed(_ partition: HostedPartition, _ error: LogError) {
    log.error("log failed", "partition=\(partition.name) reason=\"\(error)\"")
    failed?("log of \(partition.name): \(error)")
  }
}

/// A block of producer ids from the controller, handed out one by one.
struct ProducerIDBlock {
  var next: Int64 = 0
  var end: Int64 = 0
  var isAsking = false
  var waiting: [(ProducerID?) -> Void] = []
}
