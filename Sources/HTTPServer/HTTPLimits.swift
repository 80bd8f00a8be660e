/// What one client, and all of them together, may take from the process.
public struct HTTPLimits: Sendable {
  /// Connections at a time; more wait in the kernel's queue.
  public var connections = 256
  /// Memory of one connection: request line and headers must fit (else 414 or 431), and what is sent leaves in pieces of it.
  public var connectionBytes = 32 << 10
  /// A longer body is refused (413).
  public var bodyBytes = 1 << 20
  /// A connection on which nothing moves for so long is closed; event streams live by their heartbeat.
  public var idleSeconds = 30
  /// Event streams at a time (else 503).
  public var streams = 64
  /// What may wait for one slow reader of an event stream; older events that it has not begun to get are dropped for newer.
  public var streamQueuedEvents = 64
  public var streamQueuedBytes = 8 << 20
  /// A comment goes over each event stream so often; a peer that is gone is noticed by it.
  public var heartbeatSeconds = 10

  public init() {}
}
