/// Where to begin and where to end in each partition: `start`, `42`, `+5`, `-10`, `@-1h`, `10:20`, `@t1:t2`.
public struct OffsetRange: Sendable, Equatable {
  /// A place in a partition's log.
  public enum Place: Sendable, Equatable {
    case start
    case end
    case offset(Int64)
    /// So many after the first that is there.
    case afterStart(Int64)
    /// So many before the end.
    case beforeEnd(Int64)
    /// The first record that is not older; milliseconds since 1970.
    case time(Int64)
  }

  public var from: Place
  /// Not included; nil goes on for ever.
  public var to: Place?

  public init(from: Place, to: Place? = nil) {
    self.from = from
    self.to = to
  }

  public static let forms =
    "start, end, N, +N (after the start), -N (before the end), @TIME, FROM:TO (TO not included); "
    + "TIME is milliseconds, 2026-11-24, 2026-11-24T08:30:00Z or -1h30m (ago)"

  /// Nil when the text is none. `now` in milliseconds since 1970, for times that are ago.
  public init?(_ text: String, now: Int64) {
    if text.hasPrefix("@") {
      let times = text.dropFirst()
      if let time = TimePoint.milliseconds(times, now: now) {
        self.init(from: .time(time))
        return
      }
      // A date may hold colons itself: the one that leaves two times parts them.
      for colon in times.indices where times[colon] == ":" {
        let left = times[..<colon]
        var right = times[times.index(after: colon)...]
        if right.hasPrefix("@") { right = right.dropFirst() }
        let from = left.isEmpty ? Place.start : TimePoint.milliseconds(left, now: now).map { .time($0) }
        let to = right == "end" ? Place.end : TimePoint.milliseconds(right, now: now).map { .time($0) }
        guard let from, to != nil || right.isEmpty else { continue }
        self.init(from: from, to: to)
        return
      }
      return nil
    }
    let halves = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard let first = halves.first, let from = first.isEmpty && halves.count == 2 ? .start : Self.place(first) else {
      return nil
    }
    guard halves.count == 2, !halves[1].isEmpty else {
      if first.isEmpty { return nil }
      self.init(from: from)
      return
    }
    guard let to = Self.place(halves[1]) else { return nil }
    self.init(from: from, to: to)
  }

  private static func place(_ text: Substring) -> Place? {
    switch text {
    case "start", "beginning", "earliest", "oldest": return .start
    case "end", "latest", "newest": return .end
    default:
      guard let number = Int64(text), number > .min else { return nil }
      if text.hasPrefix("+") { return .afterStart(number) }
      return text.hasPrefix("-") ? .beforeEnd(-number) : .offset(number)
    }
  }
}

/// A moment as people write it.
public enum TimePoint {
  /// Milliseconds since 1970 of `1700000000000` (ms), `1700000000` (s), `2026-11-24`, `2026-11-24T08:30:00Z` (UTC; the
  /// Z and the seconds may be missing) or `-1h30m` (ago; units ms, s, m, h, d). Nil when it is none of them.
  public static func milliseconds(_ text: some StringProtocol, now: Int64) -> Int64? {
    if text.hasPrefix("-") {
      guard let span = span(text.dropFirst()) else { return nil }
      let (time, overflow) = now.subtractingReportingOverflow(span)
      return overflow ? nil : time
    }
    if let number = Int64(text), text.first != "+" { return text.count <= 10 ? number * 1000 : number }
    return date(String(text))
  }

  private static func span(_ text: some StringProtocol) -> Int64? {
    var total: Int64 = 0
    var rest = Substring(text)
    guard !rest.isEmpty else { return nil }
    while !rest.isEmpty {
      let digits = rest.prefix { $0.isASCII && $0.isNumber }
      guard let number = Int64(digits) else { return nil }
      rest = rest.dropFirst(digits.count)
      let unit = rest.prefix { $0.isASCII && $0.isLetter }
      rest = rest.dropFirst(unit.count)
      guard let scale = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000][unit] as Int64? else {
        return nil
      }
      let (part, tooLong) = number.multipliedReportingOverflow(by: scale)
      let (sum, tooMuch) = total.addingReportingOverflow(part)
      guard !tooLong, !tooMuch else { return nil }
      total = sum
    }
    return total
  }

  private static func date(_ text: String) -> Int64? {
    var text = text[...]
    if text.hasSuffix("Z") { text = text.dropLast() }
    let halves = text.split(whereSeparator: { $0 == "T" || $0 == " " })
    guard (1...2).contains(halves.count) else { return nil }
    let day = halves[0].split(separator: "-").map { Int64($0) }
    guard day.count == 3, let year = day[0], let month = day[1], let dayOfMonth = day[2], (1970...9999).contains(year),
      (1...12).contains(month), (1...31).contains(dayOfMonth)
    else { return nil }
    var seconds = Int64(0)
    if halves.count == 2 {
      let parts = halves[1].split(separator: ":").map { Int64($0) }
      guard (2...3).contains(parts.count), let hour = parts[0], let minute = parts[1],
        let second = parts.count == 3 ? parts[2] : 0, (0...23).contains(hour), (0...59).contains(minute),
        (0...60).contains(second)
      else { return nil }
      seconds = hour * 3600 + minute * 60 + second
    }
    // Days since 1970 in the Gregorian calendar, years beginning in March.
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + dayOfMonth - 1
    let days = shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    return (days * 86_400 + seconds) * 1000
  }
}
