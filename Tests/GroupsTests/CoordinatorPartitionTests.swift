import Foundation
import Primitives
import Testing

@testable import Groups

/// Goal: clients and brokers of any make agree on a group's coordinator. Method: hashes and partitions that Apache
/// Kafka's own code computed, among them the group whose hash has no absolute value.
@Test func groupsHashToPartitionsAsInKafka() throws {
  struct Row: Decodable {
    var group: String
    var javaHash: Int32
    var partition: Int32
  }
  let path =
    "\(#filePath.dropLast("GroupsTests/CoordinatorPartitionTests.swift".count))"
    + "Vectors/groups/coordinator-partitions.json"
  let rows = try JSONDecoder().decode([Row].self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  #expect(rows.contains { $0.javaHash == .min })
  for row in rows {
    #expect(javaHashCode(row.group) == row.javaHash)
    #expect(coordinatorPartition(for: row.group, count: 50) == PartitionID(row.partition))
  }
}
