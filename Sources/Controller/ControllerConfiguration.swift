import Primitives

/// What the active controller goes by. The names of the settings in `server.properties` stand beside each.
public struct ControllerConfiguration: Equatable, Sendable {
  /// Registrations with another id are refused; empty: any is taken.
  public var clusterID = ""
  /// `broker.session.timeout.ms`: a broker that was not heard of for so long is fenced. 1500 ms and not Kafka's 9000:
  /// the brokers are on one machine, and no pauses of collection hide behind silence.
  public var sessionTimeout: TimeSpan = .milliseconds(1500)
  /// `leader.imbalance.check.interval.seconds`: how long after a preferred leader is back in the ISR leadership returns
  /// to it. 3 s and not Kafka's 300: leadership on one node only costs more than the move does.
  public var imbalanceCheckInterval: TimeSpan = .seconds(3)
  /// `metadata.max.idle.interval.ms`: a NoOp is written after so long without another record.
  public var maxIdleInterval: TimeSpan = .milliseconds(500)
  /// `default.replication.factor`, `num.partitions`, `min.insync.replicas`: for topics that do not say.
  public var defaultReplicationFactor: Int16 = 3
  public var defaultPartitions: Int32 = 1
  public var minInSyncReplicas = 2
  /// `unclean.leader.election.enable`.
  public var uncleanLeaderElection = false
  /// `delete.topic.enable`.
  public var allowsTopicDeletion = true
  /// Records in one atomic batch.
  public var maxRecordsPerBatch = 10_000
  public var producerIDBlockSize: Int32 = 1000
  /// Written when the log is empty.
  public var bootstrapFeatures: [(name: String, level: Int16)] = [
    ("eligible.leader.replicas.version", 1), ("metadata.version", 30),
  ]
  /// Seeds topic ids and the choice of replicas.
  public var seed: UInt64 = 0
  /// Rules broken on purpose, so that the simulator can prove that it notices. Empty outside tests.
  package var flaws: ControllerFlaws = []

  public init() {}

  public static func == (a: ControllerConfiguration, b: ControllerConfiguration) -> Bool {
    a.clusterID == b.clusterID && a.sessionTimeout == b.sessionTimeout
      && a.imbalanceCheckInterval == b.imbalanceCheckInterval && a.maxIdleInterval == b.maxIdleInterval
      && a.defaultReplicationFactor == b.defaultReplicationFactor && a.defaultPartitions == b.defaultPartitions
      && a.minInSyncReplicas == b.minInSyncReplicas && a.uncleanLeaderElection == b.uncleanLeaderElection
      && a.allowsTopicDeletion == b.allowsTopicDeletion && a.maxRecordsPerBatch == b.maxRecordsPerBatch
      && a.producerIDBlockSize == b.producerIDBlockSize
      && a.bootstrapFeatures.elementsEqual(b.bootstrapFeatures) { $0 == $1 } && a.seed == b.seed
      && a.flaws == b.flaws
  }
}

/// Rules of the controller that a test may switch off. Each must be noticed by the simulator's invariants.
package struct ControllerFlaws: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Moving replicas may take away the last in-sync ones but one.
  package static let movesBelowMinISR = ControllerFlaws(rawValue: 1)
}
