import KafkaClient
import Synchronization
import Wire

/// A connection to one broker that is kept from round to round, and made anew after any trouble.
actor BrokerProbe {
  nonisolated let id: Int32
  private(set) var address: ServerAddress
  private var connection: AdminConnection?
  /// A request is under way, perhaps one of an earlier round whose deadline has passed (a name that is looked up, say).
  private var isBusy = false
  /// Who comes next.
  private var waiting: [CheckedContinuation<Void, Never>] = []
  /// When it last answered anything.
  private(set) var answeredAt: ContinuousClock.Instant?
  /// The kept connection was ended from the other side since the last round; told once.
  private var wasCutOff = false

  /// `id`: −1 for one of the bootstrap servers, whose number is not known.
  init(id: Int32, address: ServerAddress) {
    self.id = id
    self.address = address
  }

  func move(to address: ServerAddress) {
    guard address != self.address else { return }
    self.address = address
    connection = nil
  }

  /// Sends one request; a failure that leaves the connection in doubt drops it.
  ///
  /// A kept connection that turns out to be cut is made anew once: only a new one tells a broker that restarted (it
  /// answers) from one that is gone (it refuses), and it tells so in the same second.
  func send<Request: RequestMessage>(
    _ request: Request, upTo newest: Int16 = .max, timeout: Duration
  ) async throws(AdminError) -> Request.Response {
    let deadline = ContinuousClock.now + timeout
    let wasKept = connection != nil
    do throws(AdminError) {
      return try await attempt(request, upTo: newest, by: deadline)
    } catch {
      guard wasKept, case .disconnected = error else { throw error }
      wasCutOff = true
      return try await attempt(request, upTo: newest, by: deadline)
    }
  }

  private func attempt<Request: RequestMessage>(
    _ request: Request, upTo newest: Int16, by deadline: ContinuousClock.Instant
  ) async throws(AdminError) -> Request.Response {
    do throws(AdminError) {
      let response = try await opened(by: deadline).send(request, upTo: newest, timeout: Self.left(until: deadline))
      answeredAt = .now
      return response
    } catch {
      switch error {
      case .unsupported, .refused: break
      case .unreachable, .disconnected, .timedOut, .malformed: connection = nil
      }
      throw error
    }
  }

  private func opened(by deadline: ContinuousClock.Instant) async throws(AdminError) -> AdminConnection {
    if let connection { return connection }
    let opened = try await AdminConnection.connect(
      to: address, clientID: "streamsocial-monitor", timeout: Self.left(until: deadline))
    connection = opened
    return opened
  }

  static func left(until deadline: ContinuousClock.Instant) -> Duration {
    max(.milliseconds(1), deadline - ContinuousClock.now)
  }

  /// Whether its process ended since this was last asked, even if another one answers by now.
  func tellCutOff() -> Bool {
    defer { wasCutOff = false }
    return wasCutOff
  }

  // MARK: - Deadlines

  /// Runs one piece of work at a time, in order. Returns nil when it is not done by the deadline (it then goes on,
  /// unheard): whatever hangs in the system, too, delays nobody.
  nonisolated func bounded<Answer: Sendable>(
    by deadline: ContinuousClock.Instant, _ work: @escaping @Sendable (isolated BrokerProbe) async -> Answer
  ) async -> Answer? {
    await race(until: deadline) { () -> Answer? in
      await self.begin()
      // Too late for this one: nobody listens any more.
      let answer = ContinuousClock.now < deadline ? await work(self) : nil
      await self.end()
      return answer
    } ?? nil
  }

  private func begin() async {
    while isBusy { await withCheckedContinuation { waiting.append($0) } }
    isBusy = true
  }

  private func end() {
    isBusy = false
    if !waiting.isEmpty { waiting.removeFirst().resume() }
  }
}

/// The result of some work, or nil when it has none a moment after the deadline; it then goes on, unheard.
func race<Answer: Sendable>(
  until deadline: ContinuousClock.Instant, _ work: @escaping @Sendable () async -> Answer
) async -> Answer? {
  let waiting = Mutex<CheckedContinuation<Answer?, Never>?>(nil)
  return await withCheckedContinuation { continuation in
    waiting.withLock { $0 = continuation }
    let finish: @Sendable (Answer?) -> Void = { answer in
      let first = waiting.withLock { waiting in
        defer { waiting = nil }
        return waiting
      }
      first?.resume(returning: answer)
    }
    let timer = Task {
      try? await Task.sleep(until: deadline + .milliseconds(20), clock: .continuous)
      finish(nil)
    }
    Task {
      finish(await work())
      timer.cancel()
    }
  }
}

extension AdminError {
  /// For a sentence: without the address, which the sentence names.
  var brief: String {
    switch self {
    case .unreachable(_, let reason): reason.lowercased()
    case .disconnected: "closed the connection"
    case .timedOut: "no answer in time"
    case .malformed(_, let reason): "not Kafka's protocol: \(reason)"
    case .unsupported, .refused: description
    }
  }

  /// Nobody serves there: refused, unlike silence. A connection that breaks counts only as silence.
  var meansNobodyThere: Bool {
    if case .unreachable(_, let reason) = self { return reason.lowercased().contains("refused") }
    return false
  }
}
