import CommitLog
import Primitives
import Replication

/// A partition's log as the replication core sees it.
package struct ReplicaLogAdapter: ReplicaLog {
  private let log: PartitionLog
  package init(_ log: PartitionLog) { self.log = log }

  package var logStartOffset: Offset { log.logStartOffset }
  package var logEndOffset: Offset { log.logEndOffset }
  package var latestEpoch: LeaderEpoch? { log.latestEpoch }
  package func endOffset(for epoch: LeaderEpoch) -> (epoch: LeaderEpoch, offset: Offset)? { log.endOffset(for: epoch) }

  package mutating func beginEpoch(_ epoch: LeaderEpoch) throws(ReplicaLogFailure) {
    try run { () throws(LogError) in try log.beginEpoch(epoch) }
  }
  package mutating func truncate(to offset: Offset) throws(ReplicaLogFailure) {
    try run { () throws(LogError) in try log.truncate(to: offset) }
  }
  package mutating func truncateFully(startingAt offset: Offset) throws(ReplicaLogFailure) {
    try run { () throws(LogError) in try log.truncateFully(startingAt: offset) }
  }
  package mutating func advanceLogStart(to offset: Offset) throws(ReplicaLogFailure) {
    try run { () throws(LogError) in try log.advanceLogStart(to: offset) }
  }

  private func run(_ work: () throws(LogError) -> Void) throws(ReplicaLogFailure) {
    do throws(LogError) { try work() } catch { throw ReplicaLogFailure("\(error)") }
  }
}
