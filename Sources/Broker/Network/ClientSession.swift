import EventLoop
import Primitives
import Wire

/// What serves the requests that arrive on a listener.
protocol RequestServer: AnyObject {
  /// The versions served of an API on this listener; nil when it is not served.
  func servedVersions(of api: ApiKey) -> ClosedRange<Int16>?
  /// Handles a request; answers by `context.reply`, now or later. `frame` is gone when the call returns.
  func serve(_ context: RequestContext, _ frame: UnsafeMutableRawBufferPointer, bodyStart: Int)
  func sessionEnded(_ session: ClientSession)
  var log: Logger { get }
  var requestMetrics: RequestMetrics { get }
}

/// One client's connection: requests in, responses out in the order of the requests.
///
/// It belongs to its listener's loop; other threads only carry it back there.
final class ClientSession: ConnectionDelegate, @unchecked Sendable {
  let connection: Connection
  private(set) var isEnded = false
  /// When a request came or an answer went last.
  private(set) var lastActive: Instant
  var hasUnanswered: Bool { !slots.isEmpty }
  /// It keeps its sessions only until they have ended, so nobody is kept for ever.
  private let server: any RequestServer
  /// Answers that wait for an earlier one. The head is `firstSlot`.
  private var slots: [Entry] = []
  private var firstSlot = 0
  /// What the client calls itself (ApiVersions).
  var clientSoftware = ""
  /// When the client was last told who leads.
  var lastTold: Instant?
  /// The long poll that this connection waits for.
  weak var waitingFetch: AnyObject?

  private struct Entry {
    var content = Slot.waiting
    var timing: RequestMetrics.Timing
    var requestBytes: Int
  }

  private enum Slot {
    case waiting
    case ready([UInt8])
    /// A frame with payloads to be put in at its gaps.
    case parts([UInt8], [Gap], [OutputBuffer])
    case silent
  }

  /// Ends a rest; see `rest(for:)`.
  private var restTimer: LoopTimer?
  private var isResting = false

  /// More unanswered requests than this and the connection is not read until some are answered.
  private static let maxWaiting = 64
  /// A request that held the loop for longer makes its connection rest, in nanoseconds.
  private static let heavyRequest: Int64 = 10_000_000
  private static let longestRest: Int64 = 1_000_000_000

  init(_ connection: Connection, server: any RequestServer) {
    self.connection = connection
    self.server = server
    lastActive = Instant(nanoseconds: connection.loop.now)
    connection.delegate = self
    connection.context = self
    connection.start()
  }

  func connection(_ connection: Connection, received frame: UnsafeMutableRawBufferPointer) {
    let input = UnsafeRawBufferPointer(frame)
    let started = connection.loop.now
    let prefix: RequestHeader
    do throws(DecodeError) { prefix = try RequestHeader.prefix(of: input) } catch {
      return end("request without a header: \(error)")
    }
    let slot = firstSlot + slots.count
    guard let api = ApiKey(rawValue: prefix.apiKey), let served = server.servedVersions(of: api) else {
      return end("API key \(prefix.apiKey) is not served here")
    }
    guard served.contains(prefix.apiVersion) else {
      // KIP-511: an unknown version of ApiVersions is answered in version 0, with its own range.
      guard api == .apiVersions else {
        return end("\(api.name) v\(prefix.apiVersion) is not served (\(served.lowerBound)–\(served.upperBound))")
      }
      begin(api, prefix.apiVersion, bytes: frame.count, at: started)
      var response = ApiVersionsResponse()
      response.errorCode = ErrorCode.unsupportedVersion.rawValue
      var entry = ApiVersionsResponse.ApiVersion()
      entry.apiKey = api.rawValue
      entry.minVersion = served.lowerBound
      entry.maxVersion = served.upperBound
      response.apiKeys = [entry]
      let (frame, _, errors) = response.countedFrame(version: 0, correlationId: prefix.correlationId)
      return answer(slot, frame, errors)
    }
    do throws(DecodeError) {
      let (header, bodyStart) = try RequestHeader.decode(input, flexible: api.isFlexible(prefix.apiVersion))
      begin(api, prefix.apiVersion, bytes: frame.count, at: started)
      if slots.count >= Self.maxWaiting { connection.pause() }
      server.serve(RequestContext(session: self, slot: slot, api: api, header: header), frame, bodyStart: bodyStart)
      returned(slot)
      let took = connection.loop.now - started
      if took > Self.heavyRequest { rest(for: min(took, Self.longestRest)) }
    } catch {
      end("\(api.name) v\(prefix.apiVersion): \(error)")
    }
  }

  private func begin(_ api: ApiKey, _ version: Int16, bytes: Int, at started: Int64) {
    let arrived = connection.loop.turnBegan
    let timing = RequestMetrics.Timing(
      kind: RequestKind(api), version: version, arrived: arrived == 0 ? started : min(arrived, started),
      started: started)
    slots.append(Entry(timing: timing, requestBytes: bytes + 4))
  }

  /// Reads nothing more for as long as a request took, in nanoseconds.
  ///
  /// A few kilobytes may unfold to many megabytes that have to be checked: who sends one such request after the other
  /// gets half of the loop at most, and the others are served in between. Kafka mutes a channel in the same way to
  /// enforce request quotas (KIP-124).
  private func rest(for duration: Int64) {
    guard !isEnded else { return }
    do throws(IOError) {
      if restTimer == nil {
        restTimer = try LoopTimer(connection.loop) { [weak self] in
          self?.isResting = false
          self?.resumeIfReady()
        }
      }
      isResting = true
      connection.pause()
      restTimer?.start(after: UInt64(max(1, duration / 1_000_000)))
    } catch {
      server.log.warn("no timer for a connection's rest", "peer=\(connection.peer) reason=\"\(error)\"")
    }
  }

  private func resumeIfReady() {
    guard !isEnded, !isResting, slots.count < Self.maxWaiting else { return }
    connection.resume()
  }

  /// The handler has returned: what is still to come is waiting, not work.
  private func returned(_ slot: Int) {
    let index = slot - firstSlot
    guard !isEnded, index >= 0, index < slots.count, case .waiting = slots[index].content else { return }
    slots[index].timing.returned = connection.loop.now
  }

  func connectionEnded(_ connection: Connection, reason: String) {
    guard !isEnded else { return }
    isEnded = true
    restTimer?.close()
    server.log.debug("connection ended", "peer=\(connection.peer) reason=\"\(reason)\"")
    server.sessionEnded(self)
  }

  /// Closes the connection because of what its peer sent.
  func end(_ reason: String) {
    guard !isEnded else { return }
    isEnded = true
    restTimer?.close()
    server.log.warn("connection closed", "peer=\(connection.peer) reason=\"\(reason)\"")
    connection.close()
    server.sessionEnded(self)
  }

  /// Closes the connection without a word: the way to fail an acks=0 produce.
  func drop() {
    guard !isEnded else { return }
    isEnded = true
    restTimer?.close()
    connection.close()
    server.sessionEnded(self)
  }

  fileprivate func answer(_ slot: Int, _ frame: [UInt8], _ errors: ErrorTally) { fill(slot, .ready(frame), errors) }
  fileprivate func answer(
    _ slot: Int, _ frame: [UInt8], _ gaps: [Gap], _ payloads: [OutputBuffer], _ errors: ErrorTally
  ) {
    fill(slot, .parts(frame, gaps, payloads), errors)
  }
  fileprivate func answerNothing(_ slot: Int) { fill(slot, .silent, ErrorTally()) }

  /// The request turns out to be of a kind of its own (see `RequestKind`).
  fileprivate func setKind(_ slot: Int, _ kind: RequestKind) {
    let index = slot - firstSlot
    guard index >= 0, index < slots.count else { return }
    slots[index].timing.kind = kind
  }

  private func send(_ frame: [UInt8], _ gaps: [Gap], _ payloads: [OutputBuffer]) {
    var start = 0
    for (gap, payload) in zip(gaps, payloads) {
      if gap.position > start { connection.send(Array(frame[start..<gap.position])) }
      connection.send(payload)
      start = gap.position
    }
    connection.send(Array(frame[start...]))
  }

  private func fill(_ slot: Int, _ content: Slot, _ errors: ErrorTally) {
    guard !isEnded else { return }
    let index = slot - firstSlot
    invariant(
      index >= 0 && index < slots.count, "answer to request \(slot) of \(firstSlot)..<\(firstSlot + slots.count)")
    let now = connection.loop.now
    slots[index].content = content
    slots[index].timing.answered = now
    server.requestMetrics.count(errors, of: slots[index].timing.kind)
    guard index == 0 else { return }
    var done = 0
    sending: while done < slots.count {
      switch slots[done].content {
      case .waiting: break sending
      case .silent: break
      case .ready(let frame): connection.send(frame)
      case .parts(let frame, let gaps, let payloads): send(frame, gaps, payloads)
      }
      server.requestMetrics.sent(slots[done].timing, requestBytes: slots[done].requestBytes, at: now)
      done += 1
    }
    lastActive = Instant(nanoseconds: connection.loop.now)
    slots.removeFirst(done)
    firstSlot += done
    resumeIfReady()
  }
}

/// One request on its way through the broker; answer it exactly once.
struct RequestContext: Sendable {
  let session: ClientSession
  fileprivate let slot: Int
  let api: ApiKey
  let version: Int16
  let correlationId: Int32
  let clientId: String?

  fileprivate init(session: ClientSession, slot: Int, api: ApiKey, header: RequestHeader) {
    self.session = session
    self.slot = slot
    self.api = api
    version = header.apiVersion
    correlationId = header.correlationId
    clientId = header.clientId
  }

  /// The peer's address as group members show it: `/127.0.0.1`.
  var clientHost: String { "/\(session.connection.peer)" }

  func reply<Response: ResponseMessage>(_ response: Response) {
    guard !session.isEnded else { return }
    let (frame, gaps, errors) = response.countedFrame(version: version, correlationId: correlationId)
    invariant(gaps.isEmpty, "\(Response.name) has payloads that are not given")
    session.answer(slot, frame, errors)
  }

  /// Answers with a response whose `RecordBytes.gap` payloads are `payloads`, in order, each filled to its gap's size.
  func reply<Response: ResponseMessage>(_ response: Response, payloads: [OutputBuffer]) {
    guard !session.isEnded else { return }
    let (frame, gaps, errors) = response.countedFrame(version: version, correlationId: correlationId)
    invariant(
      gaps.count == payloads.count && zip(gaps, payloads).allSatisfy { $0.count == $1.count },
      "payloads do not fill the gaps of \(Response.name)")
    session.answer(slot, frame, gaps, payloads, errors)
  }

  /// A Fetch that turns out to be a follower's.
  func isFollowersFetch() { session.setKind(slot, .followerFetch) }

  /// The request has no response (Produce with acks=0).
  func replyNothing() { session.answerNothing(slot) }
}
