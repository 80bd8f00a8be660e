import EventLoop
import HTTPServer
import Metrics
import Primitives

/// `/metrics`, `/health/live` and `/health/ready` of a broker, on a port and a loop of their own.
///
/// A page is made here: the two loops that do the broker's work only hand over copies of their figures. A loop that
/// is too busy to do that in time is missing from the page, and the page says so.
final class MetricsServer: @unchecked Sendable {
  private let loop: EventLoop
  private let server: HTTPServer
  private let configuration: BrokerConfiguration
  private var planes: (control: ControlPlane, data: DataPlane)?
  private var state = BrokerState.starting
  private var stateSince = EventLoop.wallClockMilliseconds
  private var epoch = BrokerEpoch.none
  private var open = 0

  /// How long a loop has to give its figures; below Prometheus' own limit of 10 s.
  private static let patience: UInt64 = 5000
  /// How long a loop may be busy before the broker counts as stuck.
  private static let livenessLimit: UInt64 = 10_000
  private static let openLimit = 16

  /// Listens on `streamsocial.metrics.listener`; nobody is answered before `run`.
  init(_ configuration: BrokerConfiguration, host: String, port: UInt16) throws {
    self.configuration = configuration
    loop = try EventLoop()
    let isLoopback = host == "localhost" || host == "::1" || host.hasPrefix("127.")
    // Figures, to be read only. On a network, scrapers come by whatever name they know; on loopback only local ones do.
    let access = AccessPolicy(isLoopback ? .none : .openForReading, allowsAnyHost: !isLoopback)
    var limits = HTTPLimits()
    limits.connections = 32
    limits.bodyBytes = 1024
    limits.streams = 0
    server = try HTTPServer(loop: loop, address: host, port: port, limits: limits, access: access)
    server.route(.get, "/metrics") { [weak self] _, responder in self?.scrape(responder) }
    server.route(.get, "/health/live") { [weak self] _, responder in self?.liveness(responder) }
    server.route(.get, "/health/ready") { [weak self] _, responder in self?.readiness(responder) }
  }

  /// Serves, on a thread of its own.
  func run() { loop.runOnNewThread {} }

  /// From now on there are figures. From any thread.
  func attach(control: ControlPlane, data: DataPlane) {
    loop.submit { self.planes = (control, data) }
  }

  /// From any thread.
  func changed(to state: BrokerState, epoch: BrokerEpoch) {
    loop.submit {
      if self.state != state { self.stateSince = EventLoop.wallClockMilliseconds }
      self.state = state
      self.epoch = epoch
    }
  }

  // MARK: asking the loops

  /// What the loops have answered so far to one question.
  private final class Answers: @unchecked Sendable {
    var control: ControlSnapshot?
    var data: DataSnapshot?
    var hasControl = false
    var hasData = false
    var isDone = false
    var timer: LoopTimer?
  }

  /// Asks both loops; `done` is called once, on this loop, when both have answered or the time is up.
  private func ask(
    figures: Bool, limit: UInt64, _ responder: HTTPResponder, _ done: @escaping @Sendable (Answers) -> Void
  ) {
    guard open < Self.openLimit else {
      return responder.respond(.problem(503, "busy", "\(open) requests wait for an answer already"))
    }
    let answers = Answers()
    guard let planes else { return done(answers) }
    open += 1
    let finish: @Sendable () -> Void = { [weak self] in
      guard !answers.isDone else { return }
      answers.isDone = true
      answers.timer?.close()
      answers.timer = nil
      self?.open -= 1
      done(answers)
    }
    let loop = loop
    answers.timer = try? LoopTimer(loop) { finish() }
    answers.timer?.start(after: limit)
    let (control, data) = planes
    control.loop.submit {
      let snapshot = figures ? control.snapshot() : nil
      loop.submit {
        answers.control = snapshot
        answers.hasControl = true
        if answers.hasData { finish() }
      }
    }
    data.loop.submit {
      let snapshot = figures ? data.snapshot() : nil
      loop.submit {
        answers.data = snapshot
        answers.hasData = true
        if answers.hasControl { finish() }
      }
    }
  }

  // MARK: pages

  private func scrape(_ responder: HTTPResponder) {
    ask(figures: true, limit: Self.patience, responder) { [weak self] answers in
      guard let self else { return }
      var facts = MetricsPage.Facts()
      facts.nodeID = self.configuration.nodeID
      facts.state = self.state
      facts.stateSince = self.stateSince
      facts.logDirectory = self.configuration.logDirectory
      facts.clientListener = self.configuration.clientListener.name
      facts.controllerListener = self.configuration.controllerListener?.name ?? ""
      facts.control = answers.control
      facts.data = answers.data
      facts.process = .now()
      facts.disk = DiskFigures(of: self.configuration.logDirectory)
      responder.respond(
        HTTPResponse(headers: [("Content-Type", PrometheusWriter.contentType)], body: MetricsPage.render(facts)))
    }
  }

  /// Both loops turn. A broker that still opens its logs has none yet, and lives.
  private func liveness(_ responder: HTTPResponder) {
    let isStarting = planes == nil
    ask(figures: false, limit: Self.livenessLimit, responder) { [weak self] answers in
      guard let self else { return }
      let stuck =
        isStarting ? [] : [answers.hasControl ? nil : "control", answers.hasData ? nil : "data"].compactMap { $0 }
      let reason = stuck.isEmpty ? "" : "the \(stuck.joined(separator: " and ")) loop has not turned for 10 s"
      self.respond(responder, key: "live", stuck.isEmpty, reason: reason)
    }
  }

  /// Whether it serves clients: only when RUNNING, which the controller decides.
  private func readiness(_ responder: HTTPResponder) {
    let reason =
      switch state {
      case .starting: planes == nil ? "it opens and recovers its logs" : "it looks for the quorum, to register"
      case .recovering: "it is registered, and catches up with the metadata until the controller unfences it"
      case .running: ""
      case .shutdown: "it hands over its partitions and ends"
      case .failed: "it has failed"
      }
    respond(responder, key: "ready", state == .running, reason: reason)
  }

  private func respond(_ responder: HTTPResponder, key: String, _ isFine: Bool, reason: String) {
    let body =
      "{\"\(key)\":\(isFine),\"broker\":\(configuration.nodeID),\"state\":\"\(state.rawValue)\","
      + "\"since_ms\":\(stateSince),\"broker_epoch\":\(epoch),\"reason\":\"\(reason)\"}\n"
    responder.respond(.json(Array(body.utf8), status: isFine ? 200 : 503))
  }
}
