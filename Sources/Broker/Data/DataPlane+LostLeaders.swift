import Controller
import Primitives

/// Answers that wait for an election: see `LostLeaders`.
extension DataPlane {
  /// A follower's connection to its leader broke.
  func lostConnection(to broker: BrokerID) {
    guard let registration = image.broker(broker), !registration.fenced,
      let until = lostLeaders.lost(broker, epoch: registration.epoch, at: now)
    else { return }
    deadlines.add(until) { [weak self] in self?.releaseHeldAnswers() }
  }

  /// A follower's connection to its leader is there (again).
  func connected(to broker: BrokerID) {
    if lostLeaders.isBack(broker) { releaseHeldAnswers() }
  }

  /// Runs what waited; each looks again whether it still has to.
  func releaseHeldAnswers() {
    for answer in lostLeaders.takeHeld() { answer() }
  }

  /// Runs `answer`, which tells a client who leads; a moment later when the client asks again after a while.
  ///
  /// Such a client may have lost its broker this very moment. A process that ends closes its newest connections first, so
  /// clients hear of it up to some milliseconds before other brokers do, whose connections are older. Who asks more often
  /// than once a second learns of the election soon anyway, and does not wait.
  func tell(_ context: RequestContext, _ answer: @escaping () -> Void) {
    let session = context.session
    guard let last = session.lastTold, now - last >= .seconds(1) else {
      session.lastTold = now
      return answer()
    }
    deadlines.add(now + Self.grace) { [weak self] in
      session.lastTold = self?.now
      answer()
    }
  }

  private static let grace = TimeSpan.milliseconds(5)

  /// Holds `answer` while it would name a leader of `topics` that was just lost. Returns whether it is held.
  ///
  /// An answer about all topics is for people and monitors, who had rather know now.
  func holdIfLeaderIsLost(_ topics: some Sequence<TopicRegistration>, _ answer: @escaping () -> Void) -> Bool {
    guard lostLeaders.isAnyLost else { return false }
    let moment = now
    let mustWait = topics.contains { topic in topic.partitions.contains { isLost($0.leader, at: moment) } }
    if mustWait { lostLeaders.hold(answer) }
    return mustWait
  }

  /// The same for one partition's leader.
  func holdIfLeaderIsLost(_ leader: BrokerID, _ answer: @escaping () -> Void) -> Bool {
    guard lostLeaders.isAnyLost, isLost(leader, at: now) else { return false }
    lostLeaders.hold(answer)
    return true
  }

  private func isLost(_ leader: BrokerID, at moment: Instant) -> Bool {
    guard let registration = image.broker(leader), !registration.fenced else { return false }
    return lostLeaders.holds(leader, epoch: registration.epoch, at: moment)
  }
}
