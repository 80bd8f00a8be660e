import Foundation
import HTTPTestClient
import Testing

/// What is found in a topic, asked over the API, with a broker that holds what the test says.
@Suite struct MessageSearchTests {
  private struct Answer: Decodable {
    struct Message: Decodable, Equatable {
      var partition: Int32
      var offset: Int64
      var value: String?
    }
    struct Older: Decodable, Equatable {
      var partition: Int32
      var before: Int64
    }
    var messages: [Message]
    var scanned: Int
    var complete: Bool
    var older: [Older]?
    var offsets: [Int64] { messages.map(\.offset) }
    /// The query that goes on.
    var before: String { (older ?? []).map { "\($0.partition):\($0.before)" }.joined(separator: ",") }
  }

  /// A broker and the dashboard that asks it.
  private struct Setting {
    let broker: StandInBroker
    let served: Served

    init(_ broker: StandInBroker, allowsActions: Bool = false) throws {
      self.broker = broker
      served = try Served {
        $0.bootstrapServers = "127.0.0.1:\(broker.port)"
        $0.allowsActions = allowsActions
      }
    }

    init(_ logs: HandMadeLog...) throws { try self.init(StandInBroker(logs)) }

    func ask(_ query: String) async throws -> Answer {
      let answer = try await served.ask("GET /api/v1/topics/\(StandInBroker.topic)/messages?\(query)")
      #expect(answer.status == 200, "\(answer.text)")
      return try JSONDecoder().decode(Answer.self, from: Data(answer.body))
    }
  }

  // MARK: the newest

  /// A search that ended at its bound did not see everything; it says so, and where to go on.
  @Test func newestSaysWhatItDidNotLookAt() async throws {
    let setting = try Setting(.filled(0..<25_000, batchOf: 500) { $0 == 100 ? "needle" : "hay" })
    let first = try await setting.ask("value=needle")
    #expect(first.messages.isEmpty)
    #expect(first.scanned == 20_000 && !first.complete)
    #expect(first.older == [.init(partition: 0, before: 5_000)])
    let rest = try await setting.ask("value=needle&before=\(first.before)")
    #expect(rest.offsets == [100])
    #expect(rest.scanned == 5_000 && rest.complete)
    #expect(rest.older == [])
  }

  @Test func newestLooksNoFurtherBackThanItMust() async throws {
    let setting = try Setting(.filled(10..<25_000, batchOf: 500) { "\($0)" })
    let newest = try await setting.ask("limit=3")
    #expect(newest.offsets == [24_999, 24_998, 24_997])
    #expect(newest.scanned == 3 && newest.complete)
    #expect(try await setting.ask("limit=3&before=\(newest.before)").offsets == [24_996, 24_995, 24_994])
    #expect(try await setting.ask("limit=3&before=0:12").offsets == [11, 10])
    #expect(try await setting.ask("limit=3&before=0:10").messages.isEmpty)
    #expect(try await setting.ask("from=offset&offset=20&limit=2").older == nil)
  }

  /// Page by page everything is seen once, whichever partition has the newer messages.
  @Test func lookingFurtherBackMissesAndRepeatsNothing() async throws {
    let logs: [HandMadeLog] = [
      .filled(0..<17, batchOf: 3) { "\($0)" }, .filled(5..<9, batchOf: 4) { "\($0)" }, HandMadeLog(start: 3),
      .filled(10..<40, batchOf: 7) { "\($0)" },
    ]
    let setting = try Setting(StandInBroker(logs))
    var seen: [String] = []
    var page = try await setting.ask("limit=6")
    for _ in 0..<20 {
      seen += page.messages.map { "\($0.partition):\($0.offset)" }
      #expect(page.messages.count == 6 || page.before.isEmpty)
      if page.before.isEmpty { break }
      page = try await setting.ask("limit=6&before=\(page.before)")
    }
    let all = logs.indices.flatMap { index in (logs[index].start..<logs[index].end).map { "\(index):\($0)" } }
    #expect(seen.count == all.count && Set(seen) == Set(all))
  }

  /// What may be read for one request is less than these have; the newest are shown all the same.
  @Test func newestAreTheNewestHoweverLargeTheyAre() async throws {
    let large = String(repeating: "x", count: 400_000)
    let setting = try Setting(.filled(0..<100, batchOf: 1) { _ in large })
    let newest = try await setting.ask("limit=100")
    let shown = newest.messages.count
    #expect(shown > 10 && !newest.complete)
    #expect(newest.offsets == Array((Int64(100 - shown)..<100).reversed()))
    #expect(newest.older == [.init(partition: 0, before: Int64(100 - shown))])
  }

  // MARK: transactions

  /// As KIP-98 has it: a producer's transactional batches are aborted from the first offset named to its ABORT marker.
  @Test func recordsOfAbortedTransactionsAreNotShown() async throws {
    var log = HandMadeLog()
    func add(_ kind: HandMadeBatch.Kind, _ values: String...) {
      log.batches.append(HandMadeBatch(at: log.end, kind, values: values.map { Array($0.utf8) }))
    }
    add(.transactional(producer: 1), "committed", "committed")
    add(.transactional(producer: 2), "aborted", "aborted")
    add(.plain, "plain")
    add(.transactional(producer: 1), "committed")
    add(.transactional(producer: 2), "aborted")
    add(.abort(producer: 2))
    add(.transactional(producer: 2), "committed")
    add(.commit(producer: 2))
    add(.commit(producer: 1))
    add(.transactional(producer: 1), "aborted")
    add(.idempotent(producer: 1), "idempotent")
    add(.abort(producer: 1))
    add(.plain, "plain")
    log.aborted = [(1, 11), (2, 2)]
    let setting = try Setting(log)
    for query in ["from=offset&offset=0", "from=newest"] {
      let answer = try await setting.ask(query)
      #expect(answer.offsets.sorted() == [0, 1, 4, 5, 8, 12, 14], "\(query)")
      #expect(!answer.messages.contains { $0.value == "aborted" }, "\(query)")
      #expect(answer.complete, "\(query)")
    }
    // The transaction began before what is asked for.
    #expect(try await setting.ask("from=offset&offset=3").offsets == [4, 5, 8, 12, 14])
  }

  /// Offsets that hold nothing to show are not taken for messages that were wanted.
  @Test func newestAreFoundBehindAnAbortedTransaction() async throws {
    var log = HandMadeLog.filled(0..<10, batchOf: 5) { "\($0)" }
    let values = (0..<200).map { _ in Array("aborted".utf8) }
    log.batches.append(HandMadeBatch(at: 10, .transactional(producer: 9), values: values))
    log.batches.append(HandMadeBatch(at: 210, .abort(producer: 9)))
    log.aborted = [(9, 10)]
    let newest = try await Setting(log).ask("limit=4")
    #expect(newest.offsets == [9, 8, 7, 6] && newest.complete)
  }

  // MARK: bounds

  /// Each read has connections and memory of its own: there are so many of them, and the next is told to come again.
  @Test func onlySoMuchIsReadAtATime() async throws {
    let broker = try StandInBroker(isSilent: true)
    let served = try Setting(broker).served
    let path = "/api/v1/topics/\(StandInBroker.topic)"
    // On threads: whatever else the task pool is busy with, all of them arrive while the others wait.
    let (answers, answered) = AsyncStream<RawClient.Answer?>.makeStream()
    for index in 0...8 {
      Thread.detachNewThread { [port = served.port] in
        let client = try? RawClient(port: port)
        client?.send("GET \(path)\(index % 2 == 0 ? "" : "/messages") HTTP/1.1\r\nHost: localhost:\(port)\r\n\r\n")
        answered.yield(try? client?.answer())
      }
    }
    var arriving = answers.makeAsyncIterator()
    let refused = try #require(await arriving.next() ?? nil)
    #expect(refused.status == 503)
    #expect(refused.text.contains(#""code":"too_many_reads""#) && refused.text.contains(#""next":"#))
    #expect(try await served.ask("GET /api/v1/about").status == 200)
    broker.close()
    for _ in 0..<8 {
      let status = (await arriving.next() ?? nil)?.status ?? -1
      #expect([502, 504].contains(status), "\(status)")
    }
    #expect(try await served.ask("GET \(path)").status == 502)
  }

  // MARK: writing

  @Test func keyThatIsAbsentIsNull() async throws {
    let broker = try StandInBroker()
    let served = try Setting(broker, allowsActions: true).served
    for body in [#"{"value":"v"}"#, #"{"key":null,"value":"v"}"#, #"{"key":"","value":"v"}"#] {
      let answer = try await served.ask("POST /api/v1/topics/\(StandInBroker.topic)/messages", body: body)
      #expect(answer.text == #"{"partition":0,"offset":7}"# || answer.text == #"{"offset":7,"partition":0}"#)
    }
    // Attributes, timestamp delta, offset delta; the key's length, −1 for null; the value; no headers.
    let records = broker.produced.map { Array($0.suffix(7)) }
    let value = UInt8(ascii: "v")
    #expect(records == [[0, 0, 0, 1, 2, value, 0], [0, 0, 0, 1, 2, value, 0], [0, 0, 0, 0, 2, value, 0]])
  }
}
