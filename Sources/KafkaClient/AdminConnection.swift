import Primitives
import Synchronization
import Wire

/// A plain connection to one broker for administrative requests: topics, configurations, groups, metadata.
///
/// Each request is sent in the newest version that both sides know (ApiVersions, KIP-511) and answered before the
/// next is sent. Brokers forward what only the controller may decide, so any broker will do. Not for data: that is
/// librdkafka's work. No TLS, no SASL.
public final class AdminConnection: Sendable {
  /// A response larger than this is refused before memory is taken for it.
  static let largestResponse = 128 << 20

  public let address: ServerAddress
  private let clientID: String
  private let state: Mutex<State>

  private struct State: ~Copyable {
    let socket: BlockingSocket
    var versions: [Int16: ClosedRange<Int16>] = [:]
    var correlationID: Int32 = 0
    /// After any failure the two sides may disagree about what comes next.
    var isBroken = false
  }

  private init(_ address: ServerAddress, clientID: String, by deadline: ContinuousClock.Instant) throws(AdminError) {
    self.address = address
    self.clientID = clientID
    let socket = try BlockingSocket(connectingTo: address, by: deadline)
    state = Mutex(State(socket: socket))
  }

  /// Connects and learns which versions the broker serves.
  public static func connect(
    to address: ServerAddress, clientID: String = "streamsocial-admin", timeout: Duration = .seconds(5)
  ) async throws(AdminError) -> AdminConnection {
    try await WorkerThread.run { () throws(AdminError) in
      let deadline = ContinuousClock.now + timeout
      let connection = try AdminConnection(address, clientID: clientID, by: deadline)
      let response = try connection.exchange(ApiVersionsRequest(), version: 0, by: deadline)
      connection.learn(response)
      return connection
    }
  }

  /// Connects to the first of `bootstrapServers` that answers; the error names all that did not.
  public static func connect(
    toAnyOf bootstrapServers: String, clientID: String = "streamsocial-admin", timeout: Duration = .seconds(5)
  ) async throws(AdminError) -> AdminConnection {
    guard let addresses = ServerAddress.list(bootstrapServers) else {
      throw .unreachable(address: bootstrapServers, reason: "expected host:port,host:port,…")
    }
    var reasons: [String] = []
    for address in addresses {
      do throws(AdminError) {
        return try await connect(to: address, clientID: clientID, timeout: timeout)
      } catch {
        if case .unreachable(_, let reason) = error { reasons.append(reason) } else { reasons.append("\(error)") }
      }
    }
    var distinct: [String] = []
    for reason in reasons where !distinct.contains(reason) { distinct.append(reason) }
    throw .unreachable(address: bootstrapServers, reason: distinct.joined(separator: "; "))
  }

  /// Sends a request and waits for its response. Error codes inside the response are the caller's to judge.
  public func send<Request: RequestMessage>(
    _ request: Request, upTo newest: Int16 = .max, timeout: Duration = .seconds(30)
  ) async throws(AdminError) -> Request.Response {
    try await WorkerThread.run { [self] () throws(AdminError) in
      let deadline = ContinuousClock.now + timeout
      guard let version = version(for: Request.self, upTo: newest) else {
        throw AdminError.unsupported(api: Request.apiKey.name)
      }
      return try exchange(request, version: version, by: deadline)
    }
  }

  /// The newest version that both sides know; nil when there is none.
  public func version<Request: RequestMessage>(for request: Request.Type, upTo newest: Int16 = .max) -> Int16? {
    guard let served = state.withLock({ $0.versions[Request.apiKey.rawValue] }) else { return nil }
    let ours = Request.validVersions
    let version = min(served.upperBound, ours.upperBound, newest)
    return version >= max(served.lowerBound, ours.lowerBound) ? version : nil
  }

  private func learn(_ response: ApiVersionsResponse) {
    state.withLock { state in
      for entry in response.apiKeys where entry.minVersion <= entry.maxVersion {
        state.versions[entry.apiKey] = entry.minVersion...entry.maxVersion
      }
    }
  }

  private func exchange<Request: RequestMessage>(
    _ request: Request, version: Int16, by deadline: ContinuousClock.Instant
  ) throws(AdminError) -> Request.Response {
    let address = address.description
    let outcome: Result<Request.Response, AdminError> = state.withLock { state in
      do throws(AdminError) {
        guard !state.isBroken else { throw .disconnected(address: address) }
        state.isBroken = true
        state.correlationID &+= 1
        let frame = request.frame(version: version, correlationId: state.correlationID, clientId: clientID)
        try state.socket.send(frame, by: deadline)
        let size = try state.socket.receive(4, by: deadline).reduce(0) { $0 << 8 | Int($1) }
        guard size >= 4, size <= Self.largestResponse else {
          throw .malformed(address: address, reason: "a response of \(size) bytes")
        }
        let body = try state.socket.receive(size, by: deadline)
        let response = try Self.decode(Request.Response.self, body, version: version, address: address)
        guard response.correlationID == state.correlationID else {
          throw .malformed(address: address, reason: "an answer to another question")
        }
        state.isBroken = false
        return .success(response.message)
      } catch {
        return .failure(error)
      }
    }
    return try outcome.get()
  }

  private static func decode<Response: ResponseMessage>(
    _ type: Response.Type, _ body: [UInt8], version: Int16, address: String
  ) throws(AdminError) -> (correlationID: Int32, message: Response) {
    let result: Result<(Int32, Response), DecodeError> = body.withUnsafeBytes { raw in
      do throws(DecodeError) {
        let (correlationID, response) = try Response.decodeFrame(raw, version: version, ownsRecords: true)
        return .success((correlationID, response))
      } catch {
        return .failure(error)
      }
    }
    switch result {
    case .success(let (correlationID, message)): return (correlationID, message)
    case .failure(let error): throw .malformed(address: address, reason: "\(error)")
    }
  }
}
