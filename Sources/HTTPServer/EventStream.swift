/// One event of a stream (HTML, server-sent events), encoded once however many streams it goes to.
public struct ServerSentEvent: Sendable {
  /// The event's type; also what `replacingQueued` goes by.
  public let name: String
  let bytes: [UInt8]

  /// `data` is UTF-8 text, whose lines are kept; `name` and `id` lose line breaks.
  public init(name: String, id: String? = nil, data: [UInt8]) {
    self.name = name
    self.bytes = []
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

  /// Queues an event. With `replacingQueued`, one of the same name that still waits gives way (and is not counted as
  /// dropped): for snapshots, of which only the newest matters.
  public func send(_ event: ServerSentEvent, replacingQueued: Bool = false) {}

  /// Ends the stream after what is queued.
  public func close() {}
}
