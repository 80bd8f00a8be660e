import Dashboard
import Foundation
import HTTPTestClient
import Testing

/// A dashboard on a free port, stopped with the test.
final class Served {
  let source = StandInSource()
  let server: DashboardServer
  let port: UInt16

  init(_ change: (inout DashboardOptions) -> Void = { _ in }) throws {
    var options = DashboardOptions(bootstrapServers: "127.0.0.1:1")
    options.port = 0
    options.version = "7"
    change(&options)
    server = try DashboardServer(options, source: source)
    port = try #require(UInt16(server.url.split(separator: ":").last ?? ""))
  }

  deinit { server.stop() }

  /// Asks on a thread of its own: the server answers from the task pool, which the tests must not fill up with waiting.
  func ask(_ line: String, headers: String = "", body: String = "") async throws -> RawClient.Answer {
    let text =
      "\(line) HTTP/1.1\r\nHost: localhost:\(port)\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
    return try await withCheckedThrowingContinuation { [port] continuation in
      Thread.detachNewThread {
        continuation.resume(
          with: Result {
            let client = try RawClient(port: port)
            client.send(text)
            return try client.answer()
          })
      }
    }
  }
}
