import CommandLineTool

/// Rules about controller, partitions and the cluster as a whole.
extension AlertRule {
  static func clusterUnreachable(_ context: Context) -> [Finding]? {
    let model = context.model
    let reason = context.reason("unreachable")
    // Brokers that all refuse are known to be gone; those that say nothing are unknown: nobody can be asked either way.
    // A warning is of brokers that start.
    guard model.verdict.word == .unknown && reason?.severity != .warning || reason?.severity == .critical else {
      return [.well()]
    }
    let why = reason?.text ?? model.blindSpots.first ?? "no broker answered"
    return [
      .bad(
        nil,
        model.verdict.word == .unknown
          ? "nothing is known of the cluster at \(model.bootstrapServers): \(why)"
          : "the cluster at \(model.bootstrapServers) is down: \(why)",
        "check that the brokers run and that this machine reaches them: "
          + context.command("status"))
    ]
  }

  static func noController(_ context: Context) -> [Finding]? {
    let model = context.model
    if model.verdict.word == .unknown { return nil }
    if model.controller.id != nil { return [.well()] }
    guard let reason = context.reason("no-controller") else { return nil }
    return [
      .bad(
        nil, "\(reason.text): no topic can be made, no partition gets a new leader",
        "bring a majority of the controllers back; see which of them answer: " + context.command("status"))
    ]
  }

  static func offlinePartitions(_ context: Context) -> [Finding]? {
    partitions(context, context.model.partitions.offline) { count, total in
      let first = context.model.troubledPartitions.first { $0.trouble == .offline }
      // Where nobody serves, nobody describes a topic, either.
      let described = context.reason("unreachable") == nil ? first : nil
      let words = described.map { "topics describe \(Phrase.word(Phrase.clean($0.topic)))" } ?? "status"
      return .bad(
        nil, "\(count) of \(total) have no leader: they can be neither read nor written",
        "start the brokers that hold them, those of the last ISR first: " + context.command(words))
    }
  }

  static func underMinISR(_ context: Context) -> [Finding]? {
    partitions(context, context.model.partitions.underMinISR) { count, total in
      .bad(
        nil, "\(count) of \(total) have fewer in-sync replicas than min.insync.replicas: acks=all writes are refused",
        "bring brokers of their replica lists back; do not lower min.insync.replicas before you know that the last "
          + "in-sync replica is safe: " + context.command("status"))
    }
  }

  static func underReplicated(_ context: Context) -> [Finding]? {
    partitions(context, context.model.partitions.underReplicated) { count, total in
      .bad(
        nil, "\(count) of \(total) have replicas that are not in sync",
        "start the broker that is missing; when all run, look for a slow disk or network at the one that lags: "
          + context.command("status"))
    }
  }

  static func noFailureTolerated(_ context: Context) -> [Finding]? {
    let model = context.model
    guard let failures = model.tolerance.failures else { return nil }
    // One broker alone never tolerates a failure, and whoever runs it knows.
    guard failures == 0, model.brokers.count > 1 else { return [.well()] }
    return [
      .bad(
        nil,
        (model.tolerance.writesBlocked == true ? "writes are refused" : "the next broker that fails stops writes")
          + ": \(model.tolerance.reason)",
        "bring the missing broker back before anything else, and restart no other: " + context.command("status"))
    ]
  }

  static func controllerFlapping(_ context: Context) -> [Finding]? {
    guard context.controllerChanges >= context.settings.controllerChanges else { return [.well()] }
    return [
      .bad(
        nil,
        "the controller changed \(context.controllerChanges) times within \(Phrase.time(Double(context.settings.controllerWindow)))",
        "look for pauses, a slow disk or lost packets between the controllers; their logs (broker-N/broker.log) name "
          + "the elections: " + context.command("status"))
    ]
  }

  static func errorRate(_ context: Context) -> [Finding]? {
    let model = context.model
    if model.verdict.word == .unknown { return nil }
    // Without rates nothing is known, unless somebody counted, or the canary ran, and nothing failed.
    let isCounted = model.brokers.contains { $0.requestErrorsPerSecond != nil }
    if model.traffic.errorsPerSecond.isEmpty, !isCounted, !model.canary.brokers.contains(where: { $0.ok != nil }) {
      return nil
    }
    let sum = model.traffic.errorsPerSecond.reduce(0) { $0 + $1.perSecond }
    guard sum > context.settings.errorsPerSecond else { return [.well()] }
    let worst = model.traffic.errorsPerSecond.sorted { ($1.perSecond, $0.code) < ($0.perSecond, $1.code) }.prefix(3)
    let names = worst.map { "\($0.code) \(Text.number($0.perSecond, digits: 1))/s" }.joined(separator: ", ")
    return [
      .bad(
        nil, "\(Text.number(sum, digits: 1)) requests fail a second: \(names)",
        "NOT_ENOUGH_REPLICAS and NOT_LEADER_OR_FOLLOWER pass once brokers are back; for others read the brokers' "
          + "logs: " + context.command("status"))
    ]
  }

  private static func partitions(
    _ context: Context, _ number: Int?, _ finding: (_ count: String, _ total: String) -> Finding
  ) -> [Finding]? {
    guard context.model.verdict.word != .unknown, let number else { return nil }
    guard number > 0 else { return [.well()] }
    return [
      finding("\(number)", context.model.partitions.total.map { Phrase.count($0, "partition") } ?? "the partitions")
    ]
  }
}
