#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

extension RecordFormat {
  /// Appends a record's text. `count`: how many were printed with it, for `%i`.
  public func write(_ record: RecordFields, count: Int, into out: inout [UInt8]) {
    for piece in pieces { Self.write(piece, record, count, into: &out) }
  }

  /// For tests and for messages.
  public func text(_ record: RecordFields, count: Int = 1) -> String {
    var out: [UInt8] = []
    write(record, count: count, into: &out)
    return String(decoding: out, as: UTF8.self)
  }

  private static func write(_ piece: Piece, _ record: RecordFields, _ count: Int, into out: inout [UInt8]) {
    switch piece {
    case .literal(let bytes): out += bytes
    case .text(let field, let coding): write(text(field, record), coding, into: &out)
    case .number(let field, let coding): write(number(field, record, count), coding, into: &out)
    case .date(let format): out += date(record.timestamp ?? -1, format)
    case .eachHeader(let pieces):
      for header in record.headers {
        var inner = RecordFields()
        inner.key = header.name
        inner.value = header.value
        for piece in pieces { write(piece, inner, count, into: &out) }
      }
    }
  }

  private static func text(_ field: TextField, _ record: RecordFields) -> [UInt8] {
    switch field {
    case .topic: Array(record.topic.utf8)
    case .key: record.key ?? []
    case .value: record.value ?? []
    case .headers:
      Array(
        record.headers.map { $0.name + [UInt8(ascii: "=")] + ($0.value ?? Array("NULL".utf8)) }
          .joined(separator: [UInt8(ascii: ",")]))
    }
  }

  private static func number(_ field: NumberField, _ record: RecordFields, _ count: Int) -> Int64 {
    switch field {
    case .topicLength: Int64(record.topic.utf8.count)
    case .keyLength: record.key.map { Int64($0.count) } ?? -1
    case .valueLength: record.value.map { Int64($0.count) } ?? -1
    case .headerCount: Int64(record.headers.count)
    case .partition: Int64(record.partition ?? -1)
    case .offset: record.offset
    case .leaderEpoch: Int64(record.leaderEpoch)
    case .timestamp: record.timestamp ?? -1
    case .producerID: record.producerID
    case .producerEpoch: Int64(record.producerEpoch)
    case .logStartOffset: record.logStartOffset
    case .lastStableOffset: record.lastStableOffset
    case .highWatermark: record.highWatermark
    case .count: Int64(count)
    }
  }

  private static let digits = Array("0123456789abcdef".utf8)

  private static func write(_ bytes: [UInt8], _ coding: TextCoding, into out: inout [UInt8]) {
    switch coding {
    case .plain: out += bytes
    case .hex: for byte in bytes { out += [digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
    case .base64: out += Array(Base64.text(bytes).utf8)
    }
  }

  private static func write(_ value: Int64, _ coding: NumberCoding, into out: inout [UInt8]) {
    let bits = UInt64(bitPattern: value)
    switch coding {
    case .decimal: out += Array(String(value).utf8)
    case .hex(let count):
      for place in (0..<count).reversed() { out.append(digits[Int(bits >> UInt64(4 * place) & 15)]) }
    case .big(let count):
      for place in (0..<count).reversed() { out.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * place))) }
    case .little(let count):
      for place in 0..<count { out.append(UInt8(truncatingIfNeeded: bits >> UInt64(8 * place))) }
    }
  }

  /// A time in milliseconds by the C library's strftime, in UTC.
  private static func date(_ milliseconds: Int64, _ format: [UInt8]) -> [UInt8] {
    guard !format.isEmpty else { return [] }
    var seconds = time_t(milliseconds / 1000)
    if milliseconds % 1000 < 0 { seconds -= 1 }
    var parts = tm()
    guard gmtime_r(&seconds, &parts) != nil else { return [] }
    var buffer = [CChar](repeating: 0, count: 256)
    let size = strftime(&buffer, buffer.count, String(decoding: format, as: UTF8.self), &parts)
    return buffer.prefix(size).map { UInt8(bitPattern: $0) }
  }
}
