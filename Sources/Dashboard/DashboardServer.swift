import EventLoop
import HTTPServer
import KafkaClient
import Metrics
import Monitor
import Synchronization

/// Serves the dashboard's page and its API (`docs/dashboard-api.md`) from a thread of its own.
///
/// What takes longer than a look at the latest report (topics, messages, actions) runs elsewhere and answers later, so
/// that the page goes on while a cluster is slow.
public final class DashboardServer: Sendable {
  /// Requests for topics and messages that may be under way: each has connections of its own and takes some tens of
  /// megabytes.
  static let readsMax = 8

  public let url: String
  let options: DashboardOptions
  let source: any MonitorSource
  private let loop: EventLoop
  private let parts: Parts
  private let subscription = Mutex<MonitorSubscription?>(nil)
  private let readsUnderWay = Mutex(0)

  /// What lives on the loop's thread.
  private final class Parts: @unchecked Sendable {
    let server: HTTPServer
    var broadcast = Broadcast()
    init(_ server: HTTPServer) { self.server = server }
  }

  /// Listens and serves. A taken port, an address without a token, a loop that cannot be made: `HTTPServerError`.
  public init(_ options: DashboardOptions, source: any MonitorSource) throws(HTTPServerError) {
    let loop: EventLoop
    do throws(IOError) { loop = try EventLoop() } catch { throw .cannotStart(error.description) }
    var limits = HTTPLimits()
    limits.bodyBytes = 256 << 10
    let access = AccessPolicy(
      options.token.map { .token($0) } ?? .none, hosts: options.hosts, publicPaths: ["/health/live"],
      ownPagesOnly: ["api"])
    let server = try HTTPServer(
      loop: loop, address: options.address, port: options.port, limits: limits, access: access)
    self.options = options
    self.source = source
    self.loop = loop
    url = server.url
    parts = Parts(server)
    addRoutes(server)
    let parts = parts
    let subscription = source.subscribe { report in
      loop.submit { parts.broadcast.take(report) }
    }
    self.subscription.withLock { $0 = subscription }
    WorkerThread.start { loop.run() }
  }

  /// Ends all connections and frees the port.
  public func stop() {
    subscription.withLock { subscription in
      subscription?.cancel()
      subscription = nil
    }
    let (loop, parts) = (loop, parts)
    loop.submit {
      parts.broadcast.close()
      parts.server.close()
      loop.stop()
    }
  }

  // MARK: - Routes

  private func addRoutes(_ server: HTTPServer) {
    for asset in WebFiles.assets { server.serve(asset) }
    server.route(.get, "/health/live") { _, responder in
      responder.respond(.json(Array(#"{"status":"live"}"#.utf8)))
    }
    server.route(.get, "/metrics") { [source, options] _, responder in
      guard let report = source.latest else { return responder.respond(APIError.notYet.response) }
      let groups = report.model.groups.compactMap { source.group(named: $0.name) }
      let page = MonitorMetrics(report: report, groups: groups, version: options.version).page()
      responder.respond(
        HTTPResponse(
          headers: [("Content-Type", PrometheusWriter.contentType), ("Cache-Control", "no-store")], body: page))
    }
    server.route(.get, "/api/v1/about") { [weak self] _, responder in self?.about(responder) }
    look(server, "/api/v1/model") { report, _ in report.model }
    look(server, "/api/v1/partitions") { report, _ in report.partitions }
    look(server, "/api/v1/timeline") { report, _ in report.timeline }
    look(server, "/api/v1/alerts") { report, _ in report.alerts }
    server.route(.get, "/api/v1/groups/{name}") { [source] request, responder in
      guard let group = source.group(named: request.parameters["name"] ?? "") else {
        responder.respond(APIError(404, "no_group", "there is no such consumer group").response)
        return
      }
      responder.respond(.encoding(group))
    }
    server.route(.get, "/api/v1/events") { [parts] _, responder in
      if let stream = responder.stream(retryMilliseconds: 1000) { parts.broadcast.add(stream) }
    }
    addTopicRoutes(server)
    addActionRoutes(server)
  }

  private func about(_ responder: HTTPResponder) {
    struct About: Encodable {
      var version: String
      var bootstrapServers: String
      var allowActions: Bool
      var canControlBrokers: Bool
      var engine: String?
    }
    responder.respond(
      .encoding(
        About(
          version: options.version, bootstrapServers: options.bootstrapServers, allowActions: options.allowsActions,
          canControlBrokers: options.allowsActions && options.controlBroker != nil, engine: options.engine)))
  }

  /// A part of the latest report.
  private func look<Part: Encodable>(
    _ server: HTTPServer, _ path: String, _ part: @escaping (MonitorReport, HTTPRequest) -> Part
  ) {
    server.route(.get, path) { [source] request, responder in
      guard let report = source.latest else { return responder.respond(APIError.notYet.response) }
      responder.respond(.encoding(part(report, request)))
    }
  }

  /// Runs slow work off the loop and answers with what it returns or throws.
  func later(
    _ responder: HTTPResponder, _ work: @escaping @Sendable () async throws -> HTTPResponse
  ) {
    Task.detached { responder.respondFromAnyThread(await Self.outcome(of: work)) }
  }

  /// The same for what reads from the cluster: only so much at a time.
  func read(
    _ responder: HTTPResponder, _ work: @escaping @Sendable () async throws -> HTTPResponse
  ) {
    let mayStart = readsUnderWay.withLock { count in
      guard count < Self.readsMax else { return false }
      count += 1
      return true
    }
    guard mayStart else { return responder.respond(APIError.tooManyReads.response) }
    Task.detached {
      let response = await Self.outcome(of: work)
      self.readsUnderWay.withLock { $0 -= 1 }
      responder.respondFromAnyThread(response)
    }
  }

  private static func outcome(of work: @Sendable () async throws -> HTTPResponse) async -> HTTPResponse {
    do {
      return try await work()
    } catch let error as APIError {
      return error.response
    } catch let error as AdminError {
      return APIError(error).response
    } catch {
      return APIError(502, "failed", "\(error)").response
    }
  }
}

extension APIError {
  static var notYet: APIError {
    APIError(503, "not_yet", "the first look at the cluster is not over", next: "ask again in a second")
  }

  static var tooManyReads: APIError {
    APIError(
      503, "too_many_reads", "\(DashboardServer.readsMax) requests for topics or messages are under way already",
      next: "ask again when one of them is answered, in some seconds")
  }

  init(_ error: AdminError) {
    switch error {
    case .refused(let code, _) where code == .unknownTopicOrPartition:
      self.init(404, "no_topic", "there is no such topic or partition")
    case .timedOut:
      self.init(504, "timeout", "\(error)", next: "see whether the brokers answer: streamsocial status")
    default: self.init(502, "cluster", "\(error)")
    }
  }
}
