import KafkaClient

/// One look at a cluster, with the judgement of the monitor: what `status` says and what the dashboard says agree.
///
/// A single round has no history: broker states have no duration, rates and groups' progress are unknown, and no test
/// events are written.
public enum ClusterCheck {
  /// Nil when the bootstrap servers are no list of addresses. Takes at most `options.patience` and a little.
  public static func model(_ options: MonitorOptions) async -> ClusterModel? {
    guard let bootstrap = ServerAddress.list(options.bootstrapServers) else { return nil }
    let collector = ClusterCollector(options, bootstrap: bootstrap)
    var health = ClusterHealth(bootstrapServers: options.bootstrapServers)
    return health.observe(await collector.observe(now: { WallClock.milliseconds })).model
  }
}
