/// Reads the text of a format.
struct FormatParser {
  let text: [Character]
  var position = 0

  private func error(_ reason: String, at column: Int? = nil) -> RecordFormatError {
    RecordFormatError(column: (column ?? position) + 1, reason: reason)
  }

  private var next: Character? { position < text.count ? text[position] : nil }

  private mutating func take() -> Character? {
    guard let found = next else { return nil }
    position += 1
    return found
  }

  /// All pieces up to the end, or up to the brace that ends a header's.
  mutating func pieces(inHeader: Bool) throws(RecordFormatError) -> [RecordFormat.Piece] {
    let start = position
    var result: [RecordFormat.Piece] = []
    var literal: [UInt8] = []
    while let character = take() {
      if character == "%" {
        let before = position - 1
        guard let letter = take() else { throw error("a percent sign needs a field, or another one: %%", at: before) }
        if let plain = ["%": "%", "{": "{", "}": "}"][letter] {
          literal += Array(plain.utf8)
          continue
        }
        let piece = try field(letter, at: before, inHeader: inHeader)
        if !literal.isEmpty { result.append(.literal(literal)) }
        literal = []
        result.append(piece)
      } else if character == "\\" {
        literal += try escape()
      } else if character == "}", inHeader {
        if !literal.isEmpty { result.append(.literal(literal)) }
        return result
      } else {
        literal += Array(String(character).utf8)
      }
    }
    if inHeader { throw error("%h{ is not closed by }", at: start - 1) }
    if !literal.isEmpty { result.append(.literal(literal)) }
    return result
  }

  private mutating func escape() throws(RecordFormatError) -> [UInt8] {
    let start = position - 1
    switch take() {
    case "n": return [0x0A]
    case "t": return [0x09]
    case "r": return [0x0D]
    case "\\": return [0x5C]
    case "x":
      guard let high = take()?.hexDigitValue, let low = take()?.hexDigitValue else {
        throw error("\\x needs two hexadecimal digits, as in \\x1f", at: start)
      }
      return [UInt8(high << 4 | low)]
    case nil: throw error("a backslash needs n, t, r, x or another one", at: start)
    case let other?: throw error("\\\(other) is no escape; there are \\n \\t \\r \\\\ \\xNN", at: start)
    }
  }

  private mutating func field(_ letter: Character, at start: Int, inHeader: Bool) throws(RecordFormatError)
    -> RecordFormat.Piece
  {
    if inHeader, !"kKvVsSR".contains(letter) {
      throw error("in %h{…} there are %k, %v and their lengths %K, %V; got %\(letter)", at: start)
    }
    switch letter {
    case "t": return .text(.topic, try textCoding(letter))
    case "k": return .text(.key, try textCoding(letter))
    case "v", "s": return .text(.value, try textCoding(letter))
    case "K": return .number(.keyLength, try numberCoding(letter))
    case "V", "S": return .number(.valueLength, try numberCoding(letter))
    case "R": return .number(.valueLength, .big(4))
    case "H": return .number(.headerCount, try numberCoding(letter))
    case "p": return .number(.partition, try numberCoding(letter))
    case "o": return .number(.offset, try numberCoding(letter))
    case "e": return .number(.leaderEpoch, try numberCoding(letter))
    case "x": return .number(.producerID, try numberCoding(letter))
    case "y": return .number(.producerEpoch, try numberCoding(letter))
    case "i": return .number(.count, try numberCoding(letter))
    case "[": return .number(.logStartOffset, try numberCoding(letter))
    case "|": return .number(.lastStableOffset, try numberCoding(letter))
    case "]": return .number(.highWatermark, try numberCoding(letter))
    case "d", "T":
      if let date = try date() { return .date(date) }
      return .number(.timestamp, try numberCoding(letter))
    case "h":
      guard next == "{" else { return .text(.headers, .plain) }
      position += 1
      return .eachHeader(try pieces(inHeader: true))
    default:
      let hint = letter == "D" ? "; the timestamp is %d" : ""
      throw error("%\(letter) is no field\(hint). A percent sign itself is %%", at: start)
    }
  }

  /// `{strftime[…]}`; nil when something else or nothing follows.
  private mutating func date() throws(RecordFormatError) -> [UInt8]? {
    let opening = Array("{strftime[")
    guard text[position...].starts(with: opening) else { return nil }
    let start = position
    position += opening.count
    var format = ""
    while let character = take() {
      if character == "]", next == "}" {
        position += 1
        return Array(format.utf8)
      }
      format.append(character)
    }
    throw error("{strftime[ is not closed by ]}", at: start)
  }

  /// What stands in braces; nil without them.
  private mutating func modifier(_ letter: Character) throws(RecordFormatError) -> (text: String, column: Int)? {
    guard next == "{" else { return nil }
    let start = position
    position += 1
    var word = ""
    while let character = take() {
      if character == "}" { return (word, start) }
      word.append(character)
    }
    throw error("%\(letter){ is not closed by }", at: start)
  }

  private mutating func textCoding(_ letter: Character) throws(RecordFormatError) -> RecordFormat.TextCoding {
    guard let (word, column) = try modifier(letter) else { return .plain }
    switch word {
    case "hex": return .hex
    case "base64": return .base64
    default: throw error("%\(letter) may have {hex} or {base64}; got {\(word)}", at: column)
    }
  }

  private mutating func numberCoding(_ letter: Character) throws(RecordFormatError) -> RecordFormat.NumberCoding {
    guard let (word, column) = try modifier(letter) else { return .decimal }
    switch word {
    case "ascii": return .decimal
    case "hex4": return .hex(1)
    case "hex8": return .hex(2)
    case "hex16": return .hex(4)
    case "hex32": return .hex(8)
    case "hex64": return .hex(16)
    case "byte", "big1", "little1": return .big(1)
    case "big2": return .big(2)
    case "big4": return .big(4)
    case "big8": return .big(8)
    case "little2": return .little(2)
    case "little4": return .little(4)
    case "little8": return .little(8)
    default:
      throw error(
        "%\(letter) may have {ascii}, {hex4}…{hex64}, {big1}…{big8} or {little1}…{little8}; got {\(word)}", at: column)
    }
  }
}
