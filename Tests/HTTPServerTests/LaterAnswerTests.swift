import EventLoop
import Foundation
import HTTPServer
import Testing

/// Fetches a page with nothing but a socket: its first line, or what went wrong.
private func firstLine(of path: String, port: UInt16) -> String {
  let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
  defer { close(socket) }
  var limit = timeval(tv_sec: 5, tv_usec: 0)
  setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
  var address = sockaddr_in()
  address.sin_family = sa_family_t(AF_INET)
  address.sin_port = port.bigEndian
  address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
  let isConnected = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
  }
  guard isConnected else { return "not connected" }
  let request = "GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n"
  _ = request.withCString { send(socket, $0, strlen($0), 0) }
  var bytes = [UInt8](repeating: 0, count: 4096)
  let count = recv(socket, &bytes, bytes.count, 0)
  guard count > 0 else { return "no answer within 5 s" }
  return String(decoding: bytes[..<count].prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
}

/// An answer that a handler gives after it has returned, on the loop or from another thread, is sent at once and not
/// with whatever happens next on the server.
@Test func answersThatComeLaterLeaveAtOnce() throws {
  let loop = try EventLoop()
  nonisolated(unsafe) let server = try HTTPServer(loop: loop, port: 0)
  server.route(.get, "/loop") { _, responder in loop.submit { responder.respond(.text("later")) } }
  server.route(.get, "/thread") { _, responder in
    Thread.detachNewThread { responder.respondFromAnyThread(.text("later")) }
  }
  loop.runOnNewThread {}
  defer {
    loop.submit {
      server.close()
      loop.stop()
    }
  }
  for path in ["/loop", "/thread", "/loop"] {
    #expect(firstLine(of: path, port: server.port) == "HTTP/1.1 200 OK", "\(path)")
  }
}
