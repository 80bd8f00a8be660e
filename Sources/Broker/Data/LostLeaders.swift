import Primitives

/// Brokers whose connection to this one broke and that the metadata still has as alive.
///
/// Clients of a broker that dies ask another one at once where to go, some ten milliseconds before there are new leaders.
/// Told the dead one, librdkafka asks again only after up to a second. So an answer that would name such a broker is held
/// until the metadata tells what became of it, it can be reached again, or `limit` has passed. A broker that is cut off
/// from the quorum so answers from what it knows, a little later.
struct LostLeaders {
  /// How long after the loss answers wait: longer than an election takes, and not longer than what clients do without it.
  static let limit = TimeSpan.seconds(1)

  private struct Loss {
    var epoch: BrokerEpoch
    var heldUntil: Instant
  }

  private var losses: [BrokerID: Loss] = [:]
  private var held: [() -> Void] = []

  /// The connection to `broker` broke. Of each of its lives only the first loss counts until it is back, so that a broker
  /// that stays away without being fenced holds answers once.
  ///
  /// Returns when the answers that wait for it are due, and nil when this was no news.
  mutating func lost(_ broker: BrokerID, epoch: BrokerEpoch, at now: Instant) -> Instant? {
    guard losses[broker]?.epoch != epoch else { return nil }
    losses[broker] = Loss(epoch: epoch, heldUntil: now + Self.limit)
    return now + Self.limit
  }

  /// The broker can be reached (again). Returns whether it was lost.
  mutating func isBack(_ broker: BrokerID) -> Bool { losses.removeValue(forKey: broker) != nil }

  /// Whether an answer that names `broker`, registered with `epoch`, had better wait.
  func holds(_ broker: BrokerID, epoch: BrokerEpoch, at now: Instant) -> Bool {
    guard let loss = losses[broker] else { return false }
    return loss.epoch == epoch && now < loss.heldUntil
  }

  /// False as long as all is well: then nobody needs to look.
  var isAnyLost: Bool { !losses.isEmpty }

  /// `answer` decides anew when it is called whether it has to wait on.
  mutating func hold(_ answer: @escaping () -> Void) { held.append(answer) }

  mutating func takeHeld() -> [() -> Void] {
    defer { held = [] }
    return held
  }
}
