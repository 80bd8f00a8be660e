/// One event of a stream (HTML, server-sent events), encoded once however many streams it goes to.
public struct ServerSentEvent: Sendable {
  /// The event's type; also what `replacingQueued` goes by.
  public let name: String
  let bytes: [UInt8]

  /// `data` is UTF-8 text, whose lines are kept; `name` and `id` lose line breaks.
  public init(name: String, id: String? = nil, data: [UInt8]) {
    self.name = name
    var bytes: [UInt8] = []
    bytes.reserveCapacity(data.count + name.utf8.count + 64)
    Self.append("event: ", name.utf8.filter { $0 >= 0x20 }, to: &bytes)
    if let id { Self.append("id: ", id.utf8.filter { $0 >= 0x20 }, to: &bytes) }
    // CR, LF and CRLF all end a line there.
    var start = 0
    for index in 0..<data.count where data[index] == 0x0a || data[index] == 0x0d {
      if index > 0, data[index] == 0x0a, data[index - 1] == 0x0d {
        start = index + 1
        continue
      }
      Self.append("data: ", data[start..<index], to: &bytes)
      start = index + 1
    }
    Self.append("data: ", data[start...], to: &bytes)
    bytes.append(0x0a)
    self.bytes = bytes
  }

  private static func append(_ field: String, _ value: some Sequence<UInt8>, to bytes: inout [UInt8]) {
    bytes.append(contentsOf: field.utf8)
    bytes.append(contentsOf: value)
    bytes.append(0x0a)
  }
}

/// An open stream of server-sent events to one client. On the loop's thread only.
///
/// Events wait in a queue with a cap (`HTTPLimits`); a reader too slow for it loses the oldest, which are counted, and
/// harms nobody else.
public final class EventStream {
  /// Events that this reader lost by being slow.
  public private(set) var droppedEvents = 0
  public private(set) var isClosed = false
  /// Called once when the client has gone or the server closes; not after `close()`.
  public var closed: (() -> Void)?

  private struct Queued {
    var name: String?
    var bytes: [UInt8]
  }

  private weak var exchange: Exchange?
  private let limits: HTTPLimits
  private var queue: [Queued] = []
  private var queuedBytes = 0
  /// Bytes of the first in the queue that are sent already: it can neither be dropped nor replaced.
  private var sentOfFirst = 0

  init(_ exchange: Exchange, limits: HTTPLimits, retryMilliseconds: Int?) {
    self.exchange = exchange
    self.limits = limits
    // Something to send at once, so that the client knows the stream is open.
    let opening = retryMilliseconds.map { "retry: \($0)\n\n" } ?? ":\n\n"
    enqueue(Queued(bytes: Array(opening.utf8)))
  }

  /// Queues an event. With `replacingQueued`, one of the same name that still waits gives way (and is not counted as
  /// dropped): for snapshots, of which only the newest matters.
  public func send(_ event: ServerSentEvent, replacingQueued: Bool = false) {
    guard !isClosed else { return }
    if replacingQueued, let index = queue.lastIndex(where: { $0.name == event.name }), !hasBegun(index) {
      queuedBytes -= queue.remove(at: index).bytes.count
    }
    guard event.bytes.count <= limits.streamQueuedBytes else {
      droppedEvents += 1
      return
    }
    enqueue(Queued(name: event.name, bytes: event.bytes))
    while queue.count > limits.streamQueuedEvents || queuedBytes > limits.streamQueuedBytes {
      let oldest = hasBegun(0) ? 1 : 0
      guard oldest < queue.count - 1 else { break }
      let dropped = queue.remove(at: oldest)
      queuedBytes -= dropped.bytes.count
      if dropped.name != nil { droppedEvents += 1 }
    }
    exchange?.resume()
  }

  /// Ends the stream after what is queued.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    closed = nil
    exchange?.resume()
  }

  private func enqueue(_ item: Queued) {
    queue.append(item)
    queuedBytes += item.bytes.count
  }

  private func hasBegun(_ index: Int) -> Bool { index == 0 && sentOfFirst > 0 }

  // MARK: the server's side

  /// A comment, unless something waits anyway: a peer that is gone is noticed only by writing to it.
  func beat() {
    guard !isClosed, queue.isEmpty else { return }
    enqueue(Queued(bytes: [0x3a, 0x0a, 0x0a]))
    exchange?.resume()
  }

  /// Copies what waits; -1 (the library's end of stream) when nothing will come any more. With nothing to send now the
  /// connection rests until the next event.
  func read(into space: UnsafeMutableRawBufferPointer) -> Int {
    var filled = 0
    while filled < space.count, let first = queue.first {
      let count = min(first.bytes.count - sentOfFirst, space.count - filled)
      first.bytes.withUnsafeBytes { bytes in
        UnsafeMutableRawBufferPointer(rebasing: space[filled...])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[sentOfFirst..<(sentOfFirst + count)]))
      }
      filled += count
      sentOfFirst += count
      queuedBytes -= count
      if sentOfFirst == first.bytes.count {
        queue.removeFirst()
        sentOfFirst = 0
      }
    }
    if filled > 0 { return filled }
    if isClosed { return -1 }
    _ = exchange?.suspend()
    return 0
  }

  /// The connection is over.
  func ended() {
    let wasClosed = isClosed
    isClosed = true
    queue = []
    queuedBytes = 0
    let closed = closed
    self.closed = nil
    if !wasClosed { closed?() }
  }
}
