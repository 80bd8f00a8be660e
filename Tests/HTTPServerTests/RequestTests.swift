import Testing

@testable import HTTPServer

/// What a request means, before any socket.
@Suite struct RequestTests {
  @Test func segmentsAreDecodedOneByOne() throws {
    let target = try #require(RequestTarget("/api/v1/topics/a%2Fb/%C3%A4?key=a+b%26&flag&x=%3D"))
    #expect(target.segments == ["api", "v1", "topics", "a/b", "ä"])
    #expect(target.query.map(\.name) == ["key", "flag", "x"])
    #expect(target.query.map(\.value) == ["a b&", "", "="])
  }

  @Test(arguments: ["", "*", "api", "/%", "/%4", "/%zz", "/%ff", "/a%00b", "/?a=%", "/?%ff=1", "http:/x"])
  func whatCannotBeDecodedIsRefused(_ text: String) {
    #expect(RequestTarget(text) == nil)
  }

  @Test func absoluteFormNamesItsAuthority() throws {
    let target = try #require(RequestTarget("http://evil.example:80/a?b=c"))
    #expect(target.authority == "evil.example:80")
    #expect(target.segments == ["a"])
    #expect(RequestTarget("http://evil.example")?.segments == [""])
  }

  /// The redirect that takes the token out of the address must stay on this server.
  @Test func redirectsStayHere() throws {
    #expect(try #require(RequestTarget("/a?token=x&b=1")).removing("token") == "/a?b=1")
    #expect(try #require(RequestTarget("/?token=x")).removing("token") == "/")
    #expect(try #require(RequestTarget("//evil.example/?token=x")).removing("token") == "/")
    #expect(try #require(RequestTarget("/\\evil.example/?token=x")).removing("token") == "/")
  }

  private func head(_ headers: [(name: String, value: String)]) throws(RequestHead.Malformed) -> RequestHead {
    try RequestHead(method: "POST", target: "/", headers: [("Host", "localhost")] + headers)
  }

  /// Each of these means two bodies to two readers (request smuggling), or no server to talk to.
  @Test func ambiguousHeadsAreRefused() {
    let cases: [[(name: String, value: String)]] = [
      [("Content-Length", "1"), ("content-length", "2")], [("Content-Length", "1"), ("Content-Length", "1")],
      [("Content-Length", "1"), ("Transfer-Encoding", "chunked")], [("Content-Length", "+1")],
      [("Content-Length", "-1")], [("Content-Length", "1, 1")], [("Content-Length", "")],
      [("Transfer-Encoding", "identity")], [("Transfer-Encoding", "chunked, chunked")],
      [("Transfer-Encoding ", "chunked")], [("Transfer-Encoding", "chunked"), ("Transfer-Encoding", "chunked")],
      [("Host", "other")], [("A b", "c")], [("", "c")], [("A", "b\u{1}")],
    ]
    for headers in cases {
      #expect(throws: RequestHead.Malformed.self, "\(headers)") { try head(headers) }
    }
    #expect(throws: RequestHead.Malformed.self) { try RequestHead(method: "GET", target: "/", headers: []) }
  }

  @Test func bodiesAreMeasured() throws {
    #expect(try head([]).bodyBytes == 0)
    #expect(try head([("Content-Length", "7")]).bodyBytes == 7)
    #expect(try head([("Content-Length", "99999999999999999999999")]).bodyBytes == .max)
    #expect(try head([("Transfer-Encoding", "Chunked")]).bodyBytes == nil)
  }

  // MARK: routes

  private func outcome(_ method: HTTPMethod, _ path: String) -> String {
    var router = Router()
    for (method, pattern) in [
      (HTTPMethod.get, "/t/{name}"), (.get, "/t/all"), (.post, "/t/{name}"), (.get, "/t/{name}/m/{id}"), (.get, "/"),
    ] {
      router.add(method, pattern) { _, _ in }
    }
    switch router.find(method, RequestTarget(path)?.segments ?? []) {
    case .found(_, let parameters):
      return parameters.sorted { $0.key < $1.key }.map { "\($0)=\($1)" }.joined(separator: " ")
    case .methodNotAllowed(let allow): return "405 " + allow
    case .notFound: return "404"
    }
  }

  @Test func routesMatchWholePaths() {
    #expect(outcome(.get, "/t/x") == "name=x")
    #expect(outcome(.head, "/t/x") == "name=x")
    // Patterns without parameters win.
    #expect(outcome(.get, "/t/all") == "")
    #expect(outcome(.get, "/t/a%2Fb/m/1") == "id=1 name=a/b")
    #expect(outcome(.get, "/") == "")
    for path in ["/t", "/t/", "/t/x/", "/t/x/y", "//t/x", "/t/..", "/t/%2e%2e", "/t/./m/1", "/T/x"] {
      #expect(outcome(.get, path) == "404", "\(path)")
    }
    #expect(outcome(.delete, "/t/x") == "405 GET, HEAD, POST")
  }

  // MARK: assets and events

  @Test func assetsAreSentOnceUntilTheyChange() {
    let asset = HTTPAsset(path: "/a.js", contentType: "text/javascript", body: Array("x".utf8))
    let other = HTTPAsset(path: "/a.js", contentType: "text/javascript", body: Array("y".utf8))
    #expect(asset.entityTag != other.entityTag)
    func status(_ tag: String?) -> Int {
      asset.response(to: HTTPRequest(method: .get, path: "/a.js", headers: tag.map { [("if-none-match", $0)] } ?? []))
        .status
    }
    #expect(status(nil) == 200)
    #expect(status(asset.entityTag) == 304)
    #expect(status("\"z\", W/" + asset.entityTag) == 304)
    #expect(status(other.entityTag) == 200)
  }

  /// A line break in what is sent must not become a field of the stream.
  @Test func eventsKeepTheirLines() {
    func text(_ event: ServerSentEvent) -> String { String(decoding: event.bytes, as: UTF8.self) }
    #expect(text(ServerSentEvent(name: "a", data: Array("x".utf8))) == "event: a\ndata: x\n\n")
    #expect(
      text(ServerSentEvent(name: "a\nid: 7", id: "1\r\n2", data: Array("x\ny\r\nz\rw\n".utf8)))
        == "event: aid: 7\nid: 12\ndata: x\ndata: y\ndata: z\ndata: w\ndata: \n\n")
    #expect(text(ServerSentEvent(name: "a", data: [])) == "event: a\ndata: \n\n")
  }
}
