import KafkaClient
import Synchronization

/// Tells other systems of alerts: a signed JSON POST when one fires and when it clears.
///
/// Each URL has a queue of its own, kept in order, bounded, retried with growing pauses; nothing here ever makes the
/// caller wait. What a receiver refuses for good (4xx, a redirection) is given up; redirections are not followed.
public final class Webhooks: Sendable {
  /// Waiting for one URL; when more come, the oldest are dropped.
  static let queueMax = 100
  /// Tries of one delivery: over about ten minutes.
  static let triesMax = 15
  static let patience = Duration.seconds(5)

  private let queues: [AsyncStream<WebhookDelivery>.Continuation]
  private let workers: [Task<Void, Never>]
  private let tally = Tally()

  /// What became of deliveries, over all URLs.
  public struct Counts: Sendable, Equatable {
    public var delivered = 0
    /// Refused for good, or tried too often.
    public var abandoned = 0
    /// Pushed out of a full queue.
    public var dropped = 0
  }

  /// - Parameters:
  ///   - targets: where to POST.
  ///   - key: signs the bodies (HMAC-SHA256); empty: no signature.
  ///   - authorities: a file of PEM certificates that vouch for `https://` receivers, instead of the system's.
  ///   - say: told, once for each receiver and reason, why nothing arrives there; and that it does again.
  public convenience init(
    _ targets: [WebhookTarget], key: [UInt8] = [], authorities: String? = nil,
    say: @escaping @Sendable (String) -> Void = { _ in }
  ) {
    self.init(targets, key: key, authorities: authorities, say: say, pause: Self.pause(after:))
  }

  init(
    _ targets: [WebhookTarget], key: [UInt8], authorities: String? = nil,
    say: @escaping @Sendable (String) -> Void = { _ in }, pause: @escaping @Sendable (Int) -> Duration
  ) {
    var queues: [AsyncStream<WebhookDelivery>.Continuation] = []
    var streams: [(WebhookTarget, AsyncStream<WebhookDelivery>)] = []
    for target in targets {
      let (stream, queue) = AsyncStream<WebhookDelivery>.makeStream(bufferingPolicy: .bufferingNewest(Self.queueMax))
      queues.append(queue)
      streams.append((target, stream))
    }
    self.queues = queues
    let tally = tally
    workers = streams.map { target, stream in
      Task.detached {
        var trouble: String?
        for await delivery in stream {
          let request = WebhookRequest(target: target, delivery: delivery, key: key, authorities: authorities)
          let isDone = await Self.deliver(request, pause: pause) { news in
            guard news != trouble else { return }
            trouble = news
            say("webhook \(target.origin): \(news ?? "takes alerts again")")
          }
          if Task.isCancelled { return }
          tally.add { if isDone { $0.delivered += 1 } else { $0.abandoned += 1 } }
        }
      }
    }
  }

  deinit { stop() }

  public var figures: Counts { tally.counts }

  /// Queues what fired or cleared (`AlertBook.changes`), leaving out what is silenced. Returns at once.
  public func send(_ changes: [Alert], model: ClusterModel) {
    for alert in changes where alert.silencedUntil == nil {
      let delivery = WebhookDelivery(alert, model)
      for queue in queues {
        if case .dropped = queue.yield(delivery) { tally.add { $0.dropped += 1 } }
      }
    }
  }

  /// Ends; what is still queued is dropped.
  public func stop() {
    for queue in queues { queue.finish() }
    for worker in workers { worker.cancel() }
  }

  /// 1 s, 2 s, 4 s… at most a minute.
  static func pause(after tries: Int) -> Duration { .seconds(min(60, 1 << min(max(0, tries - 1), 6))) }

  /// False when it was given up. `note` hears of every trouble; nil: it went well.
  private static func deliver(
    _ request: WebhookRequest, pause: @Sendable (Int) -> Duration, _ note: (String?) -> Void
  ) async -> Bool {
    for tries in 1...triesMax {
      let outcome = await WorkerThread.run { () -> WebhookRequest.Outcome in
        request.post(at: WallClock.milliseconds, within: patience)
      }
      if Task.isCancelled { return false }
      switch outcome {
      case .accepted:
        note(nil)
        return true
      case .refused(let reason):
        note(reason)
        return false
      case .failed(let reason): note(reason)
      }
      if tries == triesMax { break }
      do { try await Task.sleep(for: pause(tries)) } catch { return false }
    }
    return false
  }

  private final class Tally: Sendable {
    private let state = Mutex(Counts())
    var counts: Counts { state.withLock { $0 } }
    func add(_ change: (inout Counts) -> Void) { state.withLock { change(&$0) } }
  }
}
