import Dispatch
import EventLoop
import HTTPTestClient

@testable import HTTPServer

/// A server on a loop and a thread of its own, on a free port.
final class TestServer: @unchecked Sendable {
  private let loop: EventLoop
  private let server: HTTPServer
  let port: UInt16

  init(
    address: String = "127.0.0.1", limits: HTTPLimits = HTTPLimits(), access: AccessPolicy = AccessPolicy(),
    _ routes: (HTTPServer) -> Void = { _ in }
  ) throws {
    loop = try EventLoop()
    server = try HTTPServer(loop: loop, address: address, port: 0, limits: limits, access: access)
    port = server.port
    server.route(.get, "/hello") { _, responder in responder.respond(.text("hello")) }
    server.route(.post, "/echo") { request, responder in
      responder.respond(HTTPResponse(headers: [("Content-Type", "text/plain")], body: request.body))
    }
    routes(server)
    loop.runOnNewThread {}
  }

  deinit { stop() }

  /// Frees the port; idempotent.
  func stop() {
    onLoop { server in server.close() }
  }

  /// Runs `body` on the loop's thread and waits for it.
  @discardableResult
  func onLoop<Result: Sendable>(_ body: @escaping @Sendable (HTTPServer) -> Result) -> Result? {
    let done = DispatchSemaphore(value: 0)
    let box = Locked<Result?>(nil)
    let held = Held(server: server)
    loop.submit {
      let result = body(held.server)
      box.withLock { $0 = result }
      done.signal()
    }
    done.wait()
    return box.withLock { $0 }
  }

  private struct Held: @unchecked Sendable { let server: HTTPServer }

  func connect() throws -> RawClient { try RawClient(port: port) }

  /// The `Host` line for this server.
  var host: String { "Host: 127.0.0.1:\(port)\r\n" }

  /// One request on a connection of its own.
  func ask(_ line: String, headers: String = "", body: String = "") throws -> RawClient.Answer {
    let client = try connect()
    let length = body.isEmpty ? "" : "Content-Length: \(body.utf8.count)\r\n"
    client.send("\(line) HTTP/1.1\r\n\(host)\(headers)\(length)\r\n\(body)")
    return try client.answer(isHead: line.hasPrefix("HEAD"))
  }
}
