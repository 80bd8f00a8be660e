import Primitives
import Testing
import Wire

/// Whatever bytes come in, decoding ends with a value or a typed error: never a trap, never memory that a length merely claims.
@Suite struct BadInputTests {
  @Test func randomBytesNeverTrap() {
    var random = RandomSource(seed: 7)
    var refused = 0
    for (_, type) in allMessages.sorted(by: { $0.key < $1.key }) {
      for _ in 0..<200 {
        let count = Int.random(in: 0...64, using: &random)
        let bytes = (0..<count).map { _ in
          random.chance(0.5) ? UInt8.random(in: 0...3, using: &random) : UInt8.random(in: 0...255, using: &random)
        }
        let version = Int16.random(in: type.validVersions, using: &random)
        if (try? type.decode(bytes, version: version)) == nil { refused += 1 }
      }
    }
    #expect(refused > 1000)
  }

  @Test func mutatedKafkaBytesNeverTrap() throws {
    var random = RandomSource(seed: 11)
    for file in try MessageVectorTests.files() {
      let type = try MessageVectorTests.type(of: file)
      for row in try VectorFiles.rows(file) where row["sample"] as? String == "full" {
        var bytes = VectorFiles.bytes(hex: try #require(row["hex"] as? String))
        guard let version = row["version"] as? Int, !bytes.isEmpty else { continue }
        for _ in 0..<20 {
          bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
          _ = try? type.decode(bytes, version: Int16(version))
        }
      }
    }
  }

  @Test func hugeCountIsRefusedBeforeAnythingIsAllocated() {
    // Metadata v9: a compact array that claims 2^28 topics in six bytes.
    #expect(throws: DecodeError.self) {
      try MetadataRequest.decode([0xff, 0xff, 0xff, 0xff, 0x0f, 0x00], version: 9)
    }
    // Classic: two thousand million topics.
    #expect(throws: DecodeError.self) { try MetadataRequest.decode([0x7f, 0xff, 0xff, 0xff], version: 1) }
  }

  @Test func negativeLengthIsRefused() {
    #expect(throws: DecodeError.self) { try MetadataRequest.decode([0xff, 0xff, 0xff, 0xfe], version: 1) }
  }

  @Test func repeatedTagIsRefused() {
    // ApiVersions v3: name "a", version "b", two fields with tag 1.
    #expect(throws: DecodeError.repeatedTag(1, at: 7)) {
      try ApiVersionsRequest.decode([2, 97, 2, 98, 2, 1, 0, 1, 0], version: 3)
    }
  }

  @Test func unknownVersionIsRefused() {
    #expect(throws: DecodeError.unsupportedVersion(99)) { try FetchRequest.decode([], version: 99) }
  }

  /// librdkafka's list of all topics has three bytes too many; Kafka ignores them.
  @Test func bytesAfterTheEndAreIgnored() throws {
    let request = try MetadataRequest.decode([0, 0, 0, 0, 1, 0, 0], version: 13)
    #expect(request.topics == nil)
  }
}
