import Primitives

/// The quorum's times and sizes; the names follow Kafka's `controller.quorum.*`, the defaults are Kafka's.
public struct RaftConfiguration: Hashable, Sendable {
  /// `controller.quorum.election.timeout.ms`: a voter without a leader waits this long and up to as much again.
  public var electionTimeout: TimeSpan = .milliseconds(1000)
  /// `controller.quorum.fetch.timeout.ms`: a follower that has not fetched for so long stands for election;
  /// a leader that a majority has not fetched from for one and a half times as long resigns.
  public var fetchTimeout: TimeSpan = .milliseconds(2000)
  /// `controller.quorum.election.backoff.max.ms`: the longest wait after a lost election.
  public var electionBackoffMax: TimeSpan = .milliseconds(1000)
  /// `controller.quorum.request.timeout.ms`: after this long a request without an answer counts as failed.
  public var requestTimeout: TimeSpan = .milliseconds(2000)
  /// `controller.quorum.retry.backoff.ms`: the pause before a failed request is tried again.
  public var retryBackoff: TimeSpan = .milliseconds(20)
  /// How long the leader may hold a Fetch that has nothing to answer; never more than half the fetch timeout.
  public var fetchMaxWait: TimeSpan = .milliseconds(500)
  /// The most bytes of records in one Fetch, and of a snapshot in one FetchSnapshot.
  public var fetchMaxBytes: Int = 8 << 20
  /// The longest random delay before a follower that misses its leader asks for pre-votes, after the fetch timeout or
  /// after the news that the leader's process is gone. It makes it less likely that followers which lost the leader
  /// at the same moment stand at the same moment and split the vote.
  public var leaderGoneJitter: TimeSpan = .milliseconds(8)
  /// Faults planted on purpose, so that the simulator can prove that it finds them. Empty outside tests.
  package var flaws: RaftFlaws = []

  public init() {}
}

/// Rules of Raft that a test may switch off. Each must be noticed by the simulator's invariants.
package struct RaftFlaws: OptionSet, Hashable, Sendable {
  package let rawValue: UInt8
  package init(rawValue: UInt8) { self.rawValue = rawValue }
  /// Votes are granted to candidates whose log is behind.
  package static let grantVoteWithoutLogCheck = RaftFlaws(rawValue: 1)
  /// The leader counts replicas for records of earlier epochs before its own epoch's first record is replicated.
  package static let commitBelowEpochStart = RaftFlaws(rawValue: 2)
  /// A follower that misses its leader becomes a candidate at once.
  package static let noPreVote = RaftFlaws(rawValue: 4)
  /// A diverging epoch makes the follower drop more than it must, committed records too.
  package static let truncateBelowHighWatermark = RaftFlaws(rawValue: 8)
  /// The leader never asks itself whether a majority still follows it.
  package static let noCheckQuorum = RaftFlaws(rawValue: 16)
  /// The leader counts a Fetch without comparing the epochs of the two logs.
  package static let noDivergenceCheck = RaftFlaws(rawValue: 32)
  /// Messages leave before the vote that they rest on is written.
  package static let persistAfterSend = RaftFlaws(rawValue: 64)
  /// A node votes for everybody who asks, more than once an epoch.
  package static let voteTwice = RaftFlaws(rawValue: 128)
}
