/// The reasons of a round and the word and sentence that follow from them.
struct Judgement {
  struct Facts {
    var at: Int64
    var observation: ClusterObservation
    /// By id.
    var brokers: [BrokerMemory]
    var totals: PartitionTotals
    /// Partitions that take no acks=all writes; nil: not known.
    var refusing: Int?
    /// Partitions whose leader just died.
    var awaitingLeader: Int
    var tolerance: FailureTolerance
    var canary: CanaryView
    var groups: [GroupView]
    /// Nobody told anything, and it is not the monitor's own fault.
    var isLost: Bool
    /// Nobody serves, and that is certain.
    var isDown: Bool
    /// It was never seen, and its processes are just being started beside the monitor.
    var isStarting: Bool
    /// Milliseconds; nil while the quorum answers.
    var quorumSilentFor: Int64?
    /// Milliseconds of its silence that mean nothing.
    var quorumPatience: Int64
    /// So many voters are known to be dead that nobody can act as the controller.
    var isMajorityLost: Bool
    /// Nil: not known.
    var voters: (living: Int, total: Int)?
    /// The limits of the alerts hold for the verdict, too.
    var limits: AlertSettings
  }

  /// A reason before it is known since when it holds.
  struct Finding: Equatable {
    var code: String
    /// Tells findings of one code apart: a broker's id, a group's name.
    var subject: String
    var severity: Severity
    var text: String
    /// The least word that this finding demands.
    var word: Verdict.Word
  }

  static func findings(_ facts: Facts) -> [Finding] {
    var found: [Finding] = []
    found += reachability(facts)
    found += brokers(facts)
    found += partitions(facts)
    found += canary(facts)
    found += disks(facts)
    for group in facts.groups where group.progress == .stalled || group.progress == .stopped {
      let lag = group.lag.map { ", \(count(Int(clamping: $0), "event")) behind" } ?? ""
      found.append(
        Finding(
          code: "group-stalled", subject: group.name, severity: .info,
          text: "group \(group.name) is \(group.progress.rawValue)\(lag)", word: .healthy))
    }
    return found.enumerated().sorted {
      ($1.element.severity, $0.offset) < ($0.element.severity, $1.offset)
    }.map(\.element)
  }

  private static func reachability(_ facts: Facts) -> [Finding] {
    guard facts.observation.metadata == nil else { return controller(facts) }
    if facts.isDown {
      let isStarting = !facts.brokers.isEmpty && facts.brokers.allSatisfy { $0.view.state == .starting }
      let allRefuse = facts.observation.answers.allSatisfy(\.wasRefused)
      let text = allRefuse ? "every broker refuses connections" : "no broker serves"
      return [
        Finding(
          code: "unreachable", subject: "", severity: isStarting ? .warning : .critical,
          text: isStarting ? "the brokers are starting" : text, word: .unavailable)
      ]
    }
    guard facts.isLost || facts.brokers.isEmpty else { return [] }
    let why = facts.observation.failures.first ?? "no broker answers"
    return [
      Finding(
        code: "unreachable", subject: "", severity: facts.isStarting ? .warning : .critical,
        text: facts.isStarting ? "the brokers are starting" : why, word: .unknown)
    ]
  }

  private static func controller(_ facts: Facts) -> [Finding] {
    func none(_ severity: Severity, _ word: Verdict.Word, _ text: String) -> [Finding] {
      [Finding(code: "no-controller", subject: "", severity: severity, text: text, word: word)]
    }
    if facts.isMajorityLost, let voters = facts.voters {
      return none(
        .critical, .unavailable,
        "no active controller (\(voters.living) of \(voters.total) voters live, \(voters.total / 2 + 1) needed)")
    }
    if let quorum = facts.observation.quorum {
      return quorum.id == nil ? none(.critical, .unavailable, "no active controller") : []
    }
    if facts.observation.quorumIsUnsupported {
      return facts.observation.metadata?.controller == nil
        ? none(.critical, .unavailable, "no active controller") : []
    }
    // Between two controllers nobody answers for a moment.
    guard let silent = facts.quorumSilentFor, silent >= facts.quorumPatience else { return [] }
    if let voters = facts.voters, voters.living <= voters.total / 2 {
      return none(
        .critical, .unavailable,
        "no active controller (\(voters.living) of \(voters.total) voters live, \(voters.total / 2 + 1) needed)")
    }
    return none(.warning, .degraded, "the quorum does not answer\(silent >= 1_000 ? " for \(duration(silent))" : "")")
  }

  private static func brokers(_ facts: Facts) -> [Finding] {
    facts.brokers.compactMap { broker in
      let view = broker.view
      let led = broker.leadersBefore
      let role = led > 0 ? " (leader of \(count(led, "partition")))" : ""
      let since = clock(view.stateSince)
      switch view.state {
      case .running: return nil
      case .failed:
        let what = view.transition == BrokerMemory.paused ? "is paused" : "does not answer"
        return Finding(
          code: "broker-down", subject: "\(view.id)", severity: .critical,
          text: "broker \(view.id)\(role) \(what) since \(since)", word: .degraded)
      case .shutdown:
        return Finding(
          code: "broker-down", subject: "\(view.id)", severity: .warning,
          text: "broker \(view.id) was shut down at \(since)", word: .degraded)
      case .starting, .recovering, .leaderElection:
        return Finding(
          code: "broker-starting", subject: "\(view.id)", severity: .warning,
          text: "broker \(view.id) is \(view.state.rawValue) since \(since) (\(view.transition))", word: .degraded)
      case .unknown:
        return facts.observation.metadata == nil
          ? nil
          : Finding(
            code: "broker-starting", subject: "\(view.id)", severity: .info,
            text: "broker \(view.id) has not been asked yet", word: .degraded)
      }
    }
  }

  private static func partitions(_ facts: Facts) -> [Finding] {
    guard let total = facts.totals.total else { return [] }
    var found: [Finding] = []
    func add(_ code: String, _ number: Int?, _ severity: Severity, _ word: Verdict.Word, _ what: String) {
      guard let number, number > 0 else { return }
      found.append(
        Finding(
          code: code, subject: "", severity: severity, text: "\(number) of \(count(total, "partition")) \(what)",
          word: word))
    }
    add("offline-partitions", facts.totals.offline, .critical, .unavailable, "offline")
    add("under-min-isr", facts.totals.underMinISR, .critical, .unavailable, "under min ISR")
    if facts.awaitingLeader > 0 {
      let number = facts.awaitingLeader
      found.append(
        Finding(
          code: "offline-partitions", subject: "awaiting", severity: .critical,
          text: "\(number) of \(count(total, "partition")) \(number == 1 ? "waits" : "wait") for a new leader",
          word: .degraded))
    }
    add("under-replicated", facts.totals.underReplicated, .warning, .degraded, "under-replicated")
    if facts.tolerance.failures == 0, facts.tolerance.writesBlocked == false,
      facts.totals.underReplicated ?? 0 > 0 || facts.brokers.contains(where: { !$0.isAlive })
    {
      found.append(
        Finding(
          code: "at-min-isr", subject: "", severity: .warning,
          text: "no further failure tolerated (\(facts.tolerance.reason))", word: .degraded))
    }
    return found
  }

  /// The test events through living brokers of which something is known.
  private static func lanes(_ facts: Facts) -> (failing: [CanaryView.Broker], known: Int) {
    let alive = Set(facts.brokers.filter(\.isAlive).map(\.view.id))
    let known = facts.canary.brokers.filter { $0.ok != nil && alive.contains($0.id) }
    return (known.filter { $0.ok == false }, known.count)
  }

  private static func canary(_ facts: Facts) -> [Finding] {
    var found: [Finding] = []
    let (failing, known) = lanes(facts)
    if !failing.isEmpty {
      let what = failing.map { "broker \($0.id): \($0.error ?? "no answer")" }.joined(separator: ", ")
      // Who may not write, or is given no time by its own machine, learns nothing of others.
      let provesNothing =
        facts.observation.wasStarved || failing.contains { $0.error?.contains("AUTHORIZATION") == true }
      found.append(
        Finding(
          code: "canary-failing", subject: "", severity: .critical, text: "test events fail (\(what))",
          word: failing.count == known && !provesNothing ? .unavailable : .degraded))
    }
    if let slow = facts.canary.producePercentile99, slow > facts.limits.canaryPercentile99 {
      found.append(
        Finding(
          code: "canary-slow", subject: "", severity: .warning,
          text: "test events take \(Int(slow.rounded())) ms (p99)", word: .degraded))
    }
    return found
  }

  private static func disks(_ facts: Facts) -> [Finding] {
    var found: [Finding] = []
    for broker in facts.brokers.map(\.view) {
      // A warning and an alert; the cluster serves as well as before until the disk is full.
      if let free = broker.diskFreeBytes, free < facts.limits.diskFreeBytes {
        found.append(
          Finding(
            code: "disk-space", subject: "\(broker.id)", severity: .warning,
            text: "broker \(broker.id) has \(free / 1_048_576) MB of disk left", word: .healthy))
      }
      if let lost = broker.lostLogDirectories, lost > 0 {
        found.append(
          Finding(
            code: "log-directory-offline", subject: "\(broker.id)", severity: .critical,
            text: "broker \(broker.id) lost \(lost == 1 ? "a log directory" : "\(lost) log directories")",
            word: .degraded))
      }
    }
    let alive = Set(facts.brokers.filter(\.isAlive).map(\.view.id))
    for (broker, reason) in facts.observation.metricsFailures.sorted(by: { $0.key < $1.key })
    where alive.contains(broker) {
      found.append(
        Finding(
          code: "stale-metrics", subject: "\(broker)", severity: .info,
          text: "broker \(broker)'s metrics page does not answer (\(reason))", word: .healthy))
    }
    return found
  }

  /// The worst word that some finding demands.
  static func word(_ findings: [Finding]) -> Verdict.Word {
    for word in [Verdict.Word.unavailable, .unknown, .degraded] where findings.contains(where: { $0.word == word }) {
      return word
    }
    return .healthy
  }

  /// One sentence of facts.
  static func sentence(_ word: Verdict.Word, since: Int64, _ findings: [Finding], _ facts: Facts) -> String {
    let lasted = facts.at > since ? " for \(duration(facts.at - since))" : ""
    var parts: [String] = []
    // Where nobody serves, who is missing says less than that everybody is.
    let causes = findings.filter { !facts.isDown || $0.code == "unreachable" }
      .filter { $0.code.hasPrefix("broker-") || $0.word != .healthy && $0.subject.isEmpty }
      .filter { !["offline-partitions", "under-min-isr", "under-replicated", "at-min-isr"].contains($0.code) }
    parts += causes.prefix(3).map(\.text)
    if causes.count > 3 { parts.append(count(causes.count - 3, "more reason")) }
    if word != .unknown, let total = facts.totals.total, let behind = facts.totals.underReplicated,
      let offline = facts.totals.offline
    {
      if word == .healthy {
        let living = facts.brokers.count(where: \.isAlive)
        parts.append("\(living) of \(count(facts.brokers.count, "broker")) serve")
        parts.append("\(count(total, "partition")), all replicas in sync")
      } else if facts.isDown {
        parts.append("\(offline) of \(count(total, "partition")) offline")
      } else if facts.observation.metadata != nil {
        parts.append("\(behind) of \(count(total, "partition")) under-replicated, \(offline) offline")
      }
    }
    if word != .unknown { parts.append(writes(facts)) }
    switch facts.tolerance.failures {
    case nil: break
    case 0?: if word != .unknown, !facts.isDown { parts.append("no further failure tolerated") }
    case let number?: parts.append("\(count(number, "failure")) tolerated")
    }
    return "\(word.rawValue.uppercased())\(lasted): \(parts.filter { !$0.isEmpty }.joined(separator: "; "))"
  }

  private static func writes(_ facts: Facts) -> String {
    if facts.isDown { return "nothing can be written or read" }
    if facts.observation.metadata == nil { return "" }
    guard let refusing = facts.refusing else { return "" }
    if refusing > 0 { return "acks=all writes are refused for \(count(refusing, "partition"))" }
    if facts.awaitingLeader > 0 { return "writes to \(count(facts.awaitingLeader, "partition")) wait for a new leader" }
    let (failing, known) = lanes(facts)
    if failing.isEmpty { return "writes go on" }
    return "test writes fail through \(failing.count == known ? "every broker" : "\(failing.count) of \(count(known, "broker"))")"
  }

  /// "14 s", "3 min 5 s", "2 h 10 min".
  static func duration(_ milliseconds: Int64) -> String {
    let seconds = milliseconds / 1000
    if seconds < 60 { return "\(seconds) s" }
    if seconds < 3600 { return "\(seconds / 60) min\(seconds % 60 == 0 ? "" : " \(seconds % 60) s")" }
    return "\(seconds / 3600) h\(seconds / 60 % 60 == 0 ? "" : " \(seconds / 60 % 60) min")"
  }

  /// "23:41:07 UTC": the time of day.
  static func clock(_ milliseconds: Int64) -> String {
    let second = (milliseconds / 1000 % 86_400 + 86_400) % 86_400
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60)) UTC"
  }
}
