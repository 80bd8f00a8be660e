/// A 128-bit identifier in Kafka's textual form: URL-safe base64 of 22 characters without padding.
///
/// Topic ids, directory ids, incarnation ids and cluster ids are all of this shape.
@frozen public struct UUID128: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var high: UInt64
  public var low: UInt64

  @inlinable public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  public static let zero = UUID128(high: 0, low: 0)
  /// Topic id of `__cluster_metadata`.
  public static let metadataTopic = UUID128(high: 0, low: 1)

  public var isZero: Bool { high == 0 && low == 0 }

  public static func < (a: UUID128, b: UUID128) -> Bool { (a.high, a.low) < (b.high, b.low) }

  /// A random version 4 UUID that, like Kafka's, never begins with a dash in its textual form.
  public static func random(using random: inout some RandomNumberGenerator) -> UUID128 {
    while true {
      let high: UInt64 = (random.next() & 0xffff_ffff_ffff_0fff) | 0x4000
      let low: UInt64 = (random.next() & 0x3fff_ffff_ffff_ffff) | 0x8000_0000_0000_0000
      let id = UUID128(high: high, low: low)
      if id.high >> 58 != 62, high != 0 { return id }
    }
  }

  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  public var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(22)
    // 128 bits in 21 groups of six and a last group of two, padded with four zero bits.
    for group in 0..<22 {
      let shift = 122 - group * 6
      let bits: UInt64
      if shift >= 64 {
        bits = high >> UInt64(shift - 64)
      } else if shift >= 0 {
        bits = (low >> UInt64(shift)) | (shift > 58 ? high << UInt64(64 - shift) : 0)
      } else {
        bits = low << UInt64(-shift)
      }
      text.append(Self.alphabet[Int(bits & 63)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Reads the 22-character form (or 24 with padding); nil for anything else.
  public init?(_ text: String) {
    var bytes = Array(text.utf8)
    while bytes.last == UInt8(ascii: "="), bytes.count > 22 { bytes.removeLast() }
    guard bytes.count == 22 else { return nil }
    var high: UInt64 = 0
    var low: UInt64 = 0
    for (index, byte) in bytes.enumerated() {
      guard let value = Self.value(of: byte) else { return nil }
      let width: UInt64 = index == 21 ? 2 : 6
      let bits = index == 21 ? UInt64(value) >> 4 : UInt64(value)
      high = (high << width) | (low >> (64 - width))
      low = (low << width) | bits
    }
    self.init(high: high, low: low)
  }

  private static func value(of byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0") + 52
    case UInt8(ascii: "-"), UInt8(ascii: "+"): 62
    case UInt8(ascii: "_"), UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

/// A topic's id; a topic that is created anew has a new one.
public typealias TopicID = UUID128
