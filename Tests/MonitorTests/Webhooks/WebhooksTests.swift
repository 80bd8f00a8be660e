import CommandLineTool
import KafkaClient
import Testing

@testable import Monitor

/// Deliveries over real connections: what arrives, in which order, signed how, and tried how often.
struct WebhooksTests {
  static func alert(_ id: String, _ state: Alert.State = .firing, silencedUntil: Int64? = nil) -> Alert {
    var alert = Alert(
      id: id, name: "GroupStopped", severity: .warning, state: state, summary: "“g” \u{1B} stopped", action: "start it",
      subject: "group g\"\n", firedAt: 5)
    alert.silencedUntil = silencedUntil
    return alert
  }

  private static func take(_ count: Int, of receiver: WebhookReceiver) async -> [WebhookReceiver.Request] {
    var result: [WebhookReceiver.Request] = []
    for await request in receiver.requests {
      result.append(request)
      if result.count == count { break }
    }
    return result
  }

  @Test(.timeLimit(.minutes(1))) func whatFiresAndClearsArrivesInOrderAndSigned() async throws {
    let receiver = try #require(WebhookReceiver())
    let target = try #require(WebhookTarget("http://127.0.0.1:\(receiver.port)/hook?x=1"))
    let webhooks = Webhooks([target], key: Array("secret".utf8))
    defer { webhooks.stop() }
    webhooks.send([Self.alert("a1"), Self.alert("a2", silencedUntil: 99), Self.alert("a3")], model: Models.healthy())
    webhooks.send([Self.alert("a1", .cleared)], model: Models.healthy())
    let requests = await Self.take(3, of: receiver)
    let bodies = try requests.map { try JSON(parsing: String(decoding: $0.body, as: UTF8.self)) }
    #expect(bodies.map { $0["alert"]?["id"]?.string } == ["a1", "a3", "a1"])
    #expect(bodies.map { $0["event"]?.string } == ["fired", "fired", "cleared"])
    #expect(bodies[0]["alert"]?["subject"]?.string == "group g\"\n")
    #expect(bodies[0]["verdict"]?["word"]?.string == "healthy")
    for request in requests {
      #expect(request.line == "POST /hook?x=1 HTTP/1.1")
      #expect(request.headers["Content-Type"] == "application/json")
      let timestamp = try #require(request.headers["X-StreamSocial-Timestamp"])
      #expect(abs((Int64(timestamp) ?? 0) - WallClock.milliseconds / 1_000) < 60)
      let expected = WebhookRequest.signature(timestamp, request.body, key: Array("secret".utf8))
      #expect(request.headers["X-StreamSocial-Signature"] == "sha256=\(expected)")
    }
    #expect(Set(requests.compactMap { $0.headers["X-StreamSocial-Delivery"] }).count == 3)
  }

  /// The digest as Python's hmac module makes it.
  @Test func theSignatureIsHMACSHA256OfTimestampAndBody() {
    #expect(
      WebhookRequest.signature("1790000000", Array("{\"a\":1}".utf8), key: Array("secret".utf8))
        == "da8fe498621aaab99d5b11c51346b13d1a2bf2914b865b8d3edd3531cab25a3e")
  }

  @Test(.timeLimit(.minutes(1))) func whatFailsIsTriedAgainBeforeTheNext() async throws {
    let receiver = try #require(WebhookReceiver(answering: [500, -1, 429, 200]))
    let target = try #require(WebhookTarget("http://127.0.0.1:\(receiver.port)/"))
    let webhooks = Webhooks([target], key: [], pause: { _ in .milliseconds(1) })
    defer { webhooks.stop() }
    webhooks.send([Self.alert("a1"), Self.alert("a2")], model: Models.healthy())
    let requests = await Self.take(5, of: receiver)
    let deliveries = requests.compactMap { $0.headers["X-StreamSocial-Delivery"]?.prefix(2) }
    #expect(deliveries == ["a1", "a1", "a1", "a1", "a2"])
    #expect(requests.allSatisfy { $0.headers["X-StreamSocial-Signature"] == nil }, "no key, no signature")
  }

  @Test(.timeLimit(.minutes(1))) func whatIsRefusedForGoodIsGivenUpAndRedirectionsAreNotFollowed() async throws {
    let receiver = try #require(WebhookReceiver(answering: [404, 302]))
    let target = try #require(WebhookTarget("http://127.0.0.1:\(receiver.port)"))
    let webhooks = Webhooks([target], key: [], pause: { _ in .milliseconds(1) })
    defer { webhooks.stop() }
    webhooks.send([Self.alert("a1"), Self.alert("a2"), Self.alert("a3")], model: Models.healthy())
    let requests = await Self.take(3, of: receiver)
    #expect(requests.compactMap { $0.headers["X-StreamSocial-Delivery"]?.prefix(2) } == ["a1", "a2", "a3"])
    #expect(webhooks.figures.abandoned == 2)
  }

  @Test(.timeLimit(.minutes(1))) func oneThatIsDeadDelaysNoOtherAndItsQueueIsBounded() async throws {
    let receiver = try #require(WebhookReceiver())
    let dead = try #require(WebhookTarget("http://127.0.0.1:1/"))
    let alive = try #require(WebhookTarget("http://127.0.0.1:\(receiver.port)/"))
    let webhooks = Webhooks([dead, alive], key: [], pause: { _ in .seconds(3_600) })
    defer { webhooks.stop() }
    for number in 1...5 { webhooks.send([Self.alert("a\(number)")], model: Models.healthy()) }
    #expect(await Self.take(5, of: receiver).count == 5)
    webhooks.send((0..<300).map { Self.alert("b\($0)") }, model: Models.healthy())
    #expect(webhooks.figures.dropped >= 199)
  }

  @Test func pausesGrowToAMinute() {
    #expect((1...8).map { Webhooks.pause(after: $0) } == [1, 2, 4, 8, 16, 32, 60, 60].map { .seconds($0) })
  }

  @Test func statuses() {
    #expect(WebhookRequest.outcome(200) == .accepted && WebhookRequest.outcome(204) == .accepted)
    for status in [301, 302, 400, 404, 410] {
      #expect(WebhookRequest.outcome(status) == .refused("it answers \(status)"))
    }
    for status in [408, 429, 500, 503] { #expect(WebhookRequest.outcome(status) == .failed("it answers \(status)")) }
  }

  @Test func urls() {
    let target = WebhookTarget("http://hooks.example:8080/a/b?c=d#e")
    #expect(target?.host == "hooks.example" && target?.port == 8080 && target?.path == "/a/b?c=d")
    #expect(WebhookTarget("HTTP://[::1]:9/")?.host == "::1")
    #expect(WebhookTarget("http://[::1]/")?.port == 80)
    #expect(WebhookTarget("http://h")?.path == "/")
    #expect(WebhookTarget("http://h?q")?.path == "/?q")
    let encrypted = WebhookTarget("HTTPS://hooks.example/services/T0/secret")
    #expect(encrypted?.isEncrypted == true && encrypted?.port == 443)
    #expect(encrypted?.origin == "https://hooks.example:443")
    for text in [
      "ftp://h/", "https:/h", "https:h", "http://h\\x/", "http://a,b/", "http://[::1%251]/", "h:80", "http://",
      "http://u:p@h/", "http://h:0/", "http://h:65536/", "http://h/ x",
      "http://h/\r\nX: y", "http://h/\u{e9}", "http://:80/", "file:///etc/passwd",
    ] {
      #expect(WebhookTarget(text) == nil, "\(text)")
    }
  }
}
