/// Why a text is not JSON.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
  public var reason: String
  /// Counted in bytes from the start.
  public var position: Int
  public var description: String { "not JSON at byte \(position): \(reason)" }
}

extension JSON {
  /// Reads one value and nothing after it. Nesting is bounded, so that hostile input cannot exhaust the stack.
  public init(parsing text: String) throws(JSONError) {
    var reader = JSONReader(bytes: Array(text.utf8))
    self = try reader.value(depth: 0)
    reader.skipSpace()
    guard reader.position == reader.bytes.count else { throw reader.error("something follows the value") }
  }
}

extension JSON {
  /// The members of an object, each with the very bytes that its value was written with: numbers keep all their digits.
  public static func members(of text: [UInt8]) throws(JSONError) -> [(name: String, value: JSON, text: [UInt8])] {
    var reader = JSONReader(bytes: text)
    guard reader.take(UInt8(ascii: "{")) else { throw reader.error("an object is expected") }
    var members: [(name: String, value: JSON, text: [UInt8])] = []
    if !reader.take(UInt8(ascii: "}")) {
      repeat {
        let name = try reader.name()
        reader.skipSpace()
        let start = reader.position
        let value = try reader.value(depth: 1)
        members.append((name, value, Array(text[start..<reader.position])))
      } while reader.take(UInt8(ascii: ","))
      guard reader.take(UInt8(ascii: "}")) else { throw reader.error("a comma or } is expected") }
    }
    reader.skipSpace()
    guard reader.position == reader.bytes.count else { throw reader.error("something follows the value") }
    return members
  }
}

private struct JSONReader {
  static let deepest = 128
  let bytes: [UInt8]
  var position = 0

  func error(_ reason: String) -> JSONError { JSONError(reason: reason, position: position) }

  var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard next == byte else { return false }
    position += 1
    return true
  }

  mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth < JSONReader.deepest else { throw error("nested too deep") }
    skipSpace()
    switch next {
    case nil: throw error("ends too early")
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return try number()
    }
  }

  mutating func word(_ text: String, _ meaning: JSON) throws(JSONError) -> JSON {
    guard bytes[position...].starts(with: text.utf8) else { throw error("unknown word") }
    position += text.utf8.count
    return meaning
  }

  mutating func object(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var members: [(String, JSON)] = []
    if take(UInt8(ascii: "}")) { return .object([]) }
    repeat {
      members.append((try name(), try value(depth: depth + 1)))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("a comma or } is expected") }
    return .object(members)
  }

  /// A member's name and the colon behind it.
  mutating func name() throws(JSONError) -> String {
    skipSpace()
    guard next == UInt8(ascii: "\"") else { throw error("a name in quotes is expected") }
    let name = try string()
    guard take(UInt8(ascii: ":")) else { throw error("a colon is expected") }
    return name
  }

  mutating func array(depth: Int) throws(JSONError) -> JSON {
    position += 1
    var values: [JSON] = []
    if take(UInt8(ascii: "]")) { return .array([]) }
    repeat { values.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("a comma or ] is expected") }
    return .array(values)
  }

  mutating func number() throws(JSONError) -> JSON {
    let start = position
    while let byte = next, isNumberByte(byte) { position += 1 }
    let digits = bytes[start..<position].drop { $0 == UInt8(ascii: "-") }
    guard let first = digits.first, first >= 0x30, first <= 0x39,
      first != 0x30 || digits.count == 1 || !(0x30...0x39).contains(digits[digits.startIndex + 1]),
      let last = digits.last, last >= 0x30, last <= 0x39
    else { throw error("a value is expected") }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let whole = Int(text) { return .integer(whole) }
    guard let value = Double(text), value.isFinite else { throw error("not a number: \(text)") }
    return .number(value)
  }

  func isNumberByte(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains(byte)
  }

  mutating func string() throws(JSONError) -> String {
    position += 1
    var out: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: out, as: UTF8.self) else { throw error("not UTF-8") }
        return text
      case UInt8(ascii: "\\"): try escape(into: &out)
      case 0..<0x20: throw error("a control character in a string")
      default: out.append(byte)
      }
    }
    throw error("a string does not end")
  }

  mutating func escape(into out: inout [UInt8]) throws(JSONError) {
    guard let byte = next else { throw error("ends too early") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(byte)
    case UInt8(ascii: "b"): out.append(0x08)
    case UInt8(ascii: "f"): out.append(0x0C)
    case UInt8(ascii: "n"): out.append(0x0A)
    case UInt8(ascii: "r"): out.append(0x0D)
    case UInt8(ascii: "t"): out.append(0x09)
    case UInt8(ascii: "u"):
      var code = UInt32(try hexadecimal())
      if (0xD800..<0xDC00).contains(code) {
        guard bytes[position...].starts(with: [0x5C, 0x75]) else { throw error("half a surrogate pair") }
        position += 2
        let low = UInt32(try hexadecimal())
        guard (0xDC00..<0xE000).contains(low) else { throw error("half a surrogate pair") }
        code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
      out += Array(String(Character(scalar)).utf8)
    default: throw error("unknown escape")
    }
  }

  mutating func hexadecimal() throws(JSONError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw error("ends too early") }
    var result: UInt16 = 0
    for byte in bytes[position..<position + 4] {
      guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { throw error("four hexadecimal digits") }
      result = result << 4 | UInt16(digit)
    }
    position += 4
    return result
  }
}
