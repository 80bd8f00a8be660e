import Monitor

/// How the dashboard is served, and what its visitors may do.
public struct DashboardOptions: Sendable {
  public static let defaultPort: UInt16 = 8080

  /// Loopback unless somebody says otherwise; any other address demands a token.
  public var address = "127.0.0.1"
  /// 0: any free one.
  public var port = defaultPort
  public var token: String?
  /// Further names by which browsers may call it.
  public var hosts: [String] = []
  /// Whether anything may be changed: alerts, topics' contents, brokers.
  public var allowsActions = false
  public var bootstrapServers: String
  /// For people; never decides anything.
  public var engine: String?
  public var version = ""
  /// Kills, pauses, resumes or starts a broker of this machine's cluster; nil when there is none.
  public var controlBroker: (@Sendable (BrokerAction, Int32) async throws -> Void)?

  public init(bootstrapServers: String) { self.bootstrapServers = bootstrapServers }
}

/// What can be done to a broker of a cluster on this machine.
public enum BrokerAction: String, Sendable, CaseIterable {
  case kill
  case pause
  case resume
  case start
}
