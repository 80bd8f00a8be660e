import EventLoop
import HTTPTestClient
import Testing

@testable import HTTPServer

/// The server over real sockets on loopback.
@Suite struct ServerTests {
  @Test func answersCarryTheSecurityHeaders() throws {
    let server = try TestServer()
    for (line, status) in [("GET /hello", 200), ("GET /nothing", 404), ("POST /hello", 405), ("GET /%", 400)] {
      let answer = try server.ask(line)
      #expect(answer.status == status)
      let policy = try #require(answer.header("content-security-policy"))
      #expect(policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"))
      #expect(!policy.contains("unsafe"))
      #expect(answer.header("x-content-type-options") == "nosniff")
      #expect(answer.header("referrer-policy") == "no-referrer")
      #expect(answer.header("cross-origin-resource-policy") == "same-origin")
      #expect(answer.header("cache-control") == "no-store")
    }
    #expect(try server.ask("POST /hello").header("allow") == "GET, HEAD")
  }

  @Test func headHasTheHeadersOnly() throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send("HEAD /hello HTTP/1.1\r\n\(server.host)\r\nGET /hello HTTP/1.1\r\n\(server.host)\r\n")
    let head = try client.answer(isHead: true)
    #expect(head.status == 200 && head.header("content-length") == "5")
    #expect(try client.answer().text == "hello")
  }

  /// Requests that come in one piece are answered in their order, on one connection.
  @Test func pipelinedRequestsAreAnsweredInOrder() throws {
    let server = try TestServer()
    let client = try server.connect()
    var text = ""
    for number in 0..<20 {
      let body = "body \(number)"
      text += "POST /echo HTTP/1.1\r\n\(server.host)Content-Length: \(body.utf8.count)\r\n\r\n\(body)"
      text += "GET /hello HTTP/1.1\r\n\(server.host)\r\nGET /nothing HTTP/1.1\r\n\(server.host)\r\n"
    }
    client.send(text)
    for number in 0..<20 {
      #expect(try client.answer().text == "body \(number)")
      #expect(try client.answer().text == "hello")
      #expect(try client.answer().status == 404)
    }
  }

  @Test func requestsMayComeByteByByte() throws {
    let server = try TestServer()
    let client = try server.connect()
    for byte in "POST /echo HTTP/1.1\r\n\(server.host)Content-Length: 3\r\n\r\nabc".utf8 { client.send([byte]) }
    #expect(try client.answer().text == "abc")
  }

  @Test func chunkedBodiesArrive() throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send(
      "POST /echo HTTP/1.1\r\n\(server.host)Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n")
    #expect(try client.answer().text == "abcde")
  }

  /// Each gets 400, and the connection ends: what follows on it must not be read as a request.
  @Test(arguments: [
    "Content-Length: 3\r\nContent-Length: 40\r\n", "Content-Length: 0\r\nContent-Length: 3\r\n",
    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding : chunked\r\n", "Host: localhost\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
  ])
  func ambiguousRequestsEndTheConnection(_ headers: String) throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send(
      "POST /echo HTTP/1.1\r\n\(server.host)\(headers)\r\nabc" + "GET /hello HTTP/1.1\r\n\(server.host)\r\n")
    #expect(try client.answer().status == 400)
    #expect(client.isEnded())
  }

  @Test func hostIsRequired() throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send("GET /hello HTTP/1.1\r\n\r\n")
    #expect(try client.answer().status == 400)
    #expect(client.isEnded())
    let other = try server.connect()
    other.send("GET /hello HTTP/1.1\r\nHost: evil.example:\(server.port)\r\n\r\n")
    #expect(try other.answer().status == 421)
  }

  @Test(arguments: [
    "\0\0\0\0\r\n\r\n", "GET\r\n\r\n", "\u{16}\u{3}\u{1}\u{2}garbage\r\n\r\n", "GET /hello FTP/9\r\n\r\n",
  ])
  func garbageHarmsNobody(_ bytes: String) throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send(bytes)
    let good = try server.ask("GET /hello")
    #expect(good.status == 200)
    client.close()
    #expect(try server.ask("GET /hello").text == "hello")
  }

  // MARK: limits

  @Test func largeBodiesAreRefusedUnread() throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1000
    let server = try TestServer(limits: limits)
    #expect(try server.ask("POST /echo", body: String(repeating: "x", count: 1000)).body.count == 1000)
    let client = try server.connect()
    // Only the head: the answer does not wait for what was claimed.
    client.send("POST /echo HTTP/1.1\r\n\(server.host)Content-Length: 1001\r\n\r\n")
    #expect(try client.answer().status == 413)
    #expect(client.isEnded())
  }

  @Test func largeChunkedBodiesAreRefused() throws {
    var limits = HTTPLimits()
    limits.bodyBytes = 1000
    let server = try TestServer(limits: limits)
    let chunk = "1f4\r\n" + String(repeating: "x", count: 500) + "\r\n"
    let head = "POST /echo HTTP/1.1\r\n\(server.host)Transfer-Encoding: chunked\r\n\r\n"
    let client = try server.connect()
    client.send(head + chunk + chunk + chunk + "0\r\n\r\n")
    #expect(try client.answer().status == 413)
    // One without end is cut off.
    let endless = try server.connect()
    endless.send(head + String(repeating: chunk, count: 100))
    #expect(endless.isEnded())
    #expect(try server.ask("GET /hello").status == 200)
  }

  @Test func largeHeadsAreRefused() throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send("GET /hello HTTP/1.1\r\n\(server.host)X: \(String(repeating: "x", count: 64 << 10))\r\n\r\n")
    #expect([413, 431].contains(try client.answer().status))
    let other = try server.connect()
    other.send("GET /\(String(repeating: "x", count: 64 << 10)) HTTP/1.1\r\n\(server.host)\r\n")
    #expect(try other.answer().status == 414)
    #expect(try server.ask("GET /hello").status == 200)
    // What the library answered by itself is not kept as ours.
    #expect(server.onLoop { $0.openExchanges } ?? -1 <= 1)
  }

  @Test func idleConnectionsAreClosed() throws {
    var limits = HTTPLimits()
    limits.idleSeconds = 1
    let server = try TestServer(limits: limits)
    let client = try server.connect()
    client.send("GET /hel")
    #expect(client.isEnded())
  }

  @Test func connectionsBeyondTheLimitWait() throws {
    var limits = HTTPLimits()
    limits.connections = 2
    let server = try TestServer(limits: limits)
    let clients = [try server.connect(), try server.connect()]
    for client in clients {
      client.send("GET /hello HTTP/1.1\r\n\(server.host)\r\n")
      #expect(try client.answer().status == 200)
    }
    let third = try server.connect()
    third.send("GET /hello HTTP/1.1\r\n\(server.host)\r\n")
    clients[0].close()
    #expect(try third.answer().status == 200)
  }

  // MARK: answers that come later

  @Test func answersMayComeLaterAndFromOtherThreads() throws {
    let waiting = Locked<[HTTPResponder]>([])
    let server = try TestServer { server in
      server.route(.get, "/later") { _, responder in waiting.withLock { $0.append(responder) } }
      server.route(.post, "/now") { _, responder in
        for waiter in waiting.withLock({ list in
          defer { list = [] }
          return list
        }) {
          waiter.respondFromAnyThread(.text("woken"))
          waiter.respondFromAnyThread(.text("only the first counts"))
        }
        responder.respond(.text("done"))
      }
    }
    let clients = try (0..<8).map { _ in try server.connect() }
    for client in clients { client.send("GET /later HTTP/1.1\r\n\(server.host)\r\n") }
    // Others are served meanwhile.
    while waiting.withLock({ $0.count }) < 8 { #expect(try server.ask("GET /hello").status == 200) }
    #expect(try server.ask("POST /now", body: "x").text == "done")
    for client in clients {
      #expect(try client.answer().text == "woken")
      client.send("GET /hello HTTP/1.1\r\n\(server.host)\r\n")
      #expect(try client.answer().text == "hello")
    }
  }

  @Test func forgottenRequestsGet500() throws {
    let server = try TestServer { server in server.route(.get, "/forgotten") { _, _ in } }
    #expect(try server.ask("GET /forgotten").status == 500)
  }

  /// Nobody is there any more when the answer comes; the server may even be closed.
  @Test func answersToTheGoneGoNowhere() throws {
    let waiting = Locked<[HTTPResponder]>([])
    let server = try TestServer { server in
      server.route(.get, "/later") { _, responder in waiting.withLock { $0.append(responder) } }
    }
    let clients = try (0..<2).map { _ in try server.connect() }
    for client in clients { client.send("GET /later HTTP/1.1\r\n\(server.host)\r\n") }
    while waiting.withLock({ $0.count }) < 2 { #expect(try server.ask("GET /hello").status == 200) }
    clients[0].close()
    waiting.withLock { $0.removeFirst() }.respondFromAnyThread(.text("late"))
    #expect(try server.ask("GET /hello").status == 200)
    server.stop()
    #expect(clients[1].isEnded())
    waiting.withLock { $0.removeFirst() }.respondFromAnyThread(.text("too late"))
    server.onLoop { _ in }
  }

  @Test func handlersMayCloseTheServer() throws {
    let server = try TestServer { server in
      server.route(.get, "/close") { [unowned server] _, responder in
        responder.respond(.text("closing"))
        server.close()
      }
    }
    let client = try server.connect()
    client.send("GET /close HTTP/1.1\r\n\(server.host)\r\n")
    _ = client.readsToTheEnd()
    // Once the loop has come around, the port is free.
    server.onLoop { _ in }
    #expect(throws: RawClient.Failure.self) { try server.connect() }
  }

  // MARK: who may, over the wire

  @Test func strangersGetNothing() throws {
    let token = "0123456789abcdef"
    let server = try TestServer(address: "0.0.0.0", access: AccessPolicy(.token(token)))
    #expect(try server.ask("GET /hello").status == 401)
    #expect(try server.ask("GET /hello").header("www-authenticate")?.hasPrefix("Bearer") == true)
    #expect(try server.ask("GET /hello", headers: "Authorization: Bearer \(token)\r\n").text == "hello")
    let exchange = try server.ask("GET /hello?token=\(token)")
    #expect(exchange.status == 303 && exchange.header("location") == "/hello")
    let cookie = try #require(exchange.header("set-cookie")).prefix { $0 != ";" }
    #expect(try server.ask("GET /hello", headers: "Cookie: \(cookie)\r\n").text == "hello")
    #expect(
      try server.ask("POST /echo", headers: "Cookie: \(cookie)\r\nOrigin: http://evil.example\r\n", body: "x").status
        == 403)
    // A refused body is not read.
    let client = try server.connect()
    client.send("POST /echo HTTP/1.1\r\n\(server.host)Content-Length: 100\r\n\r\n")
    #expect(try client.answer().status == 401)
    #expect(client.isEnded())
  }

  @Test func takenPortsAreNamed() throws {
    let server = try TestServer()
    let loop = try EventLoop()
    #expect(throws: HTTPServerError.portTaken(address: "127.0.0.1", port: server.port)) {
      _ = try HTTPServer(loop: loop, port: server.port)
    }
    #expect("\(HTTPServerError.portTaken(address: "127.0.0.1", port: 8080))" == "port 8080 on 127.0.0.1 is taken")
    #expect(throws: HTTPServerError.self) { _ = try HTTPServer(loop: loop, address: "127.0.0.1x", port: 0) }
  }

  @Test func closedServersFreeTheirPort() throws {
    let server = try TestServer()
    #expect(try server.ask("GET /hello").status == 200)
    server.stop()
    #expect(throws: RawClient.Failure.self) { try server.connect() }
    let loop = try EventLoop()
    let next = try HTTPServer(loop: loop, port: server.port)
    #expect(next.port == server.port)
    next.close()
  }
}
