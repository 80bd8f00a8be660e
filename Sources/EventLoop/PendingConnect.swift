import CUV

/// A connection on its way: its host's name being looked up, then the handshake of TCP.
final class PendingConnect {
  private let connection: Connection
  private let done: (Connection, IOError?) -> Void

  init(_ connection: Connection, _ done: @escaping (Connection, IOError?) -> Void) {
    self.connection = connection
    self.done = done
  }

  /// Connects to an address; `done` is told. Throws when that cannot even begin.
  func connect(_ address: inout sockaddr_storage) throws(IOError) {
    let request = UnsafeMutablePointer<uv_connect_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    let code = uv_tcp_connect(request, connection.tcp, cuv_sockaddr(&address)) { request, status in
      guard let request else { return }
      let pending = Unmanaged<PendingConnect>.fromOpaque(request.pointee.data).takeRetainedValue()
      request.deallocate()
      pending.finish(status < 0 ? IOError(code: status, operation: "connect") : nil)
    }
    guard code < 0 else { return }
    Unmanaged<PendingConnect>.fromOpaque(request.pointee.data).release()
    request.deallocate()
    throw IOError(code: code, operation: "connect")
  }

  /// Looks a name up, then connects.
  func resolve(_ host: String, _ port: UInt16) throws(IOError) {
    let request = UnsafeMutablePointer<uv_getaddrinfo_t>.allocate(capacity: 1)
    request.pointee.data = Unmanaged.passRetained(self).toOpaque()
    var hints = addrinfo()
    hints.ai_socktype = cuv_stream_socket()
    let code = uv_getaddrinfo(
      connection.loop.uv, request,
      { request, status, found in
        guard let request else { return }
        let pending = Unmanaged<PendingConnect>.fromOpaque(request.pointee.data).takeRetainedValue()
        request.deallocate()
        pending.resolved(status, found)
        uv_freeaddrinfo(found)
      }, host, "\(port)", &hints)
    guard code < 0 else { return }
    Unmanaged<PendingConnect>.fromOpaque(request.pointee.data).release()
    request.deallocate()
    throw IOError(code: code, operation: "resolve \(host)")
  }

  private func resolved(_ status: Int32, _ found: UnsafeMutablePointer<addrinfo>?) {
    guard !connection.isClosed else { return finish(IOError(code: UV_ECANCELED.rawValue, operation: "resolve")) }
    var address = sockaddr_storage()
    do throws(IOError) {
      try IOError.check(status, "resolve")
      try IOError.check(cuv_choose(found, &address), "resolve")
      try connect(&address)
    } catch { finish(error) }
  }

  private func finish(_ error: IOError?) { connection.connected(error, done) }
}
