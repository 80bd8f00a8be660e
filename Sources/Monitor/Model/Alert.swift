/// Something that a person should know of, from its first second to its end.
public struct Alert: Codable, Sendable, Equatable {
  public enum State: String, Codable, Sendable, CaseIterable {
    case firing
    case cleared
  }

  /// Stable while it fires, unique in one monitor's life.
  public var id: String
  /// A name to silence by and to find in the documentation: `BrokerDown`, `OfflinePartitions`, `UnderMinISR`…
  public var name: String
  public var severity: Severity
  public var state: State
  /// What is the matter, with numbers.
  public var summary: String
  /// What to do next.
  public var action: String
  /// What it is about, if one thing: "broker 2", "group analytics".
  public var subject: String?
  public var firedAt: Int64
  public var clearedAt: Int64?
  public var acknowledgedAt: Int64?
  public var acknowledgedBy: String?
  /// Not sent to webhooks until then; recorded all the same.
  public var silencedUntil: Int64?

  public init(
    id: String, name: String, severity: Severity, state: State, summary: String, action: String, subject: String?,
    firedAt: Int64
  ) {
    self.id = id
    self.name = name
    self.severity = severity
    self.state = state
    self.summary = summary
    self.action = action
    self.subject = subject
    self.firedAt = firedAt
  }
}

/// `/api/v1/alerts`.
public struct AlertList: Codable, Sendable, Equatable {
  /// Most severe first, then newest.
  public var firing: [Alert]
  /// Cleared ones, newest first, at most 200.
  public var history: [Alert]

  public init(firing: [Alert] = [], history: [Alert] = []) {
    self.firing = firing
    self.history = history
  }
}
