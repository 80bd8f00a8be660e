import CMicroHTTPD
import EventLoop

/// A small HTTP/1.1 server on one of our loops, over libmicrohttpd.
///
/// Everything runs on the loop's thread: make the server and its routes before the loop runs, or on it; the loop keeps it
/// until `close()`. A handler answers at once or keeps its `HTTPResponder` and answers later; meanwhile the connection
/// rests.
///
/// Not done: TLS, compression, ranges, files (assets are a fixed table in memory, so a path never reaches the file system).
/// Errors that libmicrohttpd finds itself (a malformed request line, 414, 431) carry its own short page and no headers.
public final class HTTPServer {
  public typealias Handler = (HTTPRequest, HTTPResponder) -> Void

  public let address: String
  /// The port listened on, also when 0 was asked for.
  public let port: UInt16
  /// `http://127.0.0.1:8080`, without a slash at the end; for all interfaces, how this machine itself can reach it.
  public var url: String {
    switch address {
    case "", "0.0.0.0": "http://127.0.0.1:\(port)"
    case "::": "http://[::1]:\(port)"
    default: "http://" + (address.contains(":") ? "[\(address)]" : address) + ":\(port)"
    }
  }

  let loop: EventLoop
  let limits: HTTPLimits
  let access: AccessCheck
  var router = Router()
  private var pump: Pump?
  private var exchanges: [OpaquePointer: Exchange] = [:]
  private var streams: [EventStream] = []
  private var heartbeat: LoopTimer?

  /// Listens on an address (a name or a number; empty for all interfaces) and a port (0 for any free one).
  public init(
    loop: EventLoop, address: String = "127.0.0.1", port: UInt16, limits: HTTPLimits = HTTPLimits(),
    access: AccessPolicy = AccessPolicy()
  ) throws(HTTPServerError) {
    self.loop = loop
    self.address = address
    self.limits = limits
    var socket: Int32 = -1
    var actualPort: UInt16 = 0
    // Judged before anyone can connect.
    _ = try AccessCheck(access, address: address, port: port)
    let error = cmhd_listen(address, "\(port)", &socket, &actualPort)
    guard error == 0 else {
      if cmhd_is_address_in_use(error) != 0 { throw .portTaken(address: address, port: port) }
      let reason = error < 0 ? "not an address of this machine" : String(cString: cmhd_error_text(error))
      throw .cannotListen(address: address, port: port, reason: reason)
    }
    self.port = actualPort
    self.access = try AccessCheck(access, address: address, port: actualPort)
    try start(socket)
  }

  /// Serves a method and a path; a `{name}` segment matches any one segment. HEAD is answered by GET's handler.
  ///
  /// Where patterns overlap, the one with fewer `{}` wins, then the earlier.
  public func route(_ method: HTTPMethod, _ pattern: String, _ handler: @escaping Handler) {
    router.add(method, pattern, handler)
  }

  /// Serves fixed content with its ETag, from memory.
  public func serve(_ asset: HTTPAsset) {
    route(.get, asset.path) { request, responder in responder.respond(asset.response(to: request)) }
  }

  /// Ends all connections and frees the port. Later answers go nowhere.
  public func close() {
    guard let pump else { return }
    self.pump = nil
    heartbeat?.close()
    pump.close(
      beforeStop: { [self] in
        for exchange in exchanges.values { exchange.resume() }
      },
      whenStopped: { [self] in
        for exchange in exchanges.values { exchange.ended() }
        exchanges = [:]
        streams = []
        router = Router()
        Unmanaged.passUnretained(self).release()
      })
  }

  /// A connection rests no more.
  func wake() { pump?.wake() }

  // MARK: streams

  var openStreams: Int {
    streams.removeAll { $0.isClosed }
    return streams.count
  }

  /// Requests that are not over.
  var openExchanges: Int { exchanges.count }

  func opened(_ stream: EventStream) { streams.append(stream) }

  private func beat() {
    for stream in streams { stream.beat() }
  }

  // MARK: libmicrohttpd's callbacks

  private func start(_ socket: Int32) throws(HTTPServerError) {
    var settings = cmhd_settings()
    settings.socket = socket
    settings.connections = UInt32(clamping: limits.connections)
    settings.idle_seconds = UInt32(clamping: limits.idleSeconds)
    settings.connection_memory = limits.connectionBytes
    settings.owner = Unmanaged.passUnretained(self).toOpaque()
    settings.opened = { owner, target, connection in
      guard let connection else { return nil }
      HTTPServer.from(owner)?.opened(connection, target.flatMap { String(validatingCString: $0) })
      return nil
    }
    settings.handler = { owner, connection, _, method, _, piece, size, _ in
      guard let connection, let method, let size, let server = HTTPServer.from(owner),
        let exchange = server.exchanges[connection]
      else { return .NO }
      let bytes = UnsafeRawBufferPointer(start: piece, count: size.pointee)
      let result = exchange.received(method: String(cString: method), piece: bytes)
      size.pointee = 0
      return result
    }
    settings.completed = { owner, connection, _, _ in
      guard let connection else { return }
      HTTPServer.from(owner)?.exchanges.removeValue(forKey: connection)?.ended()
    }
    guard let daemon = cmhd_start(&settings) else {
      cmhd_close(socket)
      throw .cannotStart("libmicrohttpd refused")
    }
    do throws(IOError) {
      pump = try Pump(loop, daemon)
      heartbeat = try LoopTimer(loop) { [weak self] in self?.beat() }
      let interval = UInt64(clamping: limits.heartbeatSeconds * 1000)
      heartbeat?.start(after: interval, every: interval)
    } catch {
      if let pump { pump.close(beforeStop: {}, whenStopped: {}) } else { MHD_stop_daemon(daemon) }
      throw .cannotStart(error.description)
    }
    // The callbacks' pointer is good until `close`.
    _ = Unmanaged.passRetained(self)
  }

  private static func from(_ owner: UnsafeMutableRawPointer?) -> HTTPServer? {
    owner.map { Unmanaged<HTTPServer>.fromOpaque($0).takeUnretainedValue() }
  }

  private func opened(_ connection: OpaquePointer, _ target: String?) {
    exchanges[connection]?.ended()
    exchanges[connection] = Exchange(server: self, connection: connection, target: target)
  }
}
