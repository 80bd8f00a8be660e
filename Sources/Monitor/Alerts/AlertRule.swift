/// One kind of alert: what it is called, how bad it is, when it fires and when it clears.
struct AlertRule: Sendable {
  /// What a rule says of one subject in one model.
  struct Finding: Sendable {
    /// "broker 2", "group analytics"; nil when the rule is about the cluster.
    var subject: String?
    /// Nil: unknown; it neither fires nor clears.
    var isBad: Bool?
    /// Bad, and known not to pass by itself: fires without waiting for `firesAfter`.
    var isCertain = false
    var summary = ""
    var action = ""

    static func bad(_ subject: String? = nil, _ summary: String, _ action: String) -> Finding {
      Finding(subject: subject, isBad: true, summary: summary, action: action)
    }
    static func well(_ subject: String? = nil) -> Finding { Finding(subject: subject, isBad: false) }
    static func unknown(_ subject: String? = nil) -> Finding { Finding(subject: subject, isBad: nil) }
  }

  /// What a rule looks at.
  struct Context {
    var model: ClusterModel
    var settings: AlertSettings
    var commands: LocalCommands
    /// Changes of the controller within the settings' window.
    var controllerChanges: Int

    /// A command that asks the model's cluster, in backquotes.
    func command(_ words: String) -> String { "`\(commands.asking(model.bootstrapServers, words))`" }

    func reason(_ code: String) -> Verdict.Reason? { model.verdict.reasons.first { $0.code == code } }
  }

  var name: String
  var severity: Severity
  /// How long it must hold before it fires. Milliseconds; 0: with the first model that shows it.
  var firesAfter: Int64
  /// How long all must be well before it clears. Milliseconds.
  var clearsAfter: Int64
  /// Subjects that it does not name are well. Nil: nothing is known of any subject.
  var judge: @Sendable (Context) -> [Finding]?

  init(
    _ name: String, _ severity: Severity, firesAfter: Int64, clearsAfter: Int64,
    _ judge: @escaping @Sendable (Context) -> [Finding]?
  ) {
    self.name = name
    self.severity = severity
    self.firesAfter = firesAfter
    self.clearsAfter = clearsAfter
    self.judge = judge
  }

  /// All rules. What users feel or are about to feel fires with the first model that shows it; what may pass by
  /// itself has to last. `CanarySlow` outlasts the ten seconds that one slow write stays in the percentile.
  static let all: [AlertRule] = [
    AlertRule("ClusterUnreachable", .critical, firesAfter: 0, clearsAfter: 2_000, clusterUnreachable),
    AlertRule("NoController", .critical, firesAfter: 0, clearsAfter: 3_000, noController),
    AlertRule("OfflinePartitions", .critical, firesAfter: 0, clearsAfter: 3_000, offlinePartitions),
    AlertRule("UnderMinISR", .critical, firesAfter: 0, clearsAfter: 3_000, underMinISR),
    AlertRule("BrokerDown", .critical, firesAfter: 0, clearsAfter: 5_000, brokerDown),
    AlertRule("CanaryFailing", .critical, firesAfter: 2_000, clearsAfter: 5_000, canaryFailing),
    AlertRule("LogDirectoryOffline", .critical, firesAfter: 0, clearsAfter: 5_000, logDirectoryOffline),
    AlertRule("NoFailureTolerated", .warning, firesAfter: 0, clearsAfter: 5_000, noFailureTolerated),
    AlertRule("UnderReplicated", .warning, firesAfter: 0, clearsAfter: 5_000, underReplicated),
    AlertRule("BrokerLeft", .warning, firesAfter: 60_000, clearsAfter: 5_000, brokerLeft),
    AlertRule("BrokerNotRecovering", .warning, firesAfter: 120_000, clearsAfter: 5_000, brokerNotRecovering),
    AlertRule("ControllerFlapping", .warning, firesAfter: 0, clearsAfter: 10_000, controllerFlapping),
    AlertRule("CanarySlow", .warning, firesAfter: 12_000, clearsAfter: 10_000, canarySlow),
    AlertRule("ErrorRate", .warning, firesAfter: 10_000, clearsAfter: 10_000, errorRate),
    AlertRule("GroupStopped", .warning, firesAfter: 0, clearsAfter: 5_000, groupStopped),
    AlertRule("GroupStalled", .warning, firesAfter: 0, clearsAfter: 5_000, groupStalled),
    AlertRule("GroupLagGrowing", .warning, firesAfter: 30_000, clearsAfter: 15_000, groupLagGrowing),
    AlertRule("DiskSpace", .warning, firesAfter: 10_000, clearsAfter: 10_000, diskSpace),
    AlertRule("MetricsStale", .info, firesAfter: 30_000, clearsAfter: 5_000, metricsStale),
  ]
}
