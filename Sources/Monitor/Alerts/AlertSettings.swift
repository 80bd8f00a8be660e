/// Limits of the alert rules that operators differ about.
public struct AlertSettings: Sendable, Equatable {
  /// `CanarySlow` fires when the canary's p99 stays over this. Milliseconds.
  public var canaryPercentile99 = 1_000.0
  /// `ErrorRate` fires when more requests than this fail a second, over all codes.
  public var errorsPerSecond = 1.0
  /// `GroupLagGrowing` fires when a group is this old with its oldest event and falls further behind. Milliseconds.
  public var lagMilliseconds = 60_000.0
  /// `DiskSpace` fires when a broker has less than this free. Bytes.
  public var diskFreeBytes: Int64 = 1 << 30
  /// `ControllerFlapping` fires when the controller changed this often within `controllerWindow`.
  public var controllerChanges = 4
  /// How far back changes of the controller are counted. Milliseconds.
  public var controllerWindow: Int64 = 300_000
  /// By a rule's name: how long it must hold before it fires, instead of the rule's own time. Milliseconds.
  public var firesAfter: [String: Int64] = [:]
  /// By a rule's name: how long all must be well before it clears, instead of the rule's own time. Milliseconds.
  public var clearsAfter: [String: Int64] = [:]
  /// How many cleared alerts are kept.
  public var historyMax = 200

  public init() {}
}
