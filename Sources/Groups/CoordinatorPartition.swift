import Primitives

/// The partition of `__consumer_offsets` that holds a group, and so the broker that coordinates it: its leader.
///
/// Kafka's `Utils.abs(groupId.hashCode()) % partitionCount`, where `hashCode` is Java's, over UTF-16 units, and the
/// absolute value of the smallest integer is 0. `count` must be above 0.
public func coordinatorPartition(for group: String, count: Int32) -> PartitionID {
  invariant(count > 0, "\(count) partitions of __consumer_offsets")
  let hash = javaHashCode(group)
  return PartitionID((hash == .min ? 0 : abs(hash)) % count)
}

/// Java's `String.hashCode`.
func javaHashCode(_ text: String) -> Int32 {
  var hash: Int32 = 0
  for unit in text.utf16 { hash = hash &* 31 &+ Int32(unit) }
  return hash
}
