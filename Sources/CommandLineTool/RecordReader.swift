/// Cuts input into records by a format: a text field ends where the format's next literal begins, or has the length
/// that was read before it (`%K{big4}%k%V{big4}%v`); the last field without a literal behind it takes the rest.
///
/// Bytes come in pieces of any size. What a record does not say (partition, timestamp) stays nil.
public struct RecordReader: Sendable {
  private let pieces: [RecordFormat.Piece]
  private var buffer: [UInt8] = []
  private var start = 0
  /// Bytes of the input before `buffer`.
  private var consumed = 0
  private var isAtEnd = false
  /// Records given so far.
  public private(set) var count = 0

  /// - Throws: when the format has fields that cannot be read, or two texts with nothing that parts them.
  public init(_ format: RecordFormat) throws(RecordInputError) {
    pieces = format.pieces
    try Self.check(format.pieces, inHeader: false)
  }

  /// A key, a delimiter, a value, the end of the line; a line without the delimiter is a value alone (as in kcat -K).
  public init(keyDelimiter: [UInt8]) throws(RecordInputError) {
    guard !keyDelimiter.isEmpty else { throw RecordInputError(reason: "the key delimiter is empty") }
    pieces = [.text(.key, .plain), .literal(keyDelimiter), .text(.value, .plain), .literal([0x0A])]
    isLineWithKey = true
  }

  private var isLineWithKey = false

  public mutating func add(_ bytes: some Sequence<UInt8>) { buffer += bytes }
  public mutating func end() { isAtEnd = true }

  /// The next record; nil when more input is needed, or all was read.
  public mutating func next() throws(RecordInputError) -> RecordFields? {
    guard start < buffer.count else { return nil }
    var cursor = Cursor(position: start)
    var record = RecordFields()
    do throws(Halt) {
      if isLineWithKey { try keyedLine(into: &record, &cursor) } else { try read(pieces, into: &record, &cursor) }
    } catch {
      switch error {
      case .needsMore where !isAtEnd:
        if start > 1 << 16 {
          buffer.removeFirst(start)
          consumed += start
          start = 0
        }
        return nil
      case .needsMore: throw failure("the input ends inside this record")
      case .wrong(let reason): throw failure(reason)
      }
    }
    guard cursor.position > start else { throw failure("the format takes nothing from the input") }
    start = cursor.position
    count += 1
    return record
  }

  private func failure(_ reason: String) -> RecordInputError {
    RecordInputError(reason: "record \(count + 1), at byte \(consumed + start) of the input: \(reason)")
  }

  private enum Halt: Error {
    case needsMore
    case wrong(String)
  }

  private struct Cursor {
    var position: Int
    var keyLength: Int64?
    var valueLength: Int64?
    var topicLength: Int64?
    var headerCount: Int64?
  }

  private func keyedLine(into record: inout RecordFields, _ cursor: inout Cursor) throws(Halt) {
    guard case .literal(let delimiter) = pieces[1] else { return }
    let end = find([0x0A], from: cursor.position) ?? (isAtEnd ? buffer.count : nil)
    guard let end else { throw .needsMore }
    let line = buffer[cursor.position..<end]
    cursor.position = min(end + 1, buffer.count)
    if let place = find(delimiter, from: line.startIndex), place + delimiter.count <= end {
      record.key = Array(line[..<place])
      record.value = Array(line[(place + delimiter.count)...])
    } else {
      record.value = Array(line)
    }
  }

  private func read(_ pieces: [RecordFormat.Piece], into record: inout RecordFields, _ cursor: inout Cursor)
    throws(Halt)
  {
    for (index, piece) in pieces.enumerated() {
      switch piece {
      case .literal(let bytes):
        let rest = buffer[cursor.position...]
        if rest.starts(with: bytes) {
          cursor.position += bytes.count
        } else if bytes.starts(with: rest) {
          // The last record need not have the line's end.
          guard isAtEnd, rest.isEmpty, index == pieces.count - 1 else { throw .needsMore }
        } else {
          throw .wrong("expected “\(String(decoding: bytes, as: UTF8.self))” behind the field before it")
        }
      case .number(let field, let coding):
        try store(try number(coding, &cursor), field, into: &record, &cursor)
      case .text(let field, let coding):
        var delimiter: [UInt8]?
        if index + 1 < pieces.count, case .literal(let bytes) = pieces[index + 1] { delimiter = bytes }
        let mayEnd = index + 2 == pieces.count
        let bytes = try text(length(of: field, &cursor), delimiter, mayEndHere: mayEnd, &cursor)
        try store(try bytes.map { bytes throws(Halt) in try decoded(bytes, coding) }, field, into: &record)
      case .eachHeader(let inner):
        for _ in 0..<(cursor.headerCount ?? 1) {
          var header = RecordFields()
          try read(inner, into: &header, &cursor)
          record.headers.append((header.key ?? [], header.value))
        }
      case .date: throw .wrong("a date cannot be read")
      }
    }
  }

  private func length(of field: RecordFormat.TextField, _ cursor: inout Cursor) -> Int64? {
    switch field {
    case .key:
      defer { cursor.keyLength = nil }
      return cursor.keyLength
    case .value:
      defer { cursor.valueLength = nil }
      return cursor.valueLength
    case .topic: return cursor.topicLength
    case .headers: return nil
    }
  }

  /// Nil: null, by its length −1.
  private func text(_ length: Int64?, _ delimiter: [UInt8]?, mayEndHere: Bool, _ cursor: inout Cursor) throws(Halt)
    -> [UInt8]?
  {
    let from = cursor.position
    let end: Int
    if let length {
      if length == -1 { return nil }
      guard let size = Int(exactly: length), size >= 0, size <= 1 << 30 else { throw .wrong("a length of \(length)") }
      guard buffer.count - from >= size else { throw .needsMore }
      end = from + size
    } else if let delimiter {
      guard let found = find(delimiter, from: from) ?? (isAtEnd && mayEndHere ? buffer.count : nil) else {
        throw .needsMore
      }
      end = found
    } else {
      guard isAtEnd else { throw .needsMore }
      end = buffer.count
    }
    cursor.position = end
    return Array(buffer[from..<end])
  }

  private func find(_ delimiter: [UInt8], from: Int) -> Int? {
    guard let first = delimiter.first else { return nil }
    var place = from
    while let found = buffer[place...].firstIndex(of: first) {
      if buffer[found...].starts(with: delimiter) { return found }
      place = found + 1
    }
    return nil
  }

  private func number(_ coding: RecordFormat.NumberCoding, _ cursor: inout Cursor) throws(Halt) -> Int64 {
    switch coding {
    case .decimal:
      var end = cursor.position
      while end < buffer.count, (0x30...0x39).contains(buffer[end]) || (end == cursor.position && buffer[end] == 0x2D) {
        end += 1
      }
      guard end < buffer.count || isAtEnd else { throw .needsMore }
      let text = String(decoding: buffer[cursor.position..<end], as: UTF8.self)
      guard let value = Int64(text) else { throw .wrong("a number is expected") }
      cursor.position = end
      return value
    case .hex(let count):
      guard buffer.count - cursor.position >= count else { throw .needsMore }
      let text = String(decoding: buffer[cursor.position..<cursor.position + count], as: UTF8.self)
      guard let bits = UInt64(text, radix: 16) else { throw .wrong("\(count) hexadecimal digits are expected") }
      cursor.position += count
      return Self.signed(bits, bits: count * 4)
    case .big(let count), .little(let count):
      guard buffer.count - cursor.position >= count else { throw .needsMore }
      var bytes = Array(buffer[cursor.position..<cursor.position + count])
      if case .little = coding { bytes.reverse() }
      cursor.position += count
      return Self.signed(bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }, bits: count * 8)
    }
  }

  /// −1 in any width is −1 again.
  private static func signed(_ value: UInt64, bits: Int) -> Int64 {
    let shift = UInt64(64 - bits)
    return Int64(bitPattern: value << shift) >> Int64(shift)
  }

  private func store(
    _ value: Int64, _ field: RecordFormat.NumberField, into record: inout RecordFields, _ cursor: inout Cursor
  ) throws(Halt) {
    switch field {
    case .keyLength: cursor.keyLength = value
    case .valueLength: cursor.valueLength = value
    case .topicLength: cursor.topicLength = value
    case .headerCount:
      guard (0...100_000).contains(value) else { throw .wrong("\(value) headers") }
      cursor.headerCount = value
    case .partition:
      guard let partition = Int32(exactly: value), partition >= 0 else {
        throw .wrong("there is no partition \(value)")
      }
      record.partition = partition
    case .timestamp: record.timestamp = value
    case .offset: record.offset = value
    // What only a broker knows is read over.
    case .leaderEpoch, .producerID, .producerEpoch, .logStartOffset, .lastStableOffset, .highWatermark, .count: break
    }
  }

  private func store(_ bytes: [UInt8]?, _ field: RecordFormat.TextField, into record: inout RecordFields) throws(Halt) {
    switch field {
    case .topic: record.topic = String(decoding: bytes ?? [], as: UTF8.self)
    case .key: record.key = bytes
    case .value: record.value = bytes
    case .headers:
      for part in (bytes ?? []).split(separator: UInt8(ascii: ",")) {
        guard let equals = part.firstIndex(of: UInt8(ascii: "=")) else {
          throw .wrong("headers have the form name=value,…")
        }
        record.headers.append((Array(part[..<equals]), Array(part[(equals + 1)...])))
      }
    }
  }

  private func decoded(_ bytes: [UInt8], _ coding: RecordFormat.TextCoding) throws(Halt) -> [UInt8] {
    switch coding {
    case .plain: return bytes
    case .base64:
      guard let result = Base64.bytes(String(decoding: bytes, as: UTF8.self)) else { throw .wrong("not base64") }
      return result
    case .hex:
      let digits = bytes.map { Character(Unicode.Scalar($0)).hexDigitValue }
      guard digits.count % 2 == 0 else { throw .wrong("an odd number of hexadecimal digits") }
      return try stride(from: 0, to: digits.count, by: 2).map { index throws(Halt) in
        guard let high = digits[index], let low = digits[index + 1] else { throw .wrong("not hexadecimal") }
        return UInt8(high << 4 | low)
      }
    }
  }

  private static func check(_ pieces: [RecordFormat.Piece], inHeader: Bool) throws(RecordInputError) {
    var known: [RecordFormat.TextField] = []
    for (index, piece) in pieces.enumerated() {
      switch piece {
      case .date: throw RecordInputError(reason: "%d{strftime[…]} can be printed, not read")
      case .eachHeader(let inner): try check(inner, inHeader: true)
      case .number(.keyLength, _): known.append(.key)
      case .number(.valueLength, _): known.append(.value)
      case .number(.topicLength, _): known.append(.topic)
      case .text(let field, _) where !known.contains(field):
        if index + 1 < pieces.count, case .literal = pieces[index + 1] { continue }
        if index + 1 < pieces.count || inHeader {
          throw RecordInputError(reason: "nothing in the format says where a text ends that another field follows")
        }
      default: break
      }
    }
    guard !pieces.isEmpty else { throw RecordInputError(reason: "the format is empty") }
  }
}

/// Why input is not what its format says.
public struct RecordInputError: Error, Equatable, Sendable, CustomStringConvertible {
  public var reason: String
  public var description: String { reason }

  public init(reason: String) { self.reason = reason }
}
