import Primitives

/// What the canary knows, for the model.
extension CanaryCore {
  func view(at now: Instant) -> CanaryView {
    var view = CanaryView()
    view.brokers = lanes.keys.sorted().compactMap { id in lanes[id].map { broker($0, at: now) } }
    let recent = samples.filter { now - $0.ended <= Self.window }
    let produce = Self.sorted(recent.map(\.produce), open: lanes.values.compactMap { unanswered($0, at: now) })
    let endToEnd = Self.sorted(
      recent.map(\.endToEnd), open: lanes.values.compactMap { $0.round.map { now - $0.began } })
    view.producePercentile50 = Self.percentile(produce, 0.5)?.inMilliseconds
    view.producePercentile99 = Self.percentile(produce, 0.99)?.inMilliseconds
    view.produceMax = produce.last?.inMilliseconds
    view.endToEndPercentile99 = Self.percentile(endToEnd, 0.99)?.inMilliseconds
    return view
  }

  private func broker(_ lane: Lane, at now: Instant) -> CanaryView.Broker {
    var view = CanaryView.Broker(id: lane.broker)
    let last = lane.lastRound.flatMap { now - $0.ended <= Self.window ? $0 : nil }
    let age = lane.round.map { now - $0.began } ?? .zero
    view.at = lane.lastRound?.at
    if let round = lane.round, age > .milliseconds(settings.patience) {
      view.ok = false
      view.error = (round.lastError ?? .noAnswer).description
    } else if let last, last.throughOwnBroker || last.error != nil {
      let took = last.endToEnd ?? .milliseconds(settings.requestTimeout)
      view.ok = last.error == nil && took <= .milliseconds(settings.patience)
      view.error = view.ok == true ? nil : last.error?.description ?? "slow"
    }
    view.produceMilliseconds = max(last?.produce, unanswered(lane, at: now))?.inMilliseconds
    view.endToEndMilliseconds = last?.endToEnd?.inMilliseconds
    return view
  }

  /// The age of a write that has no acknowledgement yet.
  private func unanswered(_ lane: Lane, at now: Instant) -> TimeSpan? {
    guard let round = lane.round, round.acknowledged == nil else { return nil }
    return now - round.began
  }

  private func max(_ a: TimeSpan?, _ b: TimeSpan?) -> TimeSpan? {
    guard let a, let b else { return a ?? b }
    return Swift.max(a, b)
  }

  /// What has no answer yet has taken at least its age. Younger ones than the median say nothing yet.
  private static func sorted(_ done: [TimeSpan], open: [TimeSpan]) -> [TimeSpan] {
    let median = percentile(done.sorted(), 0.5) ?? .zero
    return (done + open.filter { $0 >= median }).sorted()
  }

  /// The smallest value that this share of all does not exceed (nearest rank); nil of none.
  static func percentile(_ sorted: [TimeSpan], _ share: Double) -> TimeSpan? {
    guard !sorted.isEmpty else { return nil }
    let rank = Int((Double(sorted.count) * share).rounded(.up))
    return sorted[min(sorted.count, Swift.max(1, rank)) - 1]
  }
}

extension TimeSpan {
  fileprivate var inMilliseconds: Double { Double(nanoseconds / 1_000) / 1_000 }
}
