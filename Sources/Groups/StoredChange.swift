import Wire

/// What one record of `__consumer_offsets` does to the state of a group; nil is a tombstone.
enum StoredChange: Sendable, Equatable {
  case offset(topic: String, partition: Int32, CommittedOffset?)
  case metadata(GroupMetadataValue?)

  func record(group: String) -> GroupRecord {
    switch self {
    case .offset(let topic, let partition, let offset):
      var key = OffsetCommitKey()
      key.group = group
      key.topic = topic
      key.partition = partition
      return GroupRecord(key: key.encodedWithPrefix(OffsetCommitKey.type, version: 0), value: offset?.encoded)
    case .metadata(let value):
      var key = GroupMetadataKey()
      key.group = group
      return GroupRecord(
        key: key.encodedWithPrefix(GroupMetadataKey.type, version: 0),
        value: value?.encodedWithPrefix(3, version: 3))
    }
  }

  /// Reads a stored record; nil for the records of other coordinators (KIP-848 groups, share groups, streams).
  static func decode(key: [UInt8], value: [UInt8]?) throws(DecodeError) -> (group: String, change: StoredChange)? {
    guard let type = leadingInt16(key) else { throw .truncated(at: 0) }
    switch type {
    case 0, OffsetCommitKey.type:
      let key = try OffsetCommitKey.decode(Array(key[2...]), version: 0)
      var offset: CommittedOffset?
      if let value { offset = CommittedOffset(try OffsetCommitValue.decodeWithVersionPrefix(value)) }
      return (key.group, .offset(topic: key.topic, partition: key.partition, offset))
    case GroupMetadataKey.type:
      let key = try GroupMetadataKey.decode(Array(key[2...]), version: 0)
      var metadata: GroupMetadataValue?
      if let value { metadata = try GroupMetadataValue.decodeWithVersionPrefix(value) }
      return (key.group, .metadata(metadata))
    default:
      return nil
    }
  }
}
