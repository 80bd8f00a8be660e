import EventLoop

/// Where a handler puts its answer: at once, or later.
///
/// Only the first answer counts. If the client has gone meanwhile, the answer goes nowhere. A responder that is dropped
/// without an answer answers 500, so that no client waits for ever.
public final class HTTPResponder: @unchecked Sendable {
  /// Touched on the loop's thread only.
  private let exchange: Exchange
  private let loop: EventLoop
  private let wasUsed = Locked(false)

  init(_ exchange: Exchange) {
    self.exchange = exchange
    loop = exchange.server.loop
  }

  deinit {
    guard !wasUsed.withLock({ $0 }) else { return }
    let last = LastWord(exchange: exchange)
    loop.submit { last.say() }
  }

  /// Answers. On the loop's thread only.
  public func respond(_ response: HTTPResponse) {
    wasUsed.withLock { $0 = true }
    exchange.take(.response(response))
  }

  /// Answers from any thread.
  public func respondFromAnyThread(_ response: HTTPResponse) {
    wasUsed.withLock { $0 = true }
    loop.submit { self.exchange.take(.response(response)) }
  }

  /// Answers with a stream of events that stays open. On the loop's thread only; nil when there are too many already (the
  /// client got 503) or the client has gone.
  ///
  /// `retryMilliseconds`: after how long a browser is to reconnect when the stream breaks.
  public func stream(retryMilliseconds: Int? = nil) -> EventStream? {
    wasUsed.withLock { $0 = true }
    let server = exchange.server
    guard server.openStreams < server.limits.streams else {
      exchange.take(.response(.problem(503, "too_many_streams", "too many event streams are open")))
      return nil
    }
    let stream = EventStream(exchange, limits: server.limits, retryMilliseconds: retryMilliseconds)
    guard exchange.take(.stream(stream)) else { return nil }
    server.opened(stream)
    return stream
  }
}

/// Carries an exchange back to its loop.
private struct LastWord: @unchecked Sendable {
  let exchange: Exchange
  func say() { exchange.take(.response(.problem(500, "no_answer", "the server has no answer to this"))) }
}
