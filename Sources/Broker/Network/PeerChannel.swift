import EventLoop
import Primitives
import Wire

/// Why a request to another node has no answer.
enum PeerFailure: Error, Equatable {
  /// The connection could not be made, or ended before the answer.
  case disconnected
  case timedOut
  /// The answer was not what the protocol allows.
  case malformed(String)
}

/// The connection from this node to one listener of another: requests out, answers matched by correlation id.
///
/// It connects by itself and again after a failure. A connection that drops and is refused at once when made anew means
/// that the peer's process is gone: `unreachable` says so within a round trip, long before any time-out.
final class PeerChannel: ConnectionDelegate {
  let peer: BrokerID
  let host: String
  let port: UInt16
  private let loop: EventLoop
  private let clientId: String
  private let maxFrameBytes: Int
  private let log: Logger
  /// The peer's process is gone. May be called again while it stays so.
  var unreachable: (() -> Void)?
  var connected: (() -> Void)?
  /// A connection was refused since the last one was made.
  private(set) var isKnownUnreachable = false
  /// Why the last attempt failed; what was said once is not said again.
  private var lastFailure: IOError?

  private enum State {
    case idle
    case connecting
    case open(Connection)
    case closed
  }

  private struct Waiting {
    var correlationId: Int32
    var deadline: Int64
    var finish: (Result<UnsafeMutableRawBufferPointer, PeerFailure>) -> Void
  }

  private var state = State.idle
  private var wantsConnection = false
  private var nextCorrelationId: Int32 = 1
  private var waiting: [Waiting] = []
  private var unsent: [[UInt8]] = []
  private var retryTimer: LoopTimer?
  private var deadlineTimer: LoopTimer?
  private static let retryMilliseconds: UInt64 = 50

  init(
    _ loop: EventLoop, peer: BrokerID, host: String, port: UInt16, clientId: String, maxFrameBytes: Int = 100 << 20,
    log: Logger
  ) throws(IOError) {
    self.loop = loop
    self.peer = peer
    self.host = host
    self.port = port
    self.clientId = clientId
    self.maxFrameBytes = maxFrameBytes
    self.log = log
    retryTimer = try LoopTimer(loop) { [weak self] in self?.connect() }
    deadlineTimer = try LoopTimer(loop) { [weak self] in self?.expire() }
  }

  /// Ends the channel; what waits fails.
  func close() {
    if case .open(let connection) = state { connection.close() }
    state = .closed
    retryTimer?.close()
    deadlineTimer?.close()
    retryTimer = nil
    deadlineTimer = nil
    failAll(.disconnected)
  }

  /// Keeps a connection from now on, made again whenever it drops.
  func keepConnected() {
    wantsConnection = true
    connect()
  }

  // MARK: requests

  /// Sends a request; `done` gets the answer with record payloads copied out, or why there is none.
  func send<Request: RequestMessage>(
    _ request: Request, version: Int16, timeout: TimeSpan,
    _ done: @escaping (Result<Request.Response, PeerFailure>) -> Void
  ) {
    sendRaw(request, version: version, timeout: timeout) { result in
      switch result {
      case .failure(let failure): done(.failure(failure))
      case .success(let frame):
        do throws(DecodeError) {
          done(
            .success(
              try Request.Response.decodeFrame(UnsafeRawBufferPointer(frame), version: version, ownsRecords: true)
                .response))
        } catch {
          done(.failure(.malformed("\(error)")))
        }
      }
    }
  }

  /// Sends a request; `done` gets the answer's whole frame, which is gone when it returns.
  func sendRaw<Request: RequestMessage>(
    _ request: Request, version: Int16, timeout: TimeSpan,
    _ done: @escaping (Result<UnsafeMutableRawBufferPointer, PeerFailure>) -> Void
  ) {
    let id = nextCorrelationId
    nextCorrelationId = nextCorrelationId == .max ? 1 : nextCorrelationId + 1
    let frame = request.frame(version: version, correlationId: id, clientId: clientId)
    if case .closed = state { return done(.failure(.disconnected)) }
    waiting.append(Waiting(correlationId: id, deadline: loop.now + timeout.nanoseconds, finish: done))
    armDeadline()
    switch state {
    case .open(let connection): connection.send(frame)
    case .idle:
      unsent.append(frame)
      connect()
    case .connecting: unsent.append(frame)
    case .closed: break
    }
  }

  private func armDeadline() {
    guard let first = waiting.min(by: { $0.deadline < $1.deadline }) else { return }
    let wait = max(0, first.deadline - loop.now) / 1_000_000
    deadlineTimer?.start(after: UInt64(wait) + 1)
  }

  private func expire() {
    let now = loop.now
    guard waiting.contains(where: { $0.deadline <= now }) else { return armDeadline() }
    // An answer that is late would come out of order: start over with a new connection.
    log.warn("peer does not answer", "peer=\(peer) address=\(host):\(port)")
    if case .open(let connection) = state { connection.close() }
    disconnected(.timedOut)
  }

  // MARK: the connection

  private func connect() {
    guard case .idle = state else { return }
    state = .connecting
    do throws(IOError) {
      try Connection.connect(loop, host: host, port: port) { [weak self] connection, error in
        guard let self else { return connection.close() }
        self.finishConnecting(connection, error)
      }
    } catch {
      state = .idle
      failedToConnect(error)
    }
  }

  private func finishConnecting(_ connection: Connection, _ error: IOError?) {
    guard case .connecting = state else { return connection.close() }
    if let error {
      state = .idle
      return failedToConnect(error)
    }
    isKnownUnreachable = false
    lastFailure = nil
    connection.delegate = self
    connection.maxFrameBytes = maxFrameBytes
    connection.start()
    state = .open(connection)
    for frame in unsent { connection.send(frame) }
    unsent = []
    connected?()
  }

  /// Only a refusal tells that the process is gone. A name that is not known may be a machine that has not started yet,
  /// or a name server in trouble.
  private func failedToConnect(_ error: IOError) {
    if error != lastFailure {
      log.info("cannot connect", "peer=\(peer) address=\(host):\(port) reason=\"\(error)\"")
      lastFailure = error
    }
    failAll(.disconnected)
    if error.isConnectionRefused {
      isKnownUnreachable = true
      unreachable?()
    }
    guard wantsConnection || !waiting.isEmpty, case .idle = state else { return }
    retryTimer?.start(after: error.isConnectionRefused ? Self.retryMilliseconds : 5 * Self.retryMilliseconds)
  }

  func connection(_ connection: Connection, received frame: UnsafeMutableRawBufferPointer) {
    guard frame.count >= 4 else {
      connection.close()
      return disconnected(.malformed("a frame of \(frame.count) bytes"))
    }
    let id = Int32(bigEndian: frame.loadUnaligned(fromByteOffset: 0, as: Int32.self))
    guard let index = waiting.firstIndex(where: { $0.correlationId == id }) else {
      connection.close()
      return disconnected(.malformed("correlation id \(id) was not asked for"))
    }
    let request = waiting.remove(at: index)
    request.finish(.success(frame))
  }

  func connectionEnded(_ connection: Connection, reason: String) {
    log.info("peer disconnected", "peer=\(peer) address=\(host):\(port) reason=\"\(reason)\"")
    disconnected(.disconnected)
  }

  private func disconnected(_ failure: PeerFailure) {
    if case .closed = state { return }
    state = .idle
    failAll(failure)
    // At once: a refusal is the news that matters.
    if wantsConnection, case .idle = state { connect() }
  }

  private func failAll(_ failure: PeerFailure) {
    unsent = []
    let failed = waiting
    waiting = []
    for request in failed { request.finish(.failure(failure)) }
  }
}
