import EventLoop

/// Where a handler puts its answer: at once, or later.
///
/// Only the first answer counts. If the client has gone meanwhile, the answer goes nowhere. A responder that is dropped
/// without an answer answers 500, so that no client waits for ever.
public final class HTTPResponder: @unchecked Sendable {
  /// Answers. On the loop's thread only.
  public func respond(_ response: HTTPResponse) {}

  /// Answers from any thread.
  public func respondFromAnyThread(_ response: HTTPResponse) {}

  /// Answers with a stream of events that stays open. On the loop's thread only; nil when there are too many already (the
  /// client got 503) or the client has gone.
  ///
  /// `retryMilliseconds`: after how long a browser is to reconnect when the stream breaks.
  public func stream(retryMilliseconds: Int? = nil) -> EventStream? { nil }
}
