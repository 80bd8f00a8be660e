import Primitives

/// Writes one flat JSON object. For texts of our own, which need no escaping.
struct JSONBytes {
  private(set) var bytes: [UInt8] = []

  init() { bytes.reserveCapacity(320) }

  mutating func open(run: UInt64, sequence: Int) {
    bytes += EventIdentity.runOpening
    bytes += "\(run)".utf8
    bytes += EventIdentity.sequenceOpening
    bytes += "\(sequence)".utf8
  }

  mutating func member(_ name: String, _ value: String) {
    self.name(name)
    bytes.append(UInt8(ascii: "\""))
    bytes += value.utf8
    bytes.append(UInt8(ascii: "\""))
  }

  mutating func member(_ name: String, _ value: Int64) {
    self.name(name)
    bytes += "\(value)".utf8
  }

  mutating func close() { bytes.append(UInt8(ascii: "}")) }

  private mutating func name(_ name: String) {
    bytes += ",\"".utf8
    bytes += name.utf8
    bytes += "\":".utf8
  }
}

/// Sentences of everyday words.
enum Words {
  static let list = [
    "the", "a", "to", "and", "of", "in", "is", "it", "you", "that", "was", "for", "on", "are", "with", "they", "this",
    "have", "from", "one", "today", "coffee", "morning", "finally", "weekend", "music", "photo", "friends", "city",
    "train", "rain", "summer", "game", "tonight", "watching", "reading", "new", "album", "great", "love", "never",
    "again", "people", "think", "work", "home", "better", "little", "everything", "always", "beautiful", "tomorrow",
    "kitchen", "garden", "football", "mountain", "river", "question", "answer", "story",
  ]

  /// About `mean` words: short ones are common, long ones rare (geometric, cut at 5 times the mean).
  static func text(mean: Int, _ random: inout RandomSource) -> String {
    var count = 1
    while count < mean * 5, random.next() % UInt64(max(1, mean)) != 0 { count += 1 }
    var text = ""
    for index in 0..<count {
      if index > 0 { text += " " }
      text += list[Int(random.next() % UInt64(list.count))]
    }
    return text
  }
}

/// RFC 3339 in UTC, for `ce_time`.
enum Timestamp {
  static func text(milliseconds: Int64) -> String {
    let seconds = Self.floor(milliseconds, 1000)
    let days = Self.floor(seconds, 86_400)
    let time = seconds - days * 86_400
    let (year, month, day) = date(days: days)
    return "\(year)-\(two(month))-\(two(day))T\(two(time / 3600)):\(two(time / 60 % 60)):\(two(time % 60))."
      + String(String(1000 + milliseconds - seconds * 1000).dropFirst()) + "Z"
  }

  private static func floor(_ value: Int64, _ divisor: Int64) -> Int64 {
    value >= 0 ? value / divisor : -((divisor - 1 - value) / divisor)
  }

  private static func two(_ value: Int64) -> String { value < 10 ? "0\(value)" : "\(value)" }

  /// Days since 1970-01-01 as a date (H. Hinnant, “chrono-compatible low-level date algorithms”, civil_from_days).
  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let shifted = days + 719_468
    let era = floor(shifted, 146_097)
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }
}
