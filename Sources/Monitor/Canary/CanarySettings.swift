/// What the canary writes to, how often, and what it takes for too late.
public struct CanarySettings: Sendable, Equatable {
  /// Made when it is not there: a partition led by each broker, three replicas, ten minutes kept.
  public var topic = "streamsocial-canary"
  /// Between two rounds of one broker. Milliseconds.
  public var interval: Int64 = 1_000
  /// A round that takes longer is not ok. Milliseconds.
  public var patience: Int64 = 800
  /// A request without an answer is given up after this. Milliseconds.
  public var requestTimeout: Int64 = 10_000

  public init() {}
}
