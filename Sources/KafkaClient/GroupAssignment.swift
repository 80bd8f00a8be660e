import Primitives

/// The partitions that a member of a classic consumer group was given, as its leader wrote them down: a version, then
/// for each topic its name and its partitions (the consumer protocol's `ConsumerProtocolAssignment`).
enum GroupAssignment {
  /// Empty for what is no such thing: other kinds of groups write other things.
  static func partitions(_ bytes: [UInt8]) -> [TopicPartition] {
    var rest = bytes[...]
    func number(_ size: Int) -> Int? {
      guard rest.count >= size else { return nil }
      let value = rest.prefix(size).reduce(0) { $0 << 8 | Int($1) }
      rest = rest.dropFirst(size)
      return value
    }
    var result: [TopicPartition] = []
    guard number(2) != nil, let topics = number(4), topics <= rest.count else { return [] }
    for _ in 0..<topics {
      guard let size = number(2), rest.count >= size else { return [] }
      let name = String(decoding: rest.prefix(size), as: UTF8.self)
      rest = rest.dropFirst(size)
      guard let count = number(4), count <= rest.count else { return [] }
      for _ in 0..<count {
        guard let partition = number(4).flatMap({ Int32(exactly: $0) }) else { return [] }
        result.append(TopicPartition(name, PartitionID(partition)))
      }
    }
    return result.sorted()
  }
}
