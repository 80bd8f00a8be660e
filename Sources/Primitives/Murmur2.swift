/// The 32-bit MurmurHash2 by which Kafka's own clients choose the partition of a key.
public enum Murmur2 {
  public static func hash(_ data: some Collection<UInt8>) -> Int32 {
    let bytes = ContiguousArray(data)
    let multiplier: UInt32 = 0x5bd1_e995
    var hash: UInt32 = 0x9747_b28c ^ UInt32(truncatingIfNeeded: bytes.count)
    var index = 0
    while index + 4 <= bytes.count {
      var word =
        UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8 | UInt32(bytes[index + 2]) << 16
        | UInt32(bytes[index + 3]) << 24
      word = word &* multiplier
      word ^= word >> 24
      hash = (hash &* multiplier) ^ (word &* multiplier)
      index += 4
    }
    let left = bytes.count - index
    if left >= 3 { hash ^= UInt32(bytes[index + 2]) << 16 }
    if left >= 2 { hash ^= UInt32(bytes[index + 1]) << 8 }
    if left >= 1 { hash = (hash ^ UInt32(bytes[index])) &* multiplier }
    hash ^= hash >> 13
    hash = hash &* multiplier
    hash ^= hash >> 15
    return Int32(bitPattern: hash)
  }

  /// The partition of a key among `count` (at least 1), as the Java client's default partitioner has it.
  public static func partition(of key: some Collection<UInt8>, count: Int32) -> Int32 {
    (hash(key) & .max) % max(1, count)
  }
}
