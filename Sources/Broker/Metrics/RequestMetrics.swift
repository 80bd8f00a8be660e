import Metrics
import Primitives
import Wire

/// What one listener's requests took, by kind. It belongs to the listener's loop.
///
/// Times are Kafka's five, in microseconds, of which there is one clock reading each: waiting behind others that came
/// in the same turn of the loop (RequestQueue), handling (Local), waiting for followers or for data (Remote), waiting
/// for earlier answers of the connection (ResponseQueue), and until the socket was given the answer (ResponseSend).
final class RequestMetrics {
  /// One kind's figures.
  struct Figures: Sendable {
    var requestQueue = WindowedHistogram()
    var local = WindowedHistogram()
    var remote = WindowedHistogram()
    var responseQueue = WindowedHistogram()
    var responseSend = WindowedHistogram()
    var total = WindowedHistogram()
    var requestBytes = WindowedHistogram()
    /// Answers by version.
    var versions: [Int] = []
    /// Responses' error fields that said NONE.
    var successes = 0
    var failures: [(code: Int16, count: Int)] = []

    mutating func count(_ errors: ErrorTally) {
      successes += errors.successes
      for code in errors.failures {
        if let place = failures.firstIndex(where: { $0.code == code }) {
          failures[place].count += 1
        } else {
          failures.append((code, 1))
        }
      }
    }

    mutating func count(version: Int16) {
      let place = Int(version)
      guard place >= 0 else { return }
      while versions.count <= place { versions.append(0) }
      versions[place] += 1
    }
  }

  /// A request's times, by the loop's clock.
  struct Timing {
    var kind: RequestKind
    let version: Int16
    /// When the turn began that brought it.
    let arrived: Int64
    let started: Int64
    /// When its handler returned without having answered; 0 before.
    var returned: Int64 = 0
    var answered: Int64 = 0
  }

  private(set) var figures: [Figures] = []
  /// Kinds by their place in `figures`.
  private(set) var kinds: [RequestKind] = []
  private var places = [UInt8](repeating: .max, count: RequestKind.count)
  /// Answers of this turn, until the sockets have been given them.
  private var sending: [(place: Int, sent: Int64, arrived: Int64)] = []

  private func place(of kind: RequestKind) -> Int {
    let known = places[Int(kind.index)]
    if known != .max { return Int(known) }
    figures.append(Figures())
    kinds.append(kind)
    places[Int(kind.index)] = UInt8(figures.count - 1)
    return figures.count - 1
  }

  /// An answer is on its way to the socket.
  func sent(_ timing: Timing, requestBytes: Int, at now: Int64) {
    func span(_ from: Int64, _ to: Int64) -> UInt64 { UInt64(max(0, to - from)) / 1000 }
    let place = place(of: timing.kind)
    let instant = Instant(nanoseconds: now)
    let handled = timing.returned == 0 ? timing.answered : timing.returned
    figures[place].requestQueue.record(span(timing.arrived, timing.started), at: instant)
    figures[place].local.record(span(timing.started, handled), at: instant)
    figures[place].remote.record(span(handled, timing.answered), at: instant)
    figures[place].responseQueue.record(span(timing.answered, now), at: instant)
    figures[place].requestBytes.record(UInt64(max(0, requestBytes)), at: instant)
    figures[place].count(version: timing.version)
    sending.append((place, now, timing.arrived))
  }

  /// The sockets have been given what this turn had to send.
  func turnEnded(at clock: () -> Int64) {
    guard !sending.isEmpty else { return }
    let now = clock()
    let instant = Instant(nanoseconds: now)
    for (place, sent, arrived) in sending {
      figures[place].responseSend.record(UInt64(max(0, now - sent)) / 1000, at: instant)
      figures[place].total.record(UInt64(max(0, now - arrived)) / 1000, at: instant)
    }
    sending.removeAll(keepingCapacity: true)
  }

  func count(_ errors: ErrorTally, of kind: RequestKind) { figures[place(of: kind)].count(errors) }

  /// A copy, for another thread to read: costs nothing until the next request.
  var snapshot: RequestFigures { RequestFigures(kinds: kinds, figures: figures) }
}

/// What `RequestMetrics` had at one moment.
struct RequestFigures: Sendable {
  var kinds: [RequestKind] = []
  var figures: [RequestMetrics.Figures] = []
}
