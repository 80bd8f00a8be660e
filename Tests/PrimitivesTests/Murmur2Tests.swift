import Foundation
import Primitives
import Testing

/// Keys go to the partitions that Apache Kafka's own client code computed for them.
@Test func keysGoWhereKafkaPutsThem() throws {
  struct File: Decodable {
    struct Key: Decodable {
      var hex: String
      var murmur2: Int32
      var of1: Int32
      var of3: Int32
      var of7: Int32
      var of50: Int32
      var of1000: Int32
    }
    var keys: [Key]
  }
  let path = "\(#filePath.dropLast("PrimitivesTests/Murmur2Tests.swift".count))Vectors/primitives/murmur2.json"
  let file = try JSONDecoder().decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path)))
  #expect(file.keys.count > 10)
  for key in file.keys {
    let digits = Array(key.hex)
    let data = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    #expect(data.count * 2 == digits.count)
    #expect(Murmur2.hash(data) == key.murmur2)
    for (count, partition) in [(1, key.of1), (3, key.of3), (7, key.of7), (50, key.of50), (1000, key.of1000)] {
      #expect(Murmur2.partition(of: data, count: Int32(count)) == partition)
    }
  }
}
