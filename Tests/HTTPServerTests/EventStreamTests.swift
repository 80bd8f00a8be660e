import EventLoop
import HTTPTestClient
import Testing

@testable import HTTPServer

/// Server-sent events over real sockets.
@Suite struct EventStreamTests {
  /// The streams of a server, on its loop.
  private final class Streams: @unchecked Sendable {
    var open: [EventStream] = []
    var ended = 0
    var lastEventIDs: [String?] = []
  }

  private func serve(limits: HTTPLimits = HTTPLimits()) throws -> (TestServer, Streams) {
    let streams = Streams()
    let server = try TestServer(limits: limits) { server in
      server.route(.get, "/events") { request, responder in
        streams.lastEventIDs.append(request.lastEventID)
        guard let stream = responder.stream(retryMilliseconds: 1000) else { return }
        stream.closed = { streams.ended += 1 }
        streams.open.append(stream)
      }
    }
    return (server, streams)
  }

  private func subscribe(_ server: TestServer, headers: String = "") throws -> RawClient {
    let client = try server.connect()
    client.send("GET /events HTTP/1.1\r\n\(server.host)\(headers)\r\n")
    let head = try client.head()
    #expect(head.status == 200)
    #expect(head.header("content-type") == "text/event-stream")
    #expect(String(decoding: try client.chunk(), as: UTF8.self) == "retry: 1000\n\n")
    return client
  }

  @Test func eventsReachEveryStream() throws {
    let (server, streams) = try serve()
    let clients = [try subscribe(server), try subscribe(server, headers: "Last-Event-ID: 41\r\n")]
    #expect(server.onLoop { _ in streams.lastEventIDs } == [nil, "41"])
    for number in 0..<3 {
      server.onLoop { _ in
        let event = ServerSentEvent(name: "model", id: "\(number)", data: Array("{\"n\":\(number)}".utf8))
        for stream in streams.open { stream.send(event) }
      }
      for client in clients {
        let text = String(decoding: try client.chunk(), as: UTF8.self)
        #expect(text == "event: model\nid: \(number)\ndata: {\"n\":\(number)}\n\n")
      }
    }
    server.onLoop { _ in streams.open[0].close() }
    #expect(try clients[0].chunk().isEmpty)
    // Who closes it knows.
    #expect(server.onLoop { _ in streams.ended } == 0)
  }

  /// Larger than a connection's memory: it leaves in pieces, whole.
  @Test func largeEventsArriveWhole() throws {
    let (server, streams) = try serve()
    let client = try subscribe(server)
    let data = (0..<500_000).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    server.onLoop { _ in streams.open[0].send(ServerSentEvent(name: "m", data: data)) }
    let wanted = Array("event: m\ndata: ".utf8) + data + Array("\n\n".utf8)
    var received: [UInt8] = []
    while received.count < wanted.count { received += try client.chunk() }
    let isWhole = received == wanted
    #expect(isWhole)
  }

  /// One client reads nothing. It loses events, which are counted; the other gets every one, in order.
  @Test func slowReadersHarmNobodyElse() throws {
    var limits = HTTPLimits()
    limits.streamQueuedEvents = 8
    let (server, streams) = try serve(limits: limits)
    let slow = try RawClient(port: server.port, receiveBytes: 4096)
    slow.send("GET /events HTTP/1.1\r\n\(server.host)\r\n")
    _ = try slow.head()
    let quick = try subscribe(server)
    let filler = [UInt8](repeating: 0x78, count: 64 << 10)
    for number in 0..<200 {
      server.onLoop { _ in
        let event = ServerSentEvent(name: "n\(number)", data: filler)
        for stream in streams.open { stream.send(event) }
      }
      let wanted = "event: n\(number)\ndata: ".utf8.count + filler.count + 2
      var received: [UInt8] = []
      while received.count < wanted { received += try quick.chunk() }
      #expect(received.starts(with: Array("event: n\(number)\n".utf8)) && received.count == wanted)
    }
    #expect(server.onLoop { _ in streams.open[1].droppedEvents } == 0)
    #expect(server.onLoop { _ in streams.open[0].droppedEvents } ?? 0 > 100)
    // What the slow one does get is whole: it reads on to the newest.
    var text = ""
    while !text.contains("event: n199\n") { text += String(decoding: try slow.chunk(), as: UTF8.self) }
    #expect(try server.ask("GET /hello").status == 200)
  }

  /// Snapshots: who is slow gets the newest, not a queue of old ones.
  @Test func snapshotsReplaceEachOther() throws {
    let (server, streams) = try serve()
    let client = try subscribe(server)
    server.onLoop { _ in
      for number in 0..<100 {
        streams.open[0].send(ServerSentEvent(name: "model", data: Array("\(number)".utf8)), replacingQueued: true)
      }
      streams.open[0].send(ServerSentEvent(name: "alerts", data: Array("a".utf8)), replacingQueued: true)
    }
    #expect(
      String(decoding: try client.chunk(), as: UTF8.self) == "event: model\ndata: 99\n\nevent: alerts\ndata: a\n\n")
    #expect(server.onLoop { _ in streams.open[0].droppedEvents } == 0)
  }

  /// The heartbeat's writing finds them.
  @Test func goneReadersAreNoticed() throws {
    var limits = HTTPLimits()
    limits.heartbeatSeconds = 1
    let (server, streams) = try serve(limits: limits)
    let stays = try subscribe(server)
    let goes = try subscribe(server)
    goes.close()
    // Each chunk is a beat; the loop ends by the client's patience if the other is never found gone.
    while server.onLoop({ _ in streams.ended }) == 0 {
      #expect(String(decoding: try stays.chunk(), as: UTF8.self) == ":\n\n")
    }
    #expect(server.onLoop { _ in streams.open.map(\.isClosed) } == [false, true])
  }

  @Test func tooManyStreamsAreRefused() throws {
    var limits = HTTPLimits()
    limits.streams = 1
    let (server, _) = try serve(limits: limits)
    let first = try subscribe(server)
    #expect(try server.ask("GET /events").status == 503)
    #expect(try server.ask("HEAD /events").status == 503)
    first.close()
  }

  @Test func closingTheServerEndsStreams() throws {
    let (server, streams) = try serve()
    let client = try subscribe(server)
    server.stop()
    _ = client.readsToTheEnd()
    #expect(server.onLoop { _ in streams.ended } == 1)
  }
}
