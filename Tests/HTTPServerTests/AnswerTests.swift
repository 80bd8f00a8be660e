import EventLoop
import HTTPTestClient
import Testing

@testable import HTTPServer

/// What answers look like on the wire, and when they come.
@Suite struct AnswerTests {
  private static let token = "0123456789abcdef-token"

  private func expectSecurityHeaders(_ answer: RawClient.Answer, _ status: Int) {
    #expect(answer.status == status)
    let policy = answer.header("content-security-policy") ?? ""
    #expect(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"), "\(status)")
    for (name, value) in [
      ("x-content-type-options", "nosniff"), ("x-frame-options", "DENY"), ("referrer-policy", "no-referrer"),
      ("cross-origin-resource-policy", "same-origin"), ("cross-origin-opener-policy", "same-origin"),
    ] {
      #expect(answer.header(name) == value, "\(status) \(name)")
    }
    #expect(answer.headers.filter { $0.name == "cache-control" }.count == 1, "\(status)")
  }

  /// Errors, redirects, streams and "not modified" included.
  @Test func everyAnswerOfOursCarriesTheSecurityHeaders() throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 10
    limits.streams = 1
    let asset = HTTPAsset(path: "/a.js", contentType: "text/javascript", body: [0x31])
    let open = try TestServer(limits: limits) { server in
      server.serve(asset)
      server.route(.get, "/forgotten") { _, _ in }
      server.route(.get, "/events") { _, responder in _ = responder.stream() }
    }
    expectSecurityHeaders(try open.ask("GET /hello"), 200)
    expectSecurityHeaders(try open.ask("HEAD /hello"), 200)
    expectSecurityHeaders(try open.ask("GET /a.js"), 200)
    expectSecurityHeaders(try open.ask("GET /a.js", headers: "If-None-Match: \(asset.entityTag)\r\n"), 304)
    expectSecurityHeaders(try open.ask("GET /%"), 400)
    expectSecurityHeaders(try open.ask("POST /echo", headers: "Origin: http://evil.example\r\n"), 403)
    expectSecurityHeaders(try open.ask("GET /nothing"), 404)
    expectSecurityHeaders(try open.ask("DELETE /hello"), 405)
    expectSecurityHeaders(try open.ask("POST /echo", body: "12345678901"), 413)
    expectSecurityHeaders(try open.ask("GET http://evil.example/hello"), 421)
    expectSecurityHeaders(try open.ask("GET /forgotten"), 500)
    let stream = try open.connect()
    stream.send("GET /events HTTP/1.1\r\n\(open.host)\r\n")
    expectSecurityHeaders(try stream.head(), 200)
    expectSecurityHeaders(try open.ask("GET /events"), 503)

    let closed = try TestServer(access: AccessPolicy(.token(Self.token)))
    expectSecurityHeaders(try closed.ask("GET /hello"), 401)
    expectSecurityHeaders(try closed.ask("GET /hello?token=\(Self.token)"), 303)
  }

  /// The connection stays in step: nothing of a body follows "not modified" or an answer to HEAD.
  @Test func assetsAreSentOnceUntilTheyChange() throws {
    let asset = HTTPAsset(path: "/a.js", contentType: "text/javascript", body: Array("let a = 1".utf8))
    let server = try TestServer { $0.serve(asset) }
    let client = try server.connect()
    func ask(_ method: String, _ headers: String = "") throws -> RawClient.Answer {
      client.send("\(method) /a.js HTTP/1.1\r\n\(server.host)\(headers)\r\n")
      return try client.answer(isHead: method == "HEAD")
    }
    let first = try ask("GET")
    #expect(first.status == 200 && first.text == "let a = 1" && first.header("content-type") == "text/javascript")
    let tag = try #require(first.header("etag"))
    for known in [tag, "W/" + tag, "\"other\" , \(tag) , \"third\"", "*"] {
      let again = try ask("GET", "If-None-Match: \(known)\r\n")
      #expect(again.status == 304 && again.header("etag") == tag, "\(known)")
    }
    #expect(try ask("GET", "If-None-Match: \"other\"\r\n").text == "let a = 1")
    let head = try ask("HEAD")
    #expect(head.status == 200 && head.header("content-length") == "9" && head.header("etag") == tag)
    #expect(try ask("HEAD", "If-None-Match: \(tag)\r\n").status == 304)
    #expect(try ask("GET").text == "let a = 1")
    #expect(try ask("POST").header("allow") == "GET, HEAD")
  }

  // MARK: bodies and versions

  @Test func bodiesAreAskedForOnlyWhenTheyAreWanted() throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 10
    let server = try TestServer(limits: limits)
    let client = try server.connect()
    client.send("POST /echo HTTP/1.1\r\n\(server.host)Expect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    #expect(try client.read(until: "\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
    client.send("abc")
    #expect(try client.answer().text == "abc")
    for (headers, status) in [("Content-Length: 11\r\n", 413), ("Content-Length: 3\r\nOrigin: null\r\n", 403)] {
      let refused = try server.connect()
      refused.send("POST /echo HTTP/1.1\r\n\(server.host)Expect: 100-continue\r\n\(headers)\r\n")
      #expect(try refused.answer().status == status)
      #expect(refused.ending() == .closed)
    }
  }

  @Test func oldClientsAreAnsweredOnce() throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send("GET /hello HTTP/1.0\r\n\(server.host)\r\n")
    let text = String(decoding: try #require(client.everything()), as: UTF8.self)
    #expect(text.hasPrefix("HTTP/1.") && text.contains(" 200 OK\r\n") && text.hasSuffix("\r\n\r\nhello"))
    let other = try server.connect()
    other.send("GET /hello HTTP/1.1\r\n\(server.host)Connection: close\r\n\r\n")
    #expect(try other.answer().text == "hello")
    #expect(other.ending() == .closed)
  }

  // MARK: when they come

  /// A handler answers one that rests, from within the library's own run; nothing else happens on the server that could
  /// carry it out.
  @Test func oneHandlerMayAnswerForAnother() throws {
    let waiting = Locked<[HTTPResponder]>([])
    let server = try TestServer { server in
      server.route(.get, "/later") { _, responder in waiting.withLock { $0.append(responder) } }
      server.route(.post, "/wake") { _, responder in
        for other in waiting.withLock({ $0 }) { other.respond(.text("woken")) }
        waiting.withLock { $0 = [] }
        responder.respond(.text("done"))
      }
    }
    let client = try server.connect()
    client.send("GET /later HTTP/1.1\r\n\(server.host)\r\n")
    while waiting.withLock({ $0.count }) < 1 { #expect(try server.ask("GET /hello").status == 200) }
    let waker = try server.connect()
    waker.send("POST /wake HTTP/1.1\r\n\(server.host)\r\n")
    #expect(try waker.answer().text == "done")
    #expect(try client.answer().text == "woken")
  }

  /// A client that has said all it has to say (`nc`, some health checks) still gets what it waits for.
  @Test func halfClosedClientsGetTheirAnswers() throws {
    let waiting = Locked<[HTTPResponder]>([])
    let server = try TestServer { server in
      server.route(.get, "/later") { _, responder in waiting.withLock { $0.append(responder) } }
    }
    let client = try server.connect()
    client.send("GET /hello HTTP/1.1\r\n\(server.host)\r\nGET /later HTTP/1.1\r\n\(server.host)\r\n")
    client.finishSending()
    #expect(try client.answer().text == "hello")
    while waiting.withLock({ $0.count }) < 1 { #expect(try server.ask("GET /hello").status == 200) }
    waiting.withLock { $0.removeFirst() }.respondFromAnyThread(.text("later"))
    #expect(try client.answer().text == "later")
    #expect(client.ending() == .closed)
  }

  /// The end of what a client says may come with its request, in one piece: it is seen then, or not before the connection
  /// has idled.
  @Test func connectionsEndWithTheirLastAnswer() throws {
    let server = try TestServer()
    nonisolated(unsafe) let clients = try (0..<4).map { _ in try server.connect() }
    for client in clients {
      client.send("GET /hello HTTP/1.1\r\n\(server.host)\r\n")
      #expect(try client.answer().text == "hello")
    }
    let text = String(repeating: "POST /echo HTTP/1.1\r\n\(server.host)Content-Length: 1\r\n\r\nx", count: 3)
    // The loop is held up, so that both arrive in one turn.
    server.onLoop { _ in
      for client in clients {
        client.send(text)
        client.finishSending()
      }
    }
    for client in clients {
      for _ in 0..<3 { #expect(try client.answer().text == "x") }
      #expect(client.ending() == .closed)
    }
  }

  /// What a client asks next waits for the answer before it.
  @Test func pipelinedRequestsWaitForALaterAnswer() throws {
    let waiting = Locked<[HTTPResponder]>([])
    let server = try TestServer { server in
      server.route(.get, "/later") { _, responder in waiting.withLock { $0.append(responder) } }
    }
    let client = try server.connect()
    client.send("GET /later HTTP/1.1\r\n\(server.host)\r\nGET /hello HTTP/1.1\r\n\(server.host)\r\n")
    while waiting.withLock({ $0.count }) < 1 { #expect(try server.ask("GET /hello").status == 200) }
    waiting.withLock { $0.removeFirst() }.respondFromAnyThread(.text("first"))
    #expect(try client.answer().text == "first")
    #expect(try client.answer().text == "hello")
  }

  /// A reader that takes nothing for longer than connections may idle is cut off, and its handler told; one that reads
  /// stays.
  @Test func readersThatNeverReadAreCutOff() throws {
    final class Streams: @unchecked Sendable {
      var open: [EventStream] = []
      var ended: [Int] = []
    }
    let streams = Streams()
    var limits = HTTPLimits()
    limits.idleSeconds = 1
    let server = try TestServer(limits: limits) { server in
      server.route(.get, "/events") { _, responder in
        guard let stream = responder.stream() else { return }
        let number = streams.open.count
        stream.closed = { streams.ended.append(number) }
        streams.open.append(stream)
      }
    }
    let stuck = try RawClient(port: server.port, receiveBytes: 4096)
    let reads = try server.connect()
    for client in [stuck, reads] {
      client.send("GET /events HTTP/1.1\r\n\(server.host)\r\n")
      #expect(try client.head().status == 200)
    }
    #expect(String(decoding: try reads.chunk(), as: UTF8.self) == ":\n\n")
    let filler = ServerSentEvent(name: "filler", data: [UInt8](repeating: 0x78, count: 6 << 20))
    let small = ServerSentEvent(name: "small", data: [0x79])
    server.onLoop { _ in streams.open[0].send(filler) }
    let patience = ContinuousClock.now + .seconds(20)
    while server.onLoop({ _ in streams.ended })?.isEmpty != false, ContinuousClock.now < patience {
      server.onLoop { _ in streams.open[1].send(small) }
      #expect(String(decoding: try reads.chunk(), as: UTF8.self) == "event: small\ndata: y\n\n")
    }
    #expect(server.onLoop { _ in streams.ended } == [0])
  }
}
