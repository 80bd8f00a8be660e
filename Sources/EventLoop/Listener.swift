import CUV

/// A TCP socket for connections from others: bound from its start, it accepts them once it listens.
public final class Listener: Handle<uv_tcp_t> {
  private let accepted: (Connection) -> Void

  private let address: String

  /// Binds; `accepted` gets each connection before it reads anything: set its delegate and `start` it.
  ///
  /// An empty host binds to all interfaces, as Kafka's does. Who connects before `listen` is refused.
  public init(
    _ loop: EventLoop, host: String, port: UInt16, _ accepted: @escaping (Connection) -> Void
  ) throws(IOError) {
    self.accepted = accepted
    address = "\(host):\(port)"
    try super.init(loop, "uv_tcp_init") { uv_tcp_init($0, $1) }
    var address = sockaddr_storage()
    do throws(IOError) {
      try IOError.check(cuv_resolve(host, "\(port)", &address), "resolve \(host)")
      try IOError.check(uv_tcp_bind(raw, cuv_sockaddr(&address), 0), "bind \(self.address)")
      // libuv keeps it to itself that the port is taken, until it is asked for more.
      let code = withUnsafeMutableBytes(of: &address) { bytes in
        var length = Int32(bytes.count)
        return uv_tcp_getsockname(raw, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
      }
      try IOError.check(code, "bind \(self.address)")
    } catch {
      close()
      throw error
    }
  }

  /// From now on connections are accepted.
  public func listen() throws(IOError) {
    try IOError.check(
      uv_listen(cuv_stream(raw), 1024) { server, status in
        guard status >= 0 else { return }
        owner(Listener.self, of: server).accept()
      }, "listen on \(address)")
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
