/// How many groups there are, by state, and offsets that they have committed.
public struct GroupCounts: Hashable, Sendable {
  public var empty = 0
  public var preparingRebalance = 0
  public var completingRebalance = 0
  public var stable = 0
  public var offsets = 0

  public init() {}

  public var groups: Int { empty + preparingRebalance + completingRebalance + stable }

  public static func + (a: GroupCounts, b: GroupCounts) -> GroupCounts {
    var sum = a
    sum.empty += b.empty
    sum.preparingRebalance += b.preparingRebalance
    sum.completingRebalance += b.completingRebalance
    sum.stable += b.stable
    sum.offsets += b.offsets
    return sum
  }
}

extension GroupShard {
  /// What this shard has now; all zero unless it serves.
  public var counts: GroupCounts {
    var counts = GroupCounts()
    guard servingEpoch != nil else { return counts }
    for group in groups.values {
      switch group.state {
      case .empty: counts.empty += 1
      case .preparingRebalance: counts.preparingRebalance += 1
      case .completingRebalance: counts.completingRebalance += 1
      case .stable: counts.stable += 1
      }
      for partitions in group.offsets.values { counts.offsets += partitions.count }
    }
    return counts
  }
}
