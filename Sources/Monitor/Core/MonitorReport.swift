/// All that the monitor publishes after a round.
public struct MonitorReport: Sendable, Equatable {
  public var model: ClusterModel
  public var partitions: PartitionMap
  /// The newest point; earlier ones are in `timeline`.
  public var timeline: Timeline
  public var alerts: AlertList
  /// Starts and ends of the logs of those partitions whose leaders answered in this round.
  public var extents: [ClusterObservation.Extent] = []

  public init(model: ClusterModel, partitions: PartitionMap, timeline: Timeline, alerts: AlertList) {
    self.model = model
    self.partitions = partitions
    self.timeline = timeline
    self.alerts = alerts
  }
}

/// Where reports come from: the monitor itself, or a test's stand-in.
public protocol MonitorSource: AnyObject, Sendable {
  /// The latest report; nil before the first round ended.
  var latest: MonitorReport? { get }
  /// Calls back on the monitor's thread after each round, until the returned token is cancelled.
  func subscribe(_ body: @escaping @Sendable (MonitorReport) -> Void) -> MonitorSubscription
  /// A group with its partitions; nil when there is none of that name.
  func group(named name: String) -> GroupView?
  /// What a test that runs asks for, in events per second; nil when none runs.
  func setTarget(_ eventsPerSecond: Double?)
  /// False when no such alert fires.
  func acknowledgeAlert(id: String, by who: String) -> Bool
  /// Silences all alerts of a name until then (milliseconds since 1970); nil ends it.
  func silenceAlerts(named name: String, until: Int64?)
}

/// Ends a subscription.
public final class MonitorSubscription: Sendable {
  private let end: @Sendable () -> Void
  public init(_ end: @escaping @Sendable () -> Void) { self.end = end }
  public func cancel() { end() }
}
