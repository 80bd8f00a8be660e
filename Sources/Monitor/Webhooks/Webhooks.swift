/// Tells other systems of alerts: a signed JSON POST when one fires and when it clears.
///
/// Each URL has a queue of its own, kept in order, bounded, retried with growing pauses; nothing here ever makes the
/// caller wait.
public final class Webhooks: Sendable {
  /// - Parameters:
  ///   - targets: where to POST.
  ///   - key: signs the bodies (HMAC-SHA256); empty: no signature.
  public init(_ targets: [WebhookTarget], key: [UInt8] = []) {}

  /// Queues what fired or cleared (`AlertBook.changes`), leaving out what is silenced. Returns at once.
  public func send(_ changes: [Alert], model: ClusterModel) {}

  /// Ends; what is still queued is dropped.
  public func stop() {}
}
