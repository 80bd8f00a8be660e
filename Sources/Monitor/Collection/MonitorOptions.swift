/// What to watch, and with what.
public struct MonitorOptions: Sendable {
  /// `host:port,host:port,…`
  public var bootstrapServers: String
  /// Between two rounds. Milliseconds.
  public var interval: Int64 = 1_000
  /// Nobody's silence delays a round for longer. Milliseconds.
  public var patience: Int64 = 800
  /// Nil: no canary writes into the cluster.
  public var canary: CanarySettings? = CanarySettings()
  /// Metrics pages by broker id; those that `processes` tells come besides.
  public var metricsURLs: [Int32: String] = [:]
  /// What the supervisor of this machine knows, when there is one; called on each round.
  public var processes: (@Sendable () async -> [ClusterObservation.Process])?
  public var alerts = AlertSettings()
  /// How the commands are typed that it recommends.
  public var commands = LocalCommands()
  public var webhooks: [WebhookTarget] = []
  /// Signs the webhooks' bodies; empty: no signature.
  public var webhookKey: [UInt8] = []
  /// A file of PEM certificates that vouch for `https://` webhooks, instead of the system's.
  public var webhookAuthorities: String?
  /// Hears why a webhook takes no alerts.
  public var webhookTrouble: @Sendable (String) -> Void = { _ in }

  public init(bootstrapServers: String) { self.bootstrapServers = bootstrapServers }
}
