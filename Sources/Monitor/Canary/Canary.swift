/// Writes one record a second through every broker and reads it back: what a user of the cluster feels, measured.
///
/// The work is done by threads of its own, one request each; a broker that does not answer delays no other.
public final class Canary: Sendable {
  public init(settings: CanarySettings = CanarySettings()) {}

  /// Tells it where brokers and leaders are; to be called with the metadata of each round. Returns at once.
  public func update(_ metadata: ClusterObservation.Metadata) {}

  /// What is known now. A write without an answer counts with its age. Takes microseconds.
  public func view() -> CanaryView { CanaryView() }

  /// Begins; nothing is written before the first `update`.
  public func start() {}

  /// Ends. Requests under way are left to their time limits.
  public func stop() {}
}
