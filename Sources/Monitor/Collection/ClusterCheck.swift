import KafkaClient

/// One look at a cluster, with the judgement of the monitor: what `status` says and what the dashboard says agree.
///
/// A single round has no history: broker states have no duration, rates and groups' progress are unknown, and no test
/// events are written. Of the alerts only those are told that need no time to hold.
public enum ClusterCheck {
  /// A look that hears of brokers which it could not ask any more is followed by another.
  private static let looksMax = 3

  public struct Look: Sendable {
    public var model: ClusterModel
    public var alerts: AlertList
    /// The brokers and topics that the cluster's metadata name; nil when no broker answered.
    public var metadata: ClusterObservation.Metadata?
  }

  /// Nil when the bootstrap servers are no list of addresses. Takes at most `options.patience` and a little; in part
  /// or split clusters up to three times as long.
  public static func look(_ options: MonitorOptions) async -> Look? {
    guard let bootstrap = ServerAddress.list(options.bootstrapServers) else { return nil }
    let collector = ClusterCollector(options, bootstrap: bootstrap)
    var observation = await collector.observe(now: { WallClock.milliseconds }, confirms: true)
    for _ in 1..<looksMax {
      let sawNothing = observation.metadata == nil && observation.wasStarved
      guard await collector.wantsAnother || sawNothing else { break }
      observation = await collector.observe(now: { WallClock.milliseconds }, confirms: true)
    }
    var health = ClusterHealth(
      bootstrapServers: options.bootstrapServers, limits: options.alerts, commands: options.commands, quorumPatience: 0)
    let model = health.observe(observation).model
    var alerts = AlertBook(settings: options.alerts, commands: options.commands)
    return Look(model: model, alerts: alerts.judge(model, at: model.at), metadata: observation.metadata)
  }
}
