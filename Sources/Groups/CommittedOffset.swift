import Primitives
import Wire

/// A committed offset as the log has it.
struct CommittedOffset: Sendable, Equatable {
  var offset: Int64
  var leaderEpoch: Int32
  var metadata: String
  /// Milliseconds of wall-clock time.
  var commitTimestamp: Int64
  /// When the client itself asked for an end (OffsetCommit before version 5), in milliseconds of wall-clock time.
  var expireTimestamp: Int64?
  /// Zero if the committer knew none.
  var topicID: TopicID

  init(_ value: OffsetCommitValue) {
    offset = value.offset
    leaderEpoch = value.leaderEpoch
    metadata = value.metadata
    commitTimestamp = value.commitTimestamp
    expireTimestamp = value.expireTimestamp < 0 ? nil : value.expireTimestamp
    topicID = value.topicId
  }

  init(
    _ partition: OffsetCommitRequest.OffsetCommitRequestPartition, topicID: TopicID, commitTimestamp: Int64,
    expireTimestamp: Int64?
  ) {
    offset = partition.committedOffset
    leaderEpoch = partition.committedLeaderEpoch
    metadata = partition.committedMetadata ?? ""
    self.commitTimestamp = commitTimestamp
    self.expireTimestamp = expireTimestamp
    self.topicID = topicID
  }

  /// The stored form: version 4 with the topic's id, or version 1 where a moment of expiry must be kept, as only that
  /// version has a field for it. An id or leader epoch is then not kept; Kafka does the same.
  var encoded: [UInt8] {
    var value = OffsetCommitValue()
    value.offset = offset
    value.leaderEpoch = leaderEpoch
    value.metadata = metadata
    value.commitTimestamp = commitTimestamp
    guard let expireTimestamp else {
      value.topicId = topicID
      return value.encodedWithPrefix(4, version: 4)
    }
    value.expireTimestamp = expireTimestamp
    return value.encodedWithPrefix(1, version: 1)
  }

  /// What a replay of `encoded` gives: memory must hold no more than the log.
  var asStored: CommittedOffset {
    guard expireTimestamp != nil else { return self }
    var stored = self
    stored.leaderEpoch = -1
    stored.topicID = .zero
    return stored
  }
}
