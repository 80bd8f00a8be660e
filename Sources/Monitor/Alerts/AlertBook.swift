/// Judges one model after another and keeps the book of alerts: what fires, since when, what was, what is silenced.
///
/// A pure core: the caller gives the time, and the same models give the same alerts.
public struct AlertBook: Sendable {
  public let settings: AlertSettings
  /// What `judge` last said, with acknowledgements since.
  public private(set) var list = AlertList()
  /// What fired or cleared in the latest `judge`, in that order: for webhooks and the timeline.
  public private(set) var changes: [Alert] = []

  public init(settings: AlertSettings = AlertSettings()) { self.settings = settings }

  /// Takes in the model of one round. `at`: milliseconds since 1970.
  public mutating func judge(_ model: ClusterModel, at: Int64) -> AlertList { list }

  /// Someone takes care of it. False when no alert of that id fires.
  public mutating func acknowledge(id: String, by who: String, at: Int64) -> Bool { false }

  /// Silences all alerts of a name until then, present and future ones; nil ends it.
  public mutating func silence(named name: String, until: Int64?) {}
}
