/// The settings of the group coordinator, by Kafka's names and with Kafka's defaults.
public struct GroupConfiguration: Sendable, Equatable {
  /// `group.min.session.timeout.ms`: a shorter session timeout is refused with INVALID_SESSION_TIMEOUT.
  public var groupMinSessionTimeoutMs: Int32 = 6000
  /// `group.max.session.timeout.ms`: a longer session timeout is refused with INVALID_SESSION_TIMEOUT.
  public var groupMaxSessionTimeoutMs: Int32 = 1_800_000
  /// `group.initial.rebalance.delay.ms`: how long the first rebalance of an empty group waits for more members.
  public var groupInitialRebalanceDelayMs: Int32 = 3000
  /// `group.max.size`: members beyond it are refused with GROUP_MAX_SIZE_REACHED.
  public var groupMaxSize: Int32 = .max
  /// `offset.metadata.max.bytes`: counted in UTF-16 units, as Kafka does.
  public var offsetMetadataMaxBytes: Int32 = 4096
  /// `offsets.commit.timeout.ms`: how long an append may take until those who wait for it are refused with
  /// COORDINATOR_NOT_AVAILABLE. The append itself goes on.
  public var offsetsCommitTimeoutMs: Int32 = 5000
  /// `offsets.retention.minutes`: how long offsets outlive the last member or, of a topic that the group no longer
  /// reads, the last commit.
  public var offsetsRetentionMinutes: Int32 = 10080
  /// `offsets.retention.check.interval.ms`: how often expired offsets and groups are looked for.
  public var offsetsRetentionCheckIntervalMs: Int64 = 600_000
  /// Kafka's internal `group.classic.new.member.join.timeout.ms`: a new member that waits longer for its JoinGroup
  /// answer is taken for gone, as it cannot send heartbeats yet.
  public var newMemberJoinTimeoutMs: Int32 = 300_000

  public init() {}
}
