/// One word for the whole cluster, a sentence made of facts, and the facts one by one.
public struct Verdict: Codable, Sendable, Equatable {
  public enum Word: String, Codable, Sendable, CaseIterable {
    /// All expected brokers serve, all partitions are whole, the canary comes back.
    case healthy
    /// Reads and writes go on, with less redundancy or slower than they should.
    case degraded
    /// Some partition takes no acks=all writes or has no leader, or there is no controller, or test events fail through
    /// every broker.
    case unavailable
    /// The cluster could not be asked.
    case unknown
  }

  public var word: Word
  /// For example: "DEGRADED for 14 s: broker 2 (leader of 3 partitions) does not answer since 23:41:07; 7 of 57
  /// partitions under-replicated, 0 offline; writes go on; no further failure tolerated".
  public var sentence: String
  /// Since when the word holds.
  public var since: Int64
  /// Most severe first.
  public var reasons: [Reason]

  public init(word: Word, sentence: String, since: Int64, reasons: [Reason]) {
    self.word = word
    self.sentence = sentence
    self.since = since
    self.reasons = reasons
  }

  public struct Reason: Codable, Sendable, Equatable {
    /// Stable, for scripts: `broker-down`, `broker-starting`, `no-controller`, `offline-partitions`,
    /// `under-min-isr`, `at-min-isr`, `under-replicated`, `canary-failing`, `canary-slow`, `unreachable`,
    /// `stale-metrics`, `disk-space`, `log-directory-offline`, `group-stalled`.
    public var code: String
    public var severity: Severity
    public var text: String
    /// Since when it holds.
    public var since: Int64

    public init(code: String, severity: Severity, text: String, since: Int64) {
      self.code = code
      self.severity = severity
      self.text = text
      self.since = since
    }
  }
}

/// How bad something is.
public enum Severity: String, Codable, Sendable, CaseIterable, Comparable {
  case info, warning, critical

  public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
  private var rank: Int {
    switch self {
    case .info: 0
    case .warning: 1
    case .critical: 2
    }
  }
}

/// How many more brokers may die before users feel it: before acks=all writes to some partition are refused.
public struct FailureTolerance: Codable, Sendable, Equatable {
  /// Any so many further brokers may die; 0: none. Absent: unknown.
  public var failures: Int?
  /// Whether some partition refuses acks=all writes already.
  public var writesBlocked: Bool?
  /// For example: "7 partitions have 2 in-sync replicas and need 2", "the quorum has 2 of 3 voters and needs 2".
  public var reason: String

  public init(failures: Int?, writesBlocked: Bool?, reason: String) {
    self.failures = failures
    self.writesBlocked = writesBlocked
    self.reason = reason
  }
}
