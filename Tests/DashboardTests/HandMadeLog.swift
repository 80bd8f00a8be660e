/// One partition's log as a test wants it.
struct HandMadeLog: Sendable {
  var start: Int64 = 0
  var batches: [HandMadeBatch] = []
  /// As Fetch lists them, in no particular order.
  var aborted: [(producer: Int64, firstOffset: Int64)] = []

  var end: Int64 { batches.last.map { $0.lastOffset + 1 } ?? start }

  /// Batches of so many records, each with a value that its offset makes.
  static func filled(_ offsets: Range<Int64>, batchOf size: Int64, _ value: (Int64) -> String) -> HandMadeLog {
    var log = HandMadeLog(start: offsets.lowerBound)
    for first in stride(from: offsets.lowerBound, to: offsets.upperBound, by: Int64.Stride(size)) {
      let values = (first..<min(first + size, offsets.upperBound)).map { Array(value($0).utf8) }
      log.batches.append(HandMadeBatch(at: first, values: values))
    }
    return log
  }
}

/// A record batch of format 2, byte by byte, with no checksum.
struct HandMadeBatch: Sendable {
  var bytes: [UInt8]
  var lastOffset: Int64

  enum Kind: Sendable {
    case plain
    case idempotent(producer: Int64)
    case transactional(producer: Int64)
    case commit(producer: Int64)
    case abort(producer: Int64)
  }

  init(at offset: Int64, _ kind: Kind = .plain, values: [[UInt8]] = []) {
    var records = values.map { (key: [UInt8]?.none, value: $0) }
    var attributes: Int16 = 0
    var producer: Int64 = -1
    switch kind {
    case .plain: break
    case .idempotent(let id): producer = id
    case .transactional(let id):
      attributes = 16
      producer = id
    case .commit(let id):
      attributes = 16 | 32
      producer = id
      records = [([0, 0, 0, 1], [0, 0, 0, 0, 0, 0])]
    case .abort(let id):
      attributes = 16 | 32
      producer = id
      records = [([0, 0, 0, 0], [0, 0, 0, 0, 0, 0])]
    }
    var batch = HandMadeBytes()
    batch.put(Int32(0))
    batch.put(Int8(2))
    batch.put(Int32(0))
    batch.put(attributes)
    batch.put(Int32(records.count - 1))
    batch.put(offset)
    batch.put(offset)
    batch.put(producer)
    batch.put(Int16(producer < 0 ? -1 : 0))
    batch.put(Int32(-1))
    batch.put(Int32(records.count))
    for (index, record) in records.enumerated() {
      var body = HandMadeBytes()
      body.put(Int8(0))
      body.put(varint: 0)
      body.put(varint: Int64(index))
      for part in [record.key, record.value] {
        body.put(varint: part.map { Int64($0.count) } ?? -1)
        body.bytes += part ?? []
      }
      body.put(varint: 0)
      batch.put(varint: Int64(body.bytes.count))
      batch.bytes += body.bytes
    }
    var head = HandMadeBytes()
    head.put(offset)
    head.put(Int32(batch.bytes.count))
    bytes = head.bytes + batch.bytes
    lastOffset = offset + Int64(records.count) - 1
  }
}

/// Kafka's numbers and texts, written and read.
struct HandMadeBytes {
  var bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8] = []) { self.bytes = bytes }

  mutating func put(_ number: some FixedWidthInteger) { withUnsafeBytes(of: number.bigEndian) { bytes += $0 } }

  mutating func put(text: String) {
    put(Int16(text.utf8.count))
    bytes += text.utf8
  }

  /// Zigzag, as records have it.
  mutating func put(varint value: Int64) {
    var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func take<Number: FixedWidthInteger>() -> Number {
    defer { position += MemoryLayout<Number>.size }
    return bytes[position..<position + MemoryLayout<Number>.size].reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
  }

  mutating func takeText() -> String {
    let count: Int16 = take()
    defer { position += max(0, Int(count)) }
    return String(decoding: bytes[position..<position + max(0, Int(count))], as: UTF8.self)
  }
}
