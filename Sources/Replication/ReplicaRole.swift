import Primitives

/// What a replica is in the present leader epoch; each role has its own state, out of the others' reach.
enum ReplicaRole: Sendable {
  /// No leader, no replica here, or the log failed.
  case offline
  case leader(LeaderState)
  case follower(FollowerState)
}

struct FollowerState: Sendable {
  var leader: BrokerID
  var leaderEpoch: LeaderEpoch
}

struct LeaderState: Sendable {
  var leaderEpoch: LeaderEpoch
  /// Where this epoch began: until the high watermark is there, it may lie below what was acknowledged before.
  var epochStartOffset: Offset
  /// The ISR as the controller last confirmed it.
  var isr: [BrokerID]
  var partitionEpoch: PartitionEpoch
  var recoveryState: LeaderRecoveryState
  var pending: PendingChange?
  /// The other replicas.
  var followers: [FollowerProgress]
  var waiting = WaitingProduces()

  /// Every replica that may be in the ISR by the controller's account (B8): old and proposed members alike.
  func isInMaximalISR(_ id: BrokerID) -> Bool {
    isr.contains(id) || (pending?.proposal.isr.contains { $0.id == id } ?? false)
  }
}

/// An AlterPartition that was sent, or is to be sent again.
struct PendingChange: Sendable {
  var proposal: AlterPartitionProposal
  /// When to send it again; `distantFuture` while only new metadata can resolve it.
  var retryAt: Instant
}

/// How far a follower has come, from its fetches.
struct FollowerProgress: Sendable {
  var id: BrokerID
  var brokerEpoch: BrokerEpoch = .none
  /// Its fetch offset; `.none` until it fetches in this leader epoch.
  var logEndOffset: Offset = .none
  var logStartOffset: Offset = .none
  var lastCaughtUp: Instant
  var lastFetch: Instant = .zero
  var leaderEndAtLastFetch: Offset = .none

  func isCaughtUp(leaderEnd: Offset, now: Instant, lagMax: TimeSpan) -> Bool {
    logEndOffset == leaderEnd || now - lastCaughtUp <= lagMax
  }

  /// Caught up now when the fetch asks for the log's end; as of the previous fetch when it asks for the end of then.
  mutating func record(fetchOffset: Offset, leaderEnd: Offset, now: Instant) {
    if fetchOffset >= leaderEnd {
      lastCaughtUp = max(lastCaughtUp, now)
    } else if leaderEndAtLastFetch != .none, fetchOffset >= leaderEndAtLastFetch {
      lastCaughtUp = max(lastCaughtUp, lastFetch)
    }
    logEndOffset = fetchOffset
    leaderEndAtLastFetch = leaderEnd
    lastFetch = now
  }
}

/// Produce requests with acks=all that wait for the high watermark, in the order of their offsets.
struct WaitingProduces: Sendable {
  private struct Entry: Sendable {
    var token: UInt64
    var upTo: Offset
    var deadline: Instant
  }

  private var entries: [Entry] = []
  private var head = 0
  private(set) var earliestDeadline = Instant.distantFuture

  mutating func append(token: UInt64, upTo: Offset, deadline: Instant) {
    entries.append(Entry(token: token, upTo: upTo, deadline: deadline))
    earliestDeadline = min(earliestDeadline, deadline)
  }

  mutating func complete(upTo highWatermark: Offset, _ code: ErrorCode, into effects: inout [ReplicationEffect]) {
    while head < entries.count, entries[head].upTo <= highWatermark {
      effects.append(.acknowledge(token: entries[head].token, code))
      head += 1
    }
    if head == entries.count {
      entries.removeAll(keepingCapacity: true)
      head = 0
      earliestDeadline = .distantFuture
    } else if head > 1024, head * 2 > entries.count {
      entries.removeFirst(head)
      head = 0
    }
  }

  mutating func completeAll(_ code: ErrorCode, into effects: inout [ReplicationEffect]) {
    complete(upTo: Offset(.max), code, into: &effects)
  }

  mutating func expire(at now: Instant, _ code: ErrorCode, into effects: inout [ReplicationEffect]) {
    guard now >= earliestDeadline else { return }
    var kept: [Entry] = []
    earliestDeadline = .distantFuture
    for entry in entries[head...] {
      if entry.deadline <= now {
        effects.append(.acknowledge(token: entry.token, code))
      } else {
        kept.append(entry)
        earliestDeadline = min(earliestDeadline, entry.deadline)
      }
    }
    entries = kept
    head = 0
  }
}
