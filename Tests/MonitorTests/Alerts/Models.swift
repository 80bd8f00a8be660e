import Monitor
import Testing

/// Models to start from: three brokers that are well, and one way to make each thing bad.
enum Models {
  static let start: Int64 = 1_790_000_000_000

  static func healthy(at: Int64 = start) -> ClusterModel {
    var model = ClusterModel(at: at, sequence: 1, bootstrapServers: "127.0.0.1:9092")
    model.verdict = Verdict(word: .healthy, sentence: "HEALTHY", since: start, reasons: [])
    model.tolerance = FailureTolerance(failures: 1, writesBlocked: false, reason: "3 in-sync replicas, 2 needed")
    model.controller.id = 1
    model.brokers = [1, 2, 3].map { (id: Int32) in
      var broker = BrokerView(id: id, state: .running, stateSince: start, transition: "replicas in sync")
      broker.host = "127.0.0.1"
      broker.port = 9091 + id
      broker.leaders = 19
      broker.replicas = 57
      broker.inSyncReplicas = 57
      broker.diskFreeBytes = 100 << 30
      broker.diskUsedBytes = 1 << 20
      broker.lostLogDirectories = 0
      return broker
    }
    model.partitions.total = 57
    model.partitions.offline = 0
    model.partitions.underMinISR = 0
    model.partitions.atMinISR = 0
    model.partitions.underReplicated = 0
    model.canary.producePercentile99 = 4
    model.canary.brokers = [1, 2, 3].map { (id: Int32) in
      var probe = CanaryView.Broker(id: id)
      probe.ok = true
      probe.produceMilliseconds = 3
      return probe
    }
    var group = GroupView(name: "analytics", progress: .ok, since: start)
    group.lag = 3
    group.lagMilliseconds = 20
    group.lagTrendPerSecond = 0
    group.members = 2
    group.committedPartitions = 3
    model.groups = [group]
    return model
  }

  static func reason(_ code: String, _ text: String, at: Int64 = start) -> Verdict.Reason {
    Verdict.Reason(code: code, severity: .critical, text: text, since: at)
  }

  /// What makes each alert fire, what the model looks like when the same thing is unknown, and what its summary says.
  struct Trouble: Sendable, CustomTestStringConvertible {
    var name: String
    var subject: String?
    var says: String
    var bad: @Sendable (inout ClusterModel) -> Void
    var unknown: @Sendable (inout ClusterModel) -> Void
    var testDescription: String { name }

    init(
      _ name: String, _ subject: String? = nil, says: String, bad: @escaping @Sendable (inout ClusterModel) -> Void,
      unknown: @escaping @Sendable (inout ClusterModel) -> Void = { $0.verdict.word = .unknown }
    ) {
      self.name = name
      self.subject = subject
      self.says = says
      self.bad = bad
      self.unknown = unknown
    }
  }

  static let troubles: [Trouble] = [
    Trouble("NoController", says: "no controller for 3 s") {
      $0.controller.id = nil
      $0.verdict.reasons = [reason("no-controller", "no controller for 3 s")]
    },
    Trouble("OfflinePartitions", says: "7 of 57 partitions have no leader") {
      $0.partitions.offline = 7
    } unknown: {
      $0.partitions.offline = nil
    },
    Trouble("UnderMinISR", says: "1 of 57 partitions") {
      $0.partitions.underMinISR = 1
    } unknown: {
      $0.partitions.underMinISR = nil
    },
    Trouble("UnderReplicated", says: "38 of 57 partitions") {
      $0.partitions.underReplicated = 38
    } unknown: {
      $0.partitions.underReplicated = nil
    },
    Trouble("NoFailureTolerated", says: "38 partitions have 2 and need 2") {
      $0.tolerance = FailureTolerance(failures: 0, writesBlocked: false, reason: "38 partitions have 2 and need 2")
    } unknown: {
      $0.tolerance.failures = nil
    },
    Trouble("BrokerDown", "broker 2", says: "leader of 19 partitions: does not answer") {
      $0.brokers[1].state = .failed
      $0.brokers[1].transition = "does not answer"
    } unknown: {
      $0.brokers[1].state = .unknown
    },
    Trouble("BrokerLeft", "broker 2", says: "was shut down") {
      $0.brokers[1].state = .shutdown
    } unknown: {
      $0.brokers[1].state = .unknown
    },
    Trouble("BrokerNotRecovering", "broker 3", says: "5 of its 57 replicas not in sync") {
      $0.brokers[2].state = .recovering
      $0.brokers[2].inSyncReplicas = 52
    } unknown: {
      $0.brokers[2].state = .unknown
    },
    Trouble("CanaryFailing", "broker 1", says: "NOT_ENOUGH_REPLICAS") {
      $0.canary.brokers[0].ok = false
      $0.canary.brokers[0].error = "NOT_ENOUGH_REPLICAS"
    } unknown: {
      $0.canary.brokers[0].ok = nil
    },
    Trouble("CanarySlow", says: "take 1.5 s") {
      $0.canary.producePercentile99 = 1_500
    } unknown: {
      $0.canary.producePercentile99 = nil
    },
    Trouble("ErrorRate", says: "12.5 requests fail a second: NOT_LEADER_OR_FOLLOWER 12/s, CORRUPT_MESSAGE 0.5/s") {
      $0.traffic.errorsPerSecond = [
        TrafficView.ErrorRate(code: "CORRUPT_MESSAGE", perSecond: 0.5),
        TrafficView.ErrorRate(code: "NOT_LEADER_OR_FOLLOWER", perSecond: 12),
      ]
    } unknown: {
      $0.canary.brokers = []
    },
    Trouble("GroupStopped", "group analytics", says: "900 events behind (2 min)") {
      $0.groups[0].progress = .stopped
      $0.groups[0].lag = 900
      $0.groups[0].lagMilliseconds = 121_000
    } unknown: {
      $0.groups[0].progress = .unknown
    },
    Trouble("GroupStalled", "group analytics", says: "commits nothing new") {
      $0.groups[0].progress = .stalled
    } unknown: {
      $0.groups[0].progress = .unknown
    },
    Trouble("GroupLagGrowing", "group analytics", says: "by 250 events a second") {
      $0.groups[0].progress = .warn
      $0.groups[0].lagMilliseconds = 90_000
      $0.groups[0].lagTrendPerSecond = 250
    } unknown: {
      $0.groups[0].lagMilliseconds = nil
    },
    Trouble("DiskSpace", "broker 3", says: "512 MiB of disk left") {
      $0.brokers[2].diskFreeBytes = 512 << 20
    } unknown: {
      $0.brokers[2].diskFreeBytes = nil
    },
    Trouble("LogDirectoryOffline", says: "broker 2 lost /data") {
      $0.verdict.reasons = [reason("log-directory-offline", "broker 2 lost /data")]
    } unknown: {
      $0.brokers[0].lostLogDirectories = nil
    },
    Trouble("MetricsStale", says: "broker 1 gives no figures") {
      $0.verdict.reasons = [reason("stale-metrics", "broker 1 gives no figures")]
    },
  ]
}
