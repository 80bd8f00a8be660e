import CUV

/// A listening TCP socket.
public final class Listener: Handle<uv_tcp_t> {
  private let accepted: (Connection) -> Void

  /// Binds and listens; `accepted` gets each connection before it reads anything: set its delegate and `start` it.
  ///
  /// An empty host binds to all interfaces, as Kafka's does.
  public init(_ loop: EventLoop, host: String, port: UInt16, _ accepted: @escaping (Connection) -> Void) throws(IOError)
  {
    self.accepted = accepted
    try super.init(loop, "uv_tcp_init") { uv_tcp_init($0, $1) }
    var address = sockaddr_storage()
    do throws(IOError) {
      try IOError.check(cuv_resolve(host, "\(port)", &address), "resolve \(host)")
      try IOError.check(uv_tcp_bind(raw, cuv_sockaddr(&address), 0), "bind \(host):\(port)")
      try IOError.check(
        uv_listen(cuv_stream(raw), 1024) { server, status in
          guard status >= 0 else { return }
          owner(Listener.self, of: server).accept()
        }, "listen on \(host):\(port)")
    } catch {
      close()
      throw error
    }
  }

  private func accept() {
    guard let connection = try? Connection(loop) else { return }
    guard uv_accept(cuv_stream(raw), cuv_stream(connection.tcp)) == 0 else {
      connection.close()
      return
    }
    accepted(connection)
  }
}
