/// A consumer group: how far behind, whether that grows, and when it would be done.
public struct GroupView: Codable, Sendable, Equatable {
  /// As Burrow judges: from the trend of commits and lag over a window, never from a limit on lag.
  public enum Progress: String, Codable, Sendable, CaseIterable {
    /// Catching up or level.
    case ok = "OK"
    /// Commits move, and the lag never falls within the window.
    case warn = "WARN"
    /// Members, a lag, and commits that do not move for longer than the last ten took.
    case stalled = "STALLED"
    /// The same without members.
    case stopped = "STOPPED"
    /// Not enough seen yet, or its coordinator did not answer.
    case unknown = "UNKNOWN"
  }

  public var name: String
  /// Kafka's: Stable, PreparingRebalance, CompletingRebalance, Empty, Dead.
  public var state: String?
  public var coordinator: Int32?
  public var members: Int?
  /// How many partitions it has committed anything of. Absent: its coordinator did not say.
  public var committedPartitions: Int?
  /// Events not yet committed, over all partitions with a commit. Absent also where there is none.
  public var lag: Int64?
  /// How old the oldest uncommitted event is, from the history of end offsets. Milliseconds.
  public var lagMilliseconds: Double?
  /// Change of `lag` per second over the last minute; negative: catching up.
  public var lagTrendPerSecond: Double?
  public var consumedPerSecond: Double?
  /// Until the lag is gone at the present pace of its slowest partition; absent when it does not fall. Milliseconds.
  public var timeToClear: Double?
  public var progress: Progress
  public var since: Int64
  /// By topic, then partition. Absent in the model; filled in by `/api/v1/groups/{name}`.
  public var partitions: [Partition]?

  public struct Partition: Codable, Sendable, Equatable {
    public var topic: String
    public var partition: Int32
    public var committed: Int64?
    public var end: Int64?
    public var lag: Int64?
    public var lagMilliseconds: Double?
    public var member: String?
    public var client: String?
    public var progress: Progress

    public init(topic: String, partition: Int32, progress: Progress) {
      self.topic = topic
      self.partition = partition
      self.progress = progress
    }
  }

  /// Nothing is known of how far it is: its coordinator did not say.
  var isSilent: Bool { committedPartitions == nil }

  public init(name: String, progress: Progress, since: Int64) {
    self.name = name
    self.progress = progress
    self.since = since
  }
}
