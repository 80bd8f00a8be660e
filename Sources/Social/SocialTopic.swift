/// The topics of the platform, in a fixed order. Their partitions are also numbered through: 0, 1, 2 are those of
/// `user-actions`, and so on.
public enum SocialTopic: Int, CaseIterable, Sendable {
  case userActions, contentInteractions, systemEvents

  public var name: String {
    switch self {
    case .userActions: "user-actions"
    case .contentInteractions: "content-interactions"
    case .systemEvents: "system-events"
    }
  }

  /// The `ce_type` that its events have.
  public var eventType: String {
    switch self {
    case .userActions: "user_action"
    case .contentInteractions: "content_interaction"
    case .systemEvents: "system_event"
    }
  }

  public var partitionCount: Int32 { self == .systemEvents ? 1 : 3 }

  /// What can happen, with how often it does in a thousand.
  var kinds: [(name: String, weight: Int)] {
    switch self {
    case .userActions: [("like", 450), ("comment", 200), ("follow", 150), ("share", 120), ("post", 80)]
    case .contentInteractions: [("view", 720), ("click", 150), ("react", 90), ("save", 40)]
    case .systemEvents:
      [("session_started", 500), ("notification_sent", 300), ("cache_refreshed", 150), ("job_failed", 50)]
    }
  }

  /// The number of its first partition when all are numbered through.
  public var firstPartition: Int32 {
    Self.allCases.prefix(rawValue).reduce(0) { $0 + $1.partitionCount }
  }

  public static var partitionTotal: Int32 { allCases.reduce(0) { $0 + $1.partitionCount } }

  public init?(name: some StringProtocol) {
    guard let topic = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = topic
  }
}
