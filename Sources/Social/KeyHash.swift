/// The partition of a key as Kafka's own clients choose it: 32-bit MurmurHash2, its sign bit cleared, modulo the
/// number of partitions.
public enum KeyHash {
  public static func murmur2(_ bytes: [UInt8]) -> Int32 {
    let multiplier: UInt32 = 0x5bd1_e995
    var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
    var index = 0
    while index + 4 <= bytes.count {
      var word = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[index + $1]) << UInt32(8 * $1) }
      word = word &* multiplier
      word = (word ^ word >> 24) &* multiplier
      hash = (hash &* multiplier) ^ word
      index += 4
    }
    let rest = bytes.count - index
    if rest >= 3 { hash ^= UInt32(bytes[index + 2]) << 16 }
    if rest >= 2 { hash ^= UInt32(bytes[index + 1]) << 8 }
    if rest >= 1 { hash = (hash ^ UInt32(bytes[index])) &* multiplier }
    hash = (hash ^ hash >> 13) &* multiplier
    return Int32(bitPattern: hash ^ hash >> 15)
  }

  /// `count` at least 1.
  public static func partition(of key: [UInt8], count: Int32) -> Int32 { (murmur2(key) & .max) % max(1, count) }
}
