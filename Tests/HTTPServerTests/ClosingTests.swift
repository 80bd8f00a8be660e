import EventLoop
import HTTPTestClient
import Testing

@testable import HTTPServer

/// A server that closes: everything on it ends, whatever it was doing, and nothing that comes later does harm.
@Suite struct ClosingTests {
  /// What a server's handlers have kept.
  private final class Kept: @unchecked Sendable {
    let waiting = Locked<[HTTPResponder]>([])
    let endedStreams = Locked(0)
    var count: Int { waiting.withLock { $0.count } }

    func takeAll() -> [HTTPResponder] {
      waiting.withLock { list in
        defer { list = [] }
        return list
      }
    }
  }

  private func serve() throws -> (TestServer, Kept) {
    let kept = Kept()
    let server = try TestServer { server in
      server.route(.get, "/later") { _, responder in kept.waiting.withLock { $0.append(responder) } }
      server.route(.get, "/events") { _, responder in
        responder.stream()?.closed = { kept.endedStreams.withLock { $0 += 1 } }
      }
      server.route(.get, "/close") { [unowned server] _, responder in
        kept.waiting.withLock { $0.append(responder) }
        server.close()
      }
    }
    return (server, kept)
  }

  private func request(_ path: String, _ server: TestServer) -> String { "GET \(path) HTTP/1.1\r\n\(server.host)\r\n" }

  @Test func everyConnectionEnds() throws {
    let (server, kept) = try serve()
    let streams = try (0..<4).map { _ in try server.connect() }
    for client in streams {
      client.send(request("/events", server))
      #expect(try client.head().status == 200)
    }
    let resting = try (0..<4).map { _ in try server.connect() }
    for client in resting { client.send(request("/later", server)) }
    while kept.count < 4 { #expect(try server.ask("GET /hello").status == 200) }
    let idle = try (0..<4).map { _ in try server.connect() }
    for client in idle {
      client.send(request("/hello", server))
      #expect(try client.answer().status == 200)
    }
    let unfinished = try server.connect()
    unfinished.send("POST /echo HTTP/1.1\r\n\(server.host)Content-Length: 10\r\n\r\nabc")

    server.stop()
    for client in streams + resting + idle + [unfinished] { #expect(client.ending() == .closed) }
    #expect(kept.endedStreams.withLock { $0 } == 4)
    // Nobody is there any more for these.
    for responder in kept.takeAll() { responder.respondFromAnyThread(.text("late")) }
    server.stop()
    #expect(throws: RawClient.Failure.self) { try server.connect() }
  }

  /// The handler that closes the server leaves its own request without an answer: it comes to rest after `close()`, in the
  /// same run of the library, which must not be stopped with a connection at rest.
  @Test func handlersMayCloseWithoutAnAnswer() throws {
    let (server, kept) = try serve()
    let client = try server.connect()
    client.send(request("/close", server))
    #expect(client.ending() == .closed)
    #expect(kept.count == 1)
    for responder in kept.takeAll() { responder.respondFromAnyThread(.text("late")) }
    server.onLoop { _ in }
  }

  /// Many requests arrive at once and one among them closes the server: those after it are still handled, and rest or open
  /// streams on a server that is closed.
  @Test func requestsOfTheSameTurnEnd() throws {
    let (server, kept) = try serve()
    nonisolated(unsafe) let clients = try (0..<12).map { _ in try server.connect() }
    // All are accepted before the loop is held up.
    for client in clients {
      client.send(request("/hello", server))
      #expect(try client.answer().status == 200)
    }
    let paths = ["/later", "/events", "/close", "/hello"]
    let requests = clients.indices.map { request(paths[$0 % paths.count], server) }
    server.onLoop { _ in
      for (client, text) in zip(clients, requests) { client.send(text) }
    }
    for client in clients { #expect(client.ending() == .closed) }
    for responder in kept.takeAll() { responder.respondFromAnyThread(.text("late")) }
    server.onLoop { _ in }
    #expect(throws: RawClient.Failure.self) { try server.connect() }
  }
}
