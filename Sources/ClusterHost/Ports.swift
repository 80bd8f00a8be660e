#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// TCP ports on loopback.
package enum Ports {
  /// Whether something listens there already (or we may not listen there).
  package static func isTaken(_ port: Int) -> Bool {
    withSocket(port) { socket, address, size in
      var one: Int32 = 1
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
      return bind(socket, address, size) != 0 || listen(socket, 1) != 0
    } ?? true
  }

  /// Whether something there accepts connections now.
  package static func accepts(_ port: Int) -> Bool {
    withSocket(port) { socket, address, size in connect(socket, address, size) == 0 } ?? false
  }

  private static func withSocket(
    _ port: Int, _ body: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Bool
  ) -> Bool? {
    guard let port = UInt16(exactly: port) else { return nil }
    #if canImport(Glibc)
      let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let socket = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    guard socket >= 0 else { return nil }
    defer { close(socket) }
    _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }
}
