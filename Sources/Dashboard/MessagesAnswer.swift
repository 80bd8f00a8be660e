import Records

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// `/api/v1/topics/{name}/messages`.
struct MessagesAnswer: Encodable {
  struct Header: Encodable {
    var key: String
    var value: String?
  }

  /// Where to go on looking further back.
  struct Older: Encodable {
    var partition: Int32
    var before: Int64
  }

  struct Message: Encodable {
    var partition: Int32
    var offset: Int64
    /// −1: it has none.
    var timestamp: Int64
    /// Absent: none.
    var key: String?
    var value: String?
    var headers: [Header]
    var keyEncoding: String
    var valueEncoding: String
    /// Whether key or value was cut.
    var truncated: Bool

    init(_ record: Record, partition: Int32, valueMax: Int) throws {
      self.partition = partition
      offset = record.offset.rawValue
      timestamp = record.timestamp
      (key, keyEncoding) = Self.text(record.key, max: valueMax)
      (value, valueEncoding) = Self.text(record.value, max: valueMax)
      truncated = (record.value?.count ?? 0) > valueMax || (record.key?.count ?? 0) > valueMax
      headers = try record.headers().prefix(100).map { header in
        Header(key: Self.text(header.key, max: 256).0 ?? "", value: Self.text(header.value, max: 4096).0)
      }
    }

    /// UTF-8 as it is; anything else in base 64.
    static func text(_ bytes: UnsafeRawBufferPointer?, max: Int) -> (String?, String) {
      guard let bytes else { return (nil, "utf8") }
      let isCut = bytes.count > max
      let part = UnsafeRawBufferPointer(rebasing: bytes[..<Swift.min(bytes.count, max)])
      if let text = String(validating: part, as: UTF8.self) { return (text, "utf8") }
      // A cut may go through a character of several bytes.
      if isCut {
        for back in 1...3 where part.count > back {
          if let text = String(validating: part.dropLast(back), as: UTF8.self) { return (text, "utf8") }
        }
      }
      return (Data(part).base64EncodedString(), "base64")
    }
  }

  var messages: [Message]
  /// How many records were looked at.
  var scanned: Int
  /// False when a cap or a partition without a leader ended the search early.
  var complete: Bool
  /// Going backward: the partitions that hold more below what was looked at or returned. Otherwise absent.
  var older: [Older]?

  /// Drops the last messages beyond so many bytes of text.
  mutating func cap(_ bytes: Int) {
    var left = bytes
    for (index, message) in messages.enumerated() {
      left -= (message.key?.utf8.count ?? 0) + (message.value?.utf8.count ?? 0) + 200
      guard left < 0 else { continue }
      messages.removeLast(messages.count - index)
      complete = false
      return
    }
  }
}
