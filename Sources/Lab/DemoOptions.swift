import ClusterHost

/// Which broker dies in a demo.
public enum KillTarget: Sendable, Equatable {
  /// Who leads `user-actions` 0.
  case leader
  /// The active controller of the quorum.
  case controller
  /// Who coordinates the group `analytics`.
  case coordinator
  /// Who replicates `user-actions` 0 and neither leads it nor controls.
  case follower
  case broker(Int32)
  case none

  public static let words = ["leader", "controller", "coordinator", "follower", "ID", "none"]

  /// Nil when it is neither a role nor a number.
  public init?(_ text: String) {
    switch text {
    case "leader": self = .leader
    case "controller": self = .controller
    case "coordinator": self = .coordinator
    case "follower": self = .follower
    case "none": self = .none
    default:
      guard let id = Int32(text), id > 0 else { return nil }
      self = .broker(id)
    }
  }

  public var text: String {
    switch self {
    case .leader: "leader"
    case .controller: "controller"
    case .coordinator: "coordinator"
    case .follower: "follower"
    case .broker(let id): "\(id)"
    case .none: "none"
    }
  }
}

/// What a demo does.
public struct DemoOptions: Sendable, Equatable {
  public var cluster = ClusterOptions()
  /// Events a second.
  public var rate = 10_000
  public var durationSeconds = 60
  public var seed: UInt64 = 1
  public var kill = KillTarget.leader
  /// Prefers to lead `content-interactions`; 0: none does.
  public var hotBroker: Int32 = 1
  /// How many of the consumer groups read along.
  public var groupCount = 3

  public static let groups = ["analytics", "notifications", "search-index"]

  public init() {}

  public var eventCount: Int { rate * durationSeconds }
}
