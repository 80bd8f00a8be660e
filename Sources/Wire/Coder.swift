import Primitives

/// Reads or writes the primitives of Kafka's protocol (big endian; compact forms in flexible versions, KIP-482).
///
/// The same calls do both, so that a message is described once. A length is checked against the bytes that are left
/// before anything is allocated for it.
public struct Coder {
  public let version: Int16
  public let isFlexible: Bool
  public let isReading: Bool
  let ownsRecords: Bool
  let input: UnsafeRawBufferPointer
  /// Position of the next byte to read.
  public internal(set) var position: Int
  /// End of what may be read: the input's end, or a tagged field's.
  var limit: Int
  var output: [UInt8]
  /// Where `RecordBytes.gap` payloads belong in the output, which does not hold them.
  public private(set) var gaps: [Gap] = []
  var tagStack: [TagSection] = []
  /// Error codes that were written.
  public internal(set) var errors = ErrorTally()

  /// A coder that reads `bytes` from `position` on. The bytes must outlive it.
  public init(
    reading bytes: UnsafeRawBufferPointer, at position: Int = 0, version: Int16, flexible: Bool,
    ownsRecords: Bool = false
  ) {
    self.version = version
    isFlexible = flexible
    isReading = true
    self.ownsRecords = ownsRecords
    input = bytes
    self.position = min(max(position, 0), bytes.count)
    limit = bytes.count
    output = []
  }

  /// A coder that appends to `output`.
  public init(writing output: consuming [UInt8], version: Int16, flexible: Bool) {
    self.version = version
    isFlexible = flexible
    isReading = false
    ownsRecords = false
    input = UnsafeRawBufferPointer(start: nil, count: 0)
    position = 0
    limit = 0
    self.output = output
  }

  public mutating func takeOutput() -> [UInt8] {
    let result = output
    output = []
    return result
  }

  public var remaining: Int { limit - position }

  // MARK: fixed-width numbers

  @inline(__always)
  mutating func integer<T: FixedWidthInteger>(_ value: inout T) throws(DecodeError) {
    let width = MemoryLayout<T>.size
    if isReading {
      guard limit - position >= width else { throw .truncated(at: position) }
      value = T(bigEndian: input.loadUnaligned(fromByteOffset: position, as: T.self))
      position += width
    } else {
      withUnsafeBytes(of: value.bigEndian) { output.append(contentsOf: $0) }
    }
  }

  public mutating func int8(_ value: inout Int8) throws(DecodeError) { try integer(&value) }
  public mutating func int16(_ value: inout Int16) throws(DecodeError) { try integer(&value) }
  public mutating func uint16(_ value: inout UInt16) throws(DecodeError) { try integer(&value) }
  public mutating func int32(_ value: inout Int32) throws(DecodeError) { try integer(&value) }
  public mutating func uint32(_ value: inout UInt32) throws(DecodeError) { try integer(&value) }
  public mutating func int64(_ value: inout Int64) throws(DecodeError) { try integer(&value) }

  public mutating func bool(_ value: inout Bool) throws(DecodeError) {
    var byte: UInt8 = value ? 1 : 0
    try integer(&byte)
    value = byte != 0
  }

  public mutating func float64(_ value: inout Double) throws(DecodeError) {
    var bits = value.bitPattern
    try integer(&bits)
    value = Double(bitPattern: bits)
  }

  public mutating func uuid(_ value: inout UUID128) throws(DecodeError) {
    try integer(&value.high)
    try integer(&value.low)
  }

  /// Unsigned variable-length number of at most 32 bits.
  public mutating func unsignedVarint(_ value: inout UInt32) throws(DecodeError) {
    if isReading {
      var result: UInt32 = 0
      var shift: UInt32 = 0
      let start = position
      while true {
        guard position < limit else { throw .truncated(at: start) }
        let byte = input[position]
        position += 1
        if shift == 28, byte > 0x0f { throw .varintTooLong(at: start) }
        result |= UInt32(byte & 0x7f) << shift
        if byte & 0x80 == 0 { break }
        shift += 7
      }
      value = result
    } else {
      var rest = value
      while rest >= 0x80 {
        output.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      output.append(UInt8(truncatingIfNeeded: rest))
    }
  }

  // MARK: lengths

  /// A length, −1 for null: compact in flexible versions, else of the classic width.
  @inline(__always)
  mutating func length(_ value: inout Int, wide: Bool) throws(DecodeError) {
    if isFlexible {
      var compact = UInt32(truncatingIfNeeded: value &+ 1)
      try unsignedVarint(&compact)
      if isReading { value = Int(compact) - 1 }
    } else if wide {
      var number = Int32(truncatingIfNeeded: value)
      try integer(&number)
      value = Int(number)
    } else {
      var number = Int16(truncatingIfNeeded: value)
      try integer(&number)
      value = Int(number)
    }
  }

  /// A length that must be present and fit into what is left.
  @inline(__always)
  private mutating func readLength(wide: Bool) throws(DecodeError) -> Int? {
    let at = position
    var count = 0
    try length(&count, wide: wide)
    if count == -1 { return nil }
    guard count >= 0, count <= limit - position else { throw .invalidLength(count, at: at) }
    return count
  }

  // MARK: texts and bytes

  public mutating func string(_ value: inout String) throws(DecodeError) {
    if isReading {
      let at = position
      guard let text = try readText() else { throw .invalidLength(-1, at: at) }
      value = text
    } else {
      try writeText(value)
    }
  }

  public mutating func nullableString(_ value: inout String?) throws(DecodeError) {
    if isReading {
      value = try readText()
    } else if let text = value {
      try writeText(text)
    } else {
      var none = -1
      try length(&none, wide: false)
    }
  }

  private mutating func readText() throws(DecodeError) -> String? {
    let at = position
    guard let count = try readLength(wide: false) else { return nil }
    guard let text = String(validating: input[position..<(position + count)], as: UTF8.self) else {
      throw .invalidText(at: at)
    }
    position += count
    return text
  }

  private mutating func writeText(_ text: String) throws(DecodeError) {
    var text = text
    var count = text.utf8.count
    if !isFlexible, count > Int(Int16.max) {
      text = String(decoding: text.utf8.prefix(Int(Int16.max)), as: UTF8.self)
      count = text.utf8.count
    }
    try length(&count, wide: false)
    output.append(contentsOf: text.utf8)
  }

  public mutating func bytes(_ value: inout [UInt8]) throws(DecodeError) {
    var nullable: [UInt8]? = isReading ? nil : value
    let at = position
    try nullableBytes(&nullable)
    if isReading {
      guard let present = nullable else { throw .invalidLength(-1, at: at) }
      value = present
    }
  }

  public mutating func nullableBytes(_ value: inout [UInt8]?) throws(DecodeError) {
    if isReading {
      guard let count = try readLength(wide: true) else {
        value = nil
        return
      }
      value = Array(input[position..<(position + count)])
      position += count
    } else {
      var count = value?.count ?? -1
      try length(&count, wide: true)
      if let bytes = value { output.append(contentsOf: bytes) }
    }
  }

  public mutating func records(_ value: inout RecordBytes) throws(DecodeError) {
    if isReading {
      guard let count = try readLength(wide: true) else {
        value = .null
        return
      }
      let range = position..<(position + count)
      value = ownsRecords ? .owned(Array(input[range])) : .slice(range)
      position += count
      return
    }
    var count = value == .null ? -1 : value.count
    try length(&count, wide: true)
    switch value {
    case .null: break
    case .owned(let bytes): output.append(contentsOf: bytes)
    case .gap(let size):
      gaps.append(Gap(position: output.count, count: size))
    case .slice(let range): invariant(false, "records \(range) of another frame cannot be written")
    }
  }

  // MARK: arrays and structures

  public mutating func structure<T: WireStruct>(_ value: inout T) throws(DecodeError) { try value.code(&self) }

  /// A structure that may be null: a byte −1 or 1 before it.
  public mutating func nullableStructure<T: WireStruct>(_ value: inout T?) throws(DecodeError) {
    var presence: Int8 = value == nil ? -1 : 1
    try integer(&presence)
    if isReading {
      guard presence >= 0 else {
        value = nil
        return
      }
      var fresh = T()
      try fresh.code(&self)
      value = fresh
    } else if var present = value {
      try present.code(&self)
    }
  }

  public mutating func structures<T: WireStruct>(_ value: inout [T]) throws(DecodeError) {
    try array(&value) { (element: inout T, c: inout Coder) throws(DecodeError) in try element.code(&c) }
  }

  public mutating func nullableStructures<T: WireStruct>(_ value: inout [T]?) throws(DecodeError) {
    try nullableArray(&value) { (element: inout T, c: inout Coder) throws(DecodeError) in try element.code(&c) }
  }

  public mutating func array<T: Defaultable>(
    _ value: inout [T], _ element: (inout T, inout Coder) throws(DecodeError) -> Void
  ) throws(DecodeError) {
    let at = position
    var nullable: [T]? = isReading ? nil : value
    try nullableArray(&nullable, element)
    if isReading {
      guard let present = nullable else { throw .invalidLength(-1, at: at) }
      value = present
    }
  }

  public mutating func nullableArray<T: Defaultable>(
    _ value: inout [T]?, _ element: (inout T, inout Coder) throws(DecodeError) -> Void
  ) throws(DecodeError) {
    if isReading {
      // Every element takes at least one byte, so the count is bounded by what is left.
      guard let count = try readLength(wide: true) else {
        value = nil
        return
      }
      var result: [T] = []
      result.reserveCapacity(min(count, 1024))
      for _ in 0..<count {
        var item = T()
        try element(&item, &self)
        result.append(item)
      }
      value = result
    } else {
      var count = value?.count ?? -1
      try length(&count, wide: true)
      for item in value ?? [] {
        var copy = item
        try element(&copy, &self)
      }
    }
  }

  public mutating func int8s(_ value: inout [Int8]) throws(DecodeError) {
    try array(&value) { (e: inout Int8, c: inout Coder) throws(DecodeError) in try c.int8(&e) }
  }
  public mutating func int16s(_ value: inout [Int16]) throws(DecodeError) {
    try array(&value) { (e: inout Int16, c: inout Coder) throws(DecodeError) in try c.int16(&e) }
  }
  public mutating func int32s(_ value: inout [Int32]) throws(DecodeError) {
    try array(&value) { (e: inout Int32, c: inout Coder) throws(DecodeError) in try c.int32(&e) }
  }
  public mutating func nullableInt32s(_ value: inout [Int32]?) throws(DecodeError) {
    try nullableArray(&value) { (e: inout Int32, c: inout Coder) throws(DecodeError) in try c.int32(&e) }
  }
  public mutating func int64s(_ value: inout [Int64]) throws(DecodeError) {
    try array(&value) { (e: inout Int64, c: inout Coder) throws(DecodeError) in try c.int64(&e) }
  }
  public mutating func strings(_ value: inout [String]) throws(DecodeError) {
    try array(&value) { (e: inout String, c: inout Coder) throws(DecodeError) in try c.string(&e) }
  }
  public mutating func nullableStrings(_ value: inout [String]?) throws(DecodeError) {
    try nullableArray(&value) { (e: inout String, c: inout Coder) throws(DecodeError) in try c.string(&e) }
  }
  public mutating func uuids(_ value: inout [UUID128]) throws(DecodeError) {
    try array(&value) { (e: inout UUID128, c: inout Coder) throws(DecodeError) in try c.uuid(&e) }
  }
  public mutating func nullableUuids(_ value: inout [UUID128]?) throws(DecodeError) {
    try nullableArray(&value) { (e: inout UUID128, c: inout Coder) throws(DecodeError) in try c.uuid(&e) }
  }
}

/// What an array's element starts as before it is read.
public protocol Defaultable { init() }
extension Int8: Defaultable {}
extension Int16: Defaultable {}
extension Int32: Defaultable {}
extension Int64: Defaultable {}
extension String: Defaultable {}
extension UUID128: Defaultable {
  public init() { self = .zero }
}
