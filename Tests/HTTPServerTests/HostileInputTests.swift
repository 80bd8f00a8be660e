import EventLoop
import HTTPTestClient
import Testing

@testable import HTTPServer

/// Bytes of somebody who means harm, over real sockets.
@Suite struct HostileInputTests {
  private static let token = "0123456789abcdef-token"

  // MARK: targets

  /// Two readers of such a target would see two paths; each is refused, and the connection ends.
  @Test(arguments: [
    "/hello\u{1}", "/\t/hello", "/hello\u{7f}", "/h\u{e4}llo", "/hel lo", "/%", "/%4", "/%zz", "/%ff", "/%00",
    "/hello?a=%g0", "*", "hello", "//\u{301}evil.example/",
  ])
  func targetsThatAreNone(_ target: String) throws {
    let server = try TestServer()
    let client = try server.connect()
    client.send("GET \(target) HTTP/1.1\r\n\(server.host)\r\n")
    #expect(try client.answer().status == 400)
    #expect(client.ending() == .closed)
  }

  /// There are no files to climb to; dots are no way past a route either.
  @Test(arguments: [
    "/../hello", "/./hello", "/t/..", "/t/%2e%2e", "/t/.%2E", "/t/..%2f..%2fetc%2fpasswd/x", "/hello/", "//hello",
    "/hello%2F", "/%68ello/..", "/t/",
  ])
  func pathsAreNotResolved(_ path: String) throws {
    let server = try TestServer { server in
      server.route(.get, "/t/{name}") { _, responder in responder.respond(.text("never reached")) }
    }
    #expect(try server.ask("GET \(path)").status == 404)
  }

  @Test func segmentsAreDecodedAfterTheyAreParted() throws {
    let server = try TestServer { server in
      server.route(.get, "/t/{name}/m/{id}") { request, responder in
        responder.respond(.text("\(request.parameters["name"] ?? "") \(request.parameters["id"] ?? "")"))
      }
    }
    #expect(try server.ask("GET /%74/a%2Fb%20c/m/%C3%A4?x=/m/9").text == "a/b c ä")
    #expect(try server.ask("GET /t/a/b/m/1").status == 404)
  }

  // MARK: tokens

  /// However its name is written, the token leaves the address: else the browser would be sent around for ever.
  @Test(arguments: [
    ("/hello?token=T&x=1", "/hello?x=1"), ("/hello?%74oken=T&x=1", "/hello?x=1"),
    ("/hello?x=1&tok%65n=T&token=T", "/hello?x=1"), ("/hello?token=T", "/hello"),
    ("//evil.example/?token=T", "/"), ("/\\evil.example?token=T", "/"),
    ("/hello?tokens=1&token=T", "/hello?tokens=1"),
  ])
  func tokensLeaveTheAddress(_ target: String, _ location: String) throws {
    let server = try TestServer(access: AccessPolicy(.token(Self.token)))
    let given = target.split(separator: "=T", omittingEmptySubsequences: false).joined(separator: "=" + Self.token)
    let answer = try server.ask("GET \(given)")
    #expect(answer.status == 303)
    #expect(answer.header("location") == location)
    #expect(answer.header("set-cookie")?.hasSuffix("; Path=/; HttpOnly; SameSite=Strict") == true)
    let wrong = given.split(separator: Self.token, omittingEmptySubsequences: false).joined(separator: "wrong")
    #expect(try server.ask("GET \(wrong)").status == 401)
  }

  /// What may be read without the token is one path, not what decodes to its text.
  @Test func publicPathsAreExact() throws {
    let policy = AccessPolicy(.token(Self.token), publicPaths: ["/health/live"])
    let server = try TestServer(access: policy) { server in
      server.route(.get, "/health/live") { _, responder in responder.respond(.text("live")) }
      server.route(.get, "/{any}") { _, responder in responder.respond(.text("secret")) }
    }
    #expect(try server.ask("GET /health/live").text == "live")
    #expect(try server.ask("HEAD /health/live").status == 200)
    #expect(try server.ask("GET /he%61lth/live").text == "live")
    for path in ["/health%2Flive", "/health/live/", "//health/live", "/x", "/health/live%00"] {
      #expect([400, 401].contains(try server.ask("GET \(path)").status), "\(path)")
    }
    #expect(try server.ask("POST /health/live").status == 401)
  }

  /// On all interfaces there is no server without a token; with one, it names an address that this machine reaches.
  @Test(arguments: ["", "0.0.0.0"])
  func serversForOthersNeedAToken(_ address: String) throws {
    let loop = try EventLoop()
    #expect(throws: HTTPServerError.tokenRequired(address: address)) {
      _ = try HTTPServer(loop: loop, address: address, port: 0)
    }
    let server = try TestServer(address: address, access: AccessPolicy(.token(Self.token)))
    #expect(server.onLoop { $0.url } == "http://127.0.0.1:\(server.port)")
    #expect(try server.ask("GET /hello", headers: "Authorization: Bearer \(Self.token)\r\n").text == "hello")
    #expect(try server.ask("GET /hello").status == 401)
  }

  /// A connection that has shown the token once is not trusted for its next request.
  @Test func everyRequestShowsTheToken() throws {
    let server = try TestServer(access: AccessPolicy(.token(Self.token)))
    let client = try server.connect()
    for authorization in ["Authorization: Bearer \(Self.token)\r\n", "", "Authorization: Bearer wrong\r\n"] {
      client.send("GET /hello HTTP/1.1\r\n\(server.host)\(authorization)\r\n")
      #expect(try client.answer().status == (authorization.hasSuffix("token\r\n") ? 200 : 401))
    }
  }

  // MARK: answers

  /// A handler that repeats what a client said cannot be made to end a header and begin another.
  @Test func answersCannotBeSplit() throws {
    let server = try TestServer { server in
      server.route(.get, "/split") { request, responder in
        let given = request.query("v") ?? ""
        responder.respond(
          HTTPResponse(
            headers: [("X-Given", given), ("X-\(given)", "1"), ("X-Fine", "fine")], body: Array("body".utf8)))
      }
    }
    for value in ["a%0d%0aX-Evil:%201", "a%0aX-Evil:%201", "a%0dX-Evil:%201", "a%01b", "a%7fb"] {
      let answer = try server.ask("GET /split?v=\(value)")
      #expect(answer.status == 200 && answer.text == "body")
      #expect(answer.header("x-fine") == "fine")
      #expect(answer.header("x-evil") == nil && answer.header("x-given") == nil)
      #expect(!answer.headers.contains { $0.name.hasPrefix("x-a") })
    }
    #expect(try server.ask("GET /split?v=a").header("x-given") == "a")
  }

  // MARK: whatever comes

  /// Requests with some bytes changed, doubled or left out: each connection gets answers in HTTP or none, and ends; the
  /// server goes on.
  @Test(arguments: 1...4 as ClosedRange<UInt64>)
  func damagedRequestsHarmNobody(_ seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var limits = HTTPLimits()
    // What is left of a request that never comes whole.
    limits.idleSeconds = 1
    var sent: [(client: RawClient, message: Comment)] = []
    let server = try TestServer(limits: limits) { server in
      server.route(.get, "/events") { _, responder in responder.stream()?.close() }
    }
    let originals = [
      "GET /hello?a=b%20c HTTP/1.1\r\n\(server.host)Accept: */*\r\nCookie: a=b; c=d\r\n\r\n",
      "POST /echo HTTP/1.1\r\n\(server.host)Transfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n",
      "POST /echo HTTP/1.1\r\n\(server.host)Content-Length: 5\r\nExpect: 100-continue\r\n\r\nabcde",
      "HEAD /hello HTTP/1.1\r\n\(server.host)\r\nGET /events HTTP/1.1\r\n\(server.host)Last-Event-ID: 7\r\n\r\n",
    ].map { Array($0.utf8) }
    let special = Array("\r\n\0 :%;,\t/\u{7f}0f".utf8) + [0x80, 0xff]
    for round in 0..<100 {
      var bytes = originals[round % originals.count]
      for _ in 0...random.below(4) {
        let index = random.below(bytes.count)
        switch random.below(5) {
        case 0: bytes[index] = UInt8(truncatingIfNeeded: random.next())
        case 1: bytes[index] = special[random.below(special.count)]
        case 2: bytes.insert(special[random.below(special.count)], at: index)
        case 3: bytes.remove(at: index)
        default: bytes.insert(contentsOf: bytes[index..<min(bytes.count, index + 1 + random.below(40))], at: index)
        }
      }
      let client = try server.connect()
      client.send(bytes)
      client.finishSending()
      sent.append((client, "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self))"))
    }
    for (client, message) in sent {
      let answer = client.everything()
      let text = try #require(answer.map { String(decoding: $0, as: UTF8.self) }, message)
      #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 "), message)
    }
    #expect(try server.ask("GET /hello").text == "hello")
  }

  private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var z = state
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(bound, 1), using: &self) }
  }
}
