import KafkaClient

/// One look at a cluster, with the judgement of the monitor: what `status` says and what the dashboard says agree.
///
/// A single round has no history: broker states have no duration, rates and groups' progress are unknown, and no test
/// events are written. Of the alerts only those are told that need no time to hold.
public enum ClusterCheck {
  /// Nil when the bootstrap servers are no list of addresses. Takes at most `options.patience` and a little.
  public static func look(_ options: MonitorOptions) async -> (model: ClusterModel, alerts: AlertList)? {
    guard let bootstrap = ServerAddress.list(options.bootstrapServers) else { return nil }
    let collector = ClusterCollector(options, bootstrap: bootstrap)
    var health = ClusterHealth(
      bootstrapServers: options.bootstrapServers, limits: options.alerts, commands: options.commands)
    let model = health.observe(await collector.observe(now: { WallClock.milliseconds })).model
    var alerts = AlertBook(settings: options.alerts, commands: options.commands)
    return (model, alerts.judge(model, at: model.at))
  }
}
