import Dashboard
import Foundation
import HTTPServer
import HTTPTestClient
import Monitor
import Synchronization
import Testing

/// The API over a real socket, with reports that the test makes up.
@Suite struct DashboardServerTests {
  /// Reads a stream event by event.
  private final class Events {
    private let client: RawClient
    private var text = ""
    init(_ client: RawClient) { self.client = client }

    /// The next event's name and JSON; comments and `retry` are passed over.
    func next() throws -> (name: String, data: [String: Any]) {
      while true {
        while let end = text.range(of: "\n\n") {
          let lines = text[..<end.lowerBound].split(separator: "\n")
          text = String(text[end.upperBound...])
          guard let name = lines.first(where: { $0.hasPrefix("event: ") })?.dropFirst(7),
            let data = lines.first(where: { $0.hasPrefix("data: ") })?.dropFirst(6)
          else { continue }
          let value = try JSONSerialization.jsonObject(with: Data(data.utf8))
          return (String(name), try #require(value as? [String: Any]))
        }
        text += String(decoding: try client.chunk(), as: UTF8.self)
      }
    }
  }

  private func events(of served: Served) throws -> Events {
    let client = try RawClient(port: served.port)
    client.send("GET /api/v1/events HTTP/1.1\r\nHost: localhost:\(served.port)\r\n\r\n")
    let head = try client.head()
    #expect(head.status == 200 && head.header("content-type") == "text/event-stream")
    return Events(client)
  }

  private func code(_ answer: RawClient.Answer) throws -> String {
    let value = try JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any]
    let error = try #require(value?["error"] as? [String: Any])
    #expect((error["message"] as? String)?.isEmpty == false)
    return try #require(error["code"] as? String)
  }

  // MARK: reading

  @Test func latestReportIsServed() async throws {
    let served = try Served()
    for path in ["model", "partitions", "timeline", "alerts"] {
      let answer = try await served.ask("GET /api/v1/\(path)")
      #expect(answer.status == 503, "\(path)")
      #expect(try code(answer) == "not_yet")
    }
    let alert = Alert(
      id: "1", name: "BrokerDown", severity: .critical, state: .firing, summary: "s", action: "a", subject: nil,
      firedAt: 5)
    let report = StandInSource.report(3, mapVersion: 9, markers: [1, 2], alerts: AlertList(firing: [alert]))
    served.source.publish(report)
    func body<Part: Decodable>(_ path: String, _ type: Part.Type) async throws -> Part {
      let answer = try await served.ask("GET /api/v1/\(path)")
      #expect(answer.status == 200 && answer.header("content-type") == "application/json")
      #expect(answer.header("cache-control") == "no-store")
      return try JSONDecoder().decode(type, from: Data(answer.body))
    }
    #expect(try await body("model", ClusterModel.self) == report.model)
    #expect(try await body("partitions", PartitionMap.self) == report.partitions)
    #expect(try await body("timeline", Timeline.self) == report.timeline)
    #expect(try await body("alerts", AlertList.self) == report.alerts)
  }

  /// What is not known is absent, never null or zero.
  @Test func unknownIsAbsent() async throws {
    let served = try Served()
    served.source.publish(StandInSource.report(1))
    let text = try await served.ask("GET /api/v1/model").text
    #expect(!text.contains("null"))
    #expect(!text.contains("clusterID") && !text.contains("\"offline\":null"))
  }

  @Test func groupsAreFoundByName() async throws {
    let served = try Served()
    var group = GroupView(name: "a/b ü", progress: .ok, since: 1)
    group.partitions = [.init(topic: "t", partition: 0, progress: .ok)]
    served.source.state.withLock { $0.groups["a/b ü"] = group }
    let found = try await served.ask("GET /api/v1/groups/a%2Fb%20%C3%BC")
    #expect(try JSONDecoder().decode(GroupView.self, from: Data(found.body)) == group)
    let missing = try await served.ask("GET /api/v1/groups/none")
    #expect(missing.status == 404)
    #expect(try code(missing) == "no_group")
  }

  @Test func pageIsServedFromTheBinary() async throws {
    let served = try Served()
    let page = try await served.ask("GET /")
    #expect(page.status == 200 && page.header("content-type") == "text/html; charset=utf-8")
    #expect(page.text.contains("<!doctype html>") || page.text.contains("<!DOCTYPE html>"))
    #expect(page.header("content-security-policy")?.contains("default-src 'self'") == true)
    let tag = try #require(page.header("etag"))
    #expect(try await served.ask("GET /", headers: "If-None-Match: \(tag)\r\n").status == 304)
    #expect(try await served.ask("GET /main.js").header("content-type")?.hasPrefix("text/javascript") == true)
    for path in ["/../Package.swift", "/%2e%2e/%2e%2e/etc/passwd", "/Web/main.js", "/main.js/", "/api/v2/model"] {
      #expect(try await served.ask("GET \(path)").status == 404, "\(path)")
    }
    #expect(try await served.ask("GET /health/live").text == #"{"status":"live"}"#)
  }

  @Test func aboutSaysWhatVisitorsMayDo() async throws {
    func about(_ change: (inout DashboardOptions) -> Void) async throws -> [String: Any] {
      let answer = try await Served(change).ask("GET /api/v1/about")
      return try #require(JSONSerialization.jsonObject(with: Data(answer.body)) as? [String: Any])
    }
    let shows = try await about { _ in }
    #expect(shows["version"] as? String == "7")
    #expect(shows["allowActions"] as? Bool == false && shows["canControlBrokers"] as? Bool == false)
    #expect(shows["engine"] == nil)
    let acts = try await about {
      $0.allowsActions = true
      $0.engine = "embedded"
      $0.controlBroker = { _, _ in }
    }
    #expect(acts["allowActions"] as? Bool == true && acts["canControlBrokers"] as? Bool == true)
    #expect(acts["engine"] as? String == "embedded")
  }

  // MARK: the stream

  /// A new reader gets everything, later only what changed; every second has its own event.
  @Test func streamTellsWhatChanged() async throws {
    let served = try Served()
    served.source.publish(StandInSource.report(1, markers: [1]))
    let events = try events(of: served)
    var names: [String] = []
    for _ in 0..<3 { names.append(try events.next().name) }
    #expect(Set(names) == ["partitions", "alerts", "model"])

    served.source.publish(StandInSource.report(2, markers: [1, 2]))
    let second = try events.next()
    #expect(second.name == "second")
    #expect((second.data["markers"] as? [[String: Any]])?.map { $0["number"] as? Int } == [2])
    let model = try events.next()
    #expect(model.name == "model" && model.data["sequence"] as? Int == 2)
    // A hostile name comes through as it is; escaping is for whoever shows it.
    #expect((model.data["topics"] as? [[String: Any]])?.first?["name"] as? String == "</script>\u{1F600}\"")

    served.source.publish(StandInSource.report(3, mapVersion: 2, markers: [2]))
    #expect(try events.next().name == "partitions")
    #expect((try events.next().data["markers"] as? [Any])?.isEmpty == true)
    #expect(try events.next().name == "model")

    let alert = Alert(
      id: "1", name: "BrokerDown", severity: .critical, state: .firing, summary: "s", action: "a", subject: nil,
      firedAt: 5)
    served.source.publish(StandInSource.report(4, mapVersion: 2, alerts: AlertList(firing: [alert])))
    #expect(try events.next().name == "alerts")
  }

  @Test func stoppingEndsStreamsAndSubscription() async throws {
    let served = try Served()
    served.source.publish(StandInSource.report(1))
    let events = try events(of: served)
    _ = try events.next()
    served.server.stop()
    #expect(throws: (any Error).self) { while true { _ = try events.next() } }
    #expect(served.source.state.withLock { $0.subscribers.isEmpty })
  }

  // MARK: acting

  private static let actions = [
    ("/api/v1/alerts/1/acknowledge", #"{"by":"me"}"#),
    ("/api/v1/alerts/silences", #"{"name":"BrokerDown","minutes":5}"#),
    ("/api/v1/brokers/2/kill", ""), ("/api/v1/brokers/2/pause", ""), ("/api/v1/brokers/2/resume", ""),
    ("/api/v1/brokers/2/start", ""), ("/api/v1/topics/t/messages", #"{"value":"x"}"#),
  ]

  @Test(arguments: actions) func nothingIsChangedUnlessAllowed(_ path: String, _ body: String) async throws {
    let acted = Mutex(0)
    let served = try Served { $0.controlBroker = { _, _ in acted.withLock { $0 += 1 } } }
    let answer = try await served.ask("POST \(path)", body: body)
    #expect(answer.status == 403)
    #expect(try code(answer) == "read_only")
    #expect(served.source.calls.isEmpty && acted.withLock { $0 } == 0)
  }

  /// Neither by a link nor by another page, even where acting is allowed.
  @Test(arguments: actions) func nothingIsChangedByStrangers(_ path: String, _ body: String) async throws {
    let acted = Mutex(0)
    let served = try Served {
      $0.allowsActions = true
      $0.controlBroker = { _, _ in acted.withLock { $0 += 1 } }
    }
    let byLink = try await served.ask("GET \(path)")
    // The messages can be read there; without a cluster that fails, and changes nothing.
    #expect(path.hasSuffix("/messages") ? byLink.status >= 500 : byLink.status == 405)
    #expect(try await served.ask("POST \(path)", headers: "Origin: http://evil.example\r\n", body: body).status == 403)
    #expect(try await served.ask("POST \(path)", headers: "Sec-Fetch-Site: cross-site\r\n", body: body).status == 403)
    #expect(served.source.calls.isEmpty && acted.withLock { $0 } == 0)
  }

  /// Pages of strangers do not even make the server work; the address bar and programs are answered.
  @Test func strangersPagesReadNothing() async throws {
    let served = try Served()
    served.source.publish(StandInSource.report(1))
    for site in ["cross-site", "same-site"] {
      for path in ["model", "events", "topics/t", "topics/t/messages"] {
        let answer = try await served.ask("GET /api/v1/\(path)", headers: "Sec-Fetch-Site: \(site)\r\n")
        #expect(answer.status == 403, "\(site) \(path)")
        #expect(try code(answer) == "foreign_origin")
      }
      #expect(try await served.ask("GET /", headers: "Sec-Fetch-Site: \(site)\r\n").status == 200)
    }
    for headers in ["", "Sec-Fetch-Site: same-origin\r\n", "Sec-Fetch-Site: none\r\n"] {
      #expect(try await served.ask("GET /api/v1/model", headers: headers).status == 200, "\(headers)")
    }
  }

  @Test func alertsAreAcknowledgedAndSilenced() async throws {
    let served = try Served { $0.allowsActions = true }
    served.source.state.withLock { $0.firing = ["7"] }
    #expect(try await served.ask("POST /api/v1/alerts/7/acknowledge", body: #"{"by":"ann"}"#).status == 204)
    #expect(try await served.ask("POST /api/v1/alerts/8/acknowledge", body: #"{"by":"ann"}"#).status == 404)
    #expect(
      try await served.ask("POST /api/v1/alerts/silences", body: #"{"name":"BrokerDown","minutes":30}"#).status == 204)
    #expect(
      try await served.ask("POST /api/v1/alerts/silences", body: #"{"name":"BrokerDown","minutes":0}"#).status == 204)
    #expect(
      served.source.calls == [
        "acknowledge 7 ann", "acknowledge 8 ann", "silence BrokerDown until", "silence BrokerDown never",
      ])
    for (path, body) in [
      ("7/acknowledge", ""), ("7/acknowledge", "{}"), ("7/acknowledge", #"{"by":""}"#), ("7/acknowledge", "\u{0}"),
      ("7/acknowledge", #"{"by":"\#(String(repeating: "x", count: 101))"}"#),
      ("silences", #"{"name":"x","minutes":-1}"#), ("silences", #"{"name":"x","minutes":1e300}"#),
      ("silences", #"{"name":"","minutes":1}"#), ("silences", "[]"),
    ] {
      #expect(try await served.ask("POST /api/v1/alerts/\(path)", body: body).status == 400, "\(path) \(body)")
    }
    #expect(served.source.calls.count == 4)
  }

  @Test func brokersAreKilledAndStarted() async throws {
    let acted = Mutex<[String]>([])
    struct Refused: Error, CustomStringConvertible { let description = "it does not run" }
    let served = try Served {
      $0.allowsActions = true
      $0.controlBroker = { action, broker in
        if broker == 9 { throw Refused() }
        acted.withLock { $0.append("\(action) \(broker)") }
      }
    }
    for action in ["kill", "start", "pause", "resume"] {
      #expect(try await served.ask("POST /api/v1/brokers/2/\(action)").status == 202)
    }
    #expect(acted.withLock { $0 } == ["kill 2", "start 2", "pause 2", "resume 2"])
    let refused = try await served.ask("POST /api/v1/brokers/9/kill")
    #expect(refused.status == 409 && refused.text.contains("it does not run"))
    for path in ["x/kill", "99999999999/kill", "2.5/kill"] {
      #expect(try await served.ask("POST /api/v1/brokers/\(path)").status == 400, "\(path)")
    }
    #expect(try await served.ask("POST /api/v1/brokers/2/explode").status == 404)
    #expect(acted.withLock { $0.count } == 4)
    let foreign = try await Served { $0.allowsActions = true }.ask("POST /api/v1/brokers/2/kill")
    #expect(foreign.status == 409)
    #expect(try code(foreign) == "not_ours")
  }

  // MARK: bad questions, and no cluster

  @Test(arguments: [
    "from=yesterday", "from=offset", "from=offset&offset=-1", "from=offset&offset=99999999999999999999", "from=time",
    "limit=0", "limit=501", "limit=x", "partition=-1", "partition=2147483648",
    "key=\(String(repeating: "k", count: 1025))", "before=7", "before=0:-1", "before=-1:0", "before=0:1,",
    "before=0:1,0:2", "before=0:1&partition=0", "before=0:1&from=offset&offset=0",
  ])
  func badQueriesAreRefused(_ query: String) async throws {
    let answer = try await Served().ask("GET /api/v1/topics/t/messages?\(query)")
    #expect(answer.status == 400)
    #expect(try code(answer) == "bad_query")
  }

  @Test func clusterThatDoesNotAnswerIsAnError() async throws {
    let served = try Served { $0.allowsActions = true }
    for line in ["GET /api/v1/topics/t", "GET /api/v1/topics/t/messages", "POST /api/v1/topics/t/messages"] {
      let answer = try await served.ask(line, body: line.hasPrefix("POST") ? #"{"value":"x"}"# : "")
      #expect([502, 504].contains(answer.status), "\(line): \(answer.status)")
      _ = try code(answer)
    }
    #expect(try await served.ask("POST /api/v1/topics/t/messages", body: #"{"key":"k"}"#).status == 400)
    let large = String(repeating: "x", count: (64 << 10) + 1)
    #expect(try await served.ask("POST /api/v1/topics/t/messages", body: #"{"value":"\#(large)"}"#).status == 413)
    #expect(try await served.ask("GET /api/v1/topics/\(String(repeating: "t", count: 250))").status == 404)
  }

  /// What the server refuses by itself reads like what the API refuses: the page shows its message.
  @Test func everyRefusalHasTheSameForm() async throws {
    let served = try Served { $0.allowsActions = true }
    for (line, headers, status, expected) in [
      ("GET /nothing", "", 404, "not_found"), ("DELETE /api/v1/model", "", 405, "method_not_allowed"),
      ("GET /%", "", 400, "malformed"), ("POST /api/v1/brokers/1/kill", "Origin: null\r\n", 403, "foreign_origin"),
    ] {
      let answer = try await served.ask(line, headers: headers)
      #expect(answer.status == status, "\(line)")
      #expect(try code(answer) == expected, "\(line)")
    }
    let locked = try Served { $0.token = "abcdefghijklmnop" }
    #expect(try code(try await locked.ask("GET /api/v1/model")) == "token_required")
  }

  // MARK: who is let in

  @Test func otherMachinesNeedTheToken() async throws {
    #expect(throws: HTTPServerError.tokenRequired(address: "0.0.0.0")) { try Served { $0.address = "0.0.0.0" } }
    let token = "abcdefghijklmnop"
    let served = try Served {
      $0.address = "0.0.0.0"
      $0.token = token
      $0.hosts = ["board.example"]
    }
    served.source.publish(StandInSource.report(1))
    for path in ["/", "/main.js", "/api/v1/model", "/api/v1/events", "/api/v1/about", "/nothing"] {
      #expect(try await served.ask("GET \(path)").status == 401, "\(path)")
    }
    #expect(try await served.ask("GET /health/live").status == 200)
    #expect(try await served.ask("GET /api/v1/model", headers: "Authorization: Bearer \(token)\r\n").status == 200)
    let client = try RawClient(port: served.port)
    client.send(
      "GET /health/live HTTP/1.1\r\nHost: evil.example\r\n\r\nGET /health/live HTTP/1.1\r\nHost: board.example\r\n\r\n")
    #expect(try client.answer().status == 421)
    #expect(try client.answer().status == 200)
  }
}
