import KafkaClient
import Primitives
import Synchronization

/// Writes one record a second through every broker and reads it back: what a user of the cluster feels, measured.
///
/// The requests are Produce and Fetch themselves, on connections kept open, each on a thread of its own: a broker that
/// does not answer delays no other. What to do when is `CanaryCore`'s to decide; this is its clock and its hands.
/// Works on any Kafka that lets it make its topic; where it may not, brokers stay unknown.
public final class Canary: Sendable {
  private let settings: CanarySettings
  private let onTrouble: @Sendable () -> Void
  private let state: Mutex<State>

  private struct State {
    var core: CanaryCore
    var addresses: [Int32: ServerAddress] = [:]
    /// By lane and broker asked: a lane waits for nobody else's answer.
    var connections: [Route: AdminConnection] = [:]
    var clock: Task<Void, Never>?
  }

  private struct Route: Hashable {
    /// Nil: administration.
    var lane: Int32?
    var broker: Int32

    init(lane: Int32?, broker: Int32) {
      self.lane = lane
      self.broker = broker
    }

    init(_ attempt: CanaryCore.Attempt) { self.init(lane: attempt.lane, broker: attempt.target) }
  }

  /// `onTrouble`: called when a broker's test event is late, once until one comes through again.
  public init(settings: CanarySettings = CanarySettings(), onTrouble: @escaping @Sendable () -> Void = {}) {
    self.settings = settings
    self.onTrouble = onTrouble
    state = Mutex(State(core: CanaryCore(settings: settings)))
  }

  /// Tells it where brokers and leaders are; to be called with the metadata of each round. Returns at once.
  public func update(_ metadata: ClusterObservation.Metadata) {
    state.withLock { state in
      for broker in metadata.brokers {
        guard let port = UInt16(exactly: broker.port) else { continue }
        let address = ServerAddress(host: broker.host, port: port)
        guard state.addresses[broker.id] != address else { continue }
        state.addresses[broker.id] = address
        state.connections = state.connections.filter { $0.key.broker != broker.id }
      }
    }
    handle(.metadata(metadata))
  }

  /// What is known now. A write without an answer counts with its age. Takes microseconds.
  public func view() -> CanaryView {
    let now = Self.now()
    return state.withLock { $0.core.view(at: now) }
  }

  /// Begins; nothing is written before the first `update`.
  public func start() {
    let clock = Task.detached { [weak self] in
      while !Task.isCancelled {
        guard let self else { return }
        handle(.tick)
        try? await Task.sleep(for: .milliseconds(50), tolerance: .milliseconds(10))
      }
    }
    state.withLock { state in
      state.clock?.cancel()
      state.clock = clock
    }
  }

  /// Ends. Requests under way are left to their time limits.
  public func stop() {
    state.withLock { state in
      state.clock?.cancel()
      state.clock = nil
      state.connections = [:]
    }
  }

  // MARK: - Effects

  private func handle(_ event: CanaryCore.Event) {
    let (now, wall) = (Self.now(), WallClock.milliseconds)
    let effects = state.withLock { state in
      var effects: [CanaryCore.Effect] = []
      state.core.handle(event, at: now, wall: wall, into: &effects)
      for case .abandon(let attempt) in effects { state.connections[Route(attempt)] = nil }
      return effects
    }
    for effect in effects { perform(effect) }
  }

  private func perform(_ effect: CanaryCore.Effect) {
    let timeout = Duration.milliseconds(settings.requestTimeout)
    switch effect {
    case .abandon: break
    case .tell: onTrouble()
    case .write(let attempt):
      Task.detached { [self] in
        let result: Result<Int64, CanaryError>
        do throws(CanaryError) {
          let requests = try await requests(Route(attempt))
          result = .success(
            try await requests.write(
              attempt.token, to: attempt.partition, wall: WallClock.milliseconds, timeout: timeout))
        } catch {
          result = .failure(error)
        }
        if case .failure = result { forget(Route(attempt)) }
        handle(.wrote(attempt, result))
      }
    case .read(let attempt, let offset):
      Task.detached { [self] in
        var failure: CanaryError?
        do throws(CanaryError) {
          let requests = try await requests(Route(attempt))
          try await requests.read(attempt.token, from: attempt.partition, offset: offset, timeout: timeout)
        } catch {
          failure = error
          forget(Route(attempt))
        }
        handle(.read(attempt, failure))
      }
    case .create(let assignments, let via):
      administer(via) { (requests) throws(AdminError) in try await requests.create(assignments) }
    case .grow(let count, let assignments, let via):
      administer(via) { (requests) throws(AdminError) in try await requests.grow(to: count, assignments) }
    case .electPreferred(let partitions, let via):
      administer(via) { (requests) throws(AdminError) in try await requests.electPreferred(partitions) }
    }
  }

  /// Whether it worked is seen in the next metadata; whatever did not is asked for again.
  private func administer(
    _ broker: Int32, _ work: @escaping @Sendable (CanaryRequests) async throws(AdminError) -> Void
  ) {
    Task.detached { [self] in
      let route = Route(lane: nil, broker: broker)
      guard let requests = try? await requests(route) else { return }
      do throws(AdminError) { try await work(requests) } catch { forget(route) }
      handle(.administered)
    }
  }

  private func requests(_ route: Route) async throws(CanaryError) -> CanaryRequests {
    let (open, address) = state.withLock { ($0.connections[route], $0.addresses[route.broker]) }
    if let open { return CanaryRequests(connection: open, topic: settings.topic) }
    guard let address else { throw CanaryError(description: "address unknown") }
    do throws(AdminError) {
      let connection = try await AdminConnection.connect(
        to: address, clientID: "streamsocial-canary", timeout: .seconds(1))
      state.withLock { $0.connections[route] = connection }
      return CanaryRequests(connection: connection, topic: settings.topic)
    } catch {
      throw CanaryError(error)
    }
  }

  /// After an error the next try has a connection of its own.
  private func forget(_ route: Route) { state.withLock { $0.connections[route] = nil } }

  private static func now() -> Instant {
    let (seconds, attoseconds) = (ContinuousClock.now - origin).components
    return Instant(nanoseconds: seconds &* 1_000_000_000 &+ attoseconds / 1_000_000_000)
  }

  private static let origin = ContinuousClock.now
}
