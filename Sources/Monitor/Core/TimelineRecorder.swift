/// Keeps the last five minutes in points of one second, and what happened in them.
///
/// A pure core. Seconds in which nothing was recorded become points of the verdict `unknown` without figures: a gap
/// is shown as a gap.
public struct TimelineRecorder: Sendable {
  /// Points kept: one a second.
  public static let secondsMax = 300

  public private(set) var timeline = Timeline()

  public init() {}

  /// Takes in a round: its figures become the point of its second, what differs from the round before becomes
  /// markers. `fired`: the alerts that fired in this round.
  public mutating func record(_ model: ClusterModel, partitions: PartitionMap, fired: [Alert]) {}

  /// Draws a marker for something from outside: a fault injected by the lab or by an action. `at`: milliseconds since
  /// 1970.
  public mutating func mark(_ kind: Marker.Kind, broker: Int32?, text: String, at: Int64) {}
}
