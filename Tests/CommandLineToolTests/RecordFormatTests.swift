import Testing

@testable import CommandLineTool

/// Formats are printed from and read by hand-made records; what `consume` prints in a format `produce` must read back.
@Suite struct RecordFormatTests {
  private func record(key: [UInt8]? = Array("ada".utf8), value: [UInt8]? = Array("hello".utf8)) -> RecordFields {
    var record = RecordFields()
    record.topic = "posts"
    record.partition = 2
    record.offset = 41
    record.leaderEpoch = 7
    record.timestamp = 1_700_000_000_123
    record.key = key
    record.value = value
    record.headers = [(Array("a".utf8), Array("1".utf8)), (Array("b".utf8), nil)]
    return record
  }

  @Test(arguments: [
    ("%t-%p@%o %k=%v\\n", "posts-2@41 ada=hello\n"), ("%s", "hello"),
    ("%K %V %S %T %d", "3 5 5 1700000000123 1700000000123"),
    ("100%% %{%} \\t\\x41\\\\", "100% {} \tA\\"), ("%k{hex} %v{base64}", "616461 aGVsbG8="), ("%h|%H", "a=1,b=NULL|2"),
    ("%h{%k:%v(%V);}", "a:1(1);b:(-1);"), ("%d{strftime[%F %H:%M:%S]}", "2023-11-14 22:13:20"),
    ("%o{hex16} %e{hex8}", "0029 07"), ("%K{big2}%p{little4}", "\0\u{3}\u{2}\0\0\0"), ("%i", "1"), ("ä %t", "ä posts"),
  ])
  func fieldsPrintAsDocumented(format: String, text: String) throws {
    #expect(try RecordFormat(parsing: format).text(record()) == text)
  }

  @Test func nullAndEmptyDifferInTheirLengths() throws {
    let format = try RecordFormat(parsing: "%K %V [%k]")
    #expect(format.text(record(key: nil, value: [])) == "-1 0 []")
  }

  @Test(arguments: [
    ("%q", 1, "%q is no field"), ("abc %", 5, "needs a field"), ("%v{hx}", 3, "{hx}"), ("%v{hex", 3, "not closed"),
    ("a\\q", 2, "no escape"), ("\\x4", 1, "two hexadecimal"), ("%h{%o}", 4, "got %o"), ("%h{%k", 3, "not closed"),
    ("%d{strftime[%F}", 3, "not closed"), ("%o{hex}", 3, "{hex}"), ("x\\", 2, "backslash"),
  ])
  func errorsNameTheColumn(format: String, column: Int, part: String) {
    do {
      _ = try RecordFormat(parsing: format)
      Issue.record("\(format) was accepted")
    } catch {
      #expect(error.column == column)
      #expect(error.reason.contains(part))
    }
  }

  /// Every way of saying where a text ends, with values that no text format could hold otherwise.
  @Test(arguments: [
    "%K{big4}%k%V{big4}%v", "%K{hex32}%k%V{little8}%v", "%K %k%V %v", "%k{hex} %v{hex}\\n", "%k{base64},%v{base64}\\n",
  ])
  func whatIsPrintedIsReadBack(format: String) throws {
    let format = try RecordFormat(parsing: format)
    let records: [RecordFields] = [
      record(), record(key: [0, 10, 255, 32], value: [200, 10, 10, 0]), record(key: [], value: Array("x".utf8)),
    ]
    var bytes: [UInt8] = []
    for record in records { format.write(record, count: 1, into: &bytes) }
    // However the input is cut.
    for size in [1, 3, bytes.count] {
      var reader = try RecordReader(format)
      var seen: [RecordFields] = []
      for start in stride(from: 0, to: bytes.count, by: size) {
        reader.add(bytes[start..<min(start + size, bytes.count)])
        while let record = try reader.next() { seen.append(record) }
      }
      reader.end()
      while let record = try reader.next() { seen.append(record) }
      #expect(seen.map(\.key) == records.map(\.key))
      #expect(seen.map(\.value) == records.map(\.value))
    }
  }

  @Test func nullsComeBackWithLengths() throws {
    let format = try RecordFormat(parsing: "%K{big4}%k%V{big4}%v%H{big4}%h{%K{big4}%k%V{big4}%v}")
    var bytes: [UInt8] = []
    format.write(record(key: nil, value: nil), count: 1, into: &bytes)
    var reader = try RecordReader(format)
    reader.add(bytes)
    let read = try #require(try reader.next())
    #expect(read.key == nil && read.value == nil)
    #expect(read.headers.map(\.name) == [Array("a".utf8), Array("b".utf8)])
    #expect(read.headers.map(\.value) == [Array("1".utf8), nil])
  }

  private func read(_ text: String, _ reader: RecordReader) throws -> [RecordFields] {
    var reader = reader
    reader.add(Array(text.utf8))
    reader.end()
    var result: [RecordFields] = []
    while let record = try reader.next() { result.append(record) }
    return result
  }

  @Test func fieldsAreReadUpToTheNextLiteral() throws {
    let read = try read("3 ada 99 a=1,b=2|hello\n0 bob 7 |x", RecordReader(RecordFormat(parsing: "%p %k %d %h|%v\\n")))
    #expect(read.map(\.partition) == [3, 0])
    #expect(read.map(\.key) == [Array("ada".utf8), Array("bob".utf8)])
    #expect(read.map(\.timestamp) == [99, 7])
    #expect(read.map(\.value) == [Array("hello".utf8), Array("x".utf8)])
    #expect(read[0].headers.map(\.name) == [Array("a".utf8), Array("b".utf8)])
  }

  @Test func aLineWithoutTheDelimiterIsAValue() throws {
    let read = try read("a:1:2\nplain\n\n:x", RecordReader(keyDelimiter: Array(":".utf8)))
    #expect(read.map(\.key) == [Array("a".utf8), nil, nil, []])
    #expect(read.map { $0.value.map { String(decoding: $0, as: UTF8.self) } } == ["1:2", "plain", "", "x"])
  }

  @Test(arguments: [
    ("%p %v\\n", "x y\n", "record 1, at byte 0"), ("%p %v\\n", "1 ok\nz no\n", "record 2, at byte 5"),
    ("%v{hex}\\n", "6\n", "odd number"), ("%V{big4}%v", "\0\0\0\u{5}ab", "ends inside"),
    ("%k %v\\n", "nokey\n", "ends inside"),
    ("%p,%v\\n", "1;x\n", "expected"),
  ])
  func badInputIsRefusedWhereItStands(format: String, text: String, part: String) throws {
    do {
      _ = try read(text, RecordReader(RecordFormat(parsing: format)))
      Issue.record("\(text) was accepted")
    } catch let error as RecordInputError {
      #expect(error.reason.contains(part), "\(error)")
    }
  }

  @Test(arguments: ["%k%v\\n", "%d{strftime[%F]} %v\\n", "%h{%v}\\n", ""])
  func formatsThatCannotBeReadAreRefused(format: String) throws {
    let format = try RecordFormat(parsing: format)
    #expect(throws: RecordInputError.self) { try RecordReader(format) }
  }

  @Test func numbersKeepTheirDigits() throws {
    let members = try JSON.members(of: Array(#"{"value": {"x": 1.0, "y":52.123456789012}, "key" : 1e3 }"#.utf8))
    #expect(members.map { String(decoding: $0.text, as: UTF8.self) } == [#"{"x": 1.0, "y":52.123456789012}"#, "1e3"])
    #expect(throws: JSONError.self) { try JSON.members(of: Array(#"{"a": 1} x"#.utf8)) }
    #expect(throws: JSONError.self) { try JSON.members(of: Array("[1]".utf8)) }
  }
}

/// Places in a log and moments, as they are typed.
@Suite struct OffsetRangeTests {
  static let now: Int64 = 1_700_000_000_000

  @Test(arguments: [
    ("start", OffsetRange(from: .start)), ("beginning", OffsetRange(from: .start)), ("end", OffsetRange(from: .end)),
    ("42", OffsetRange(from: .offset(42))), ("+3", OffsetRange(from: .afterStart(3))),
    ("-5", OffsetRange(from: .beforeEnd(5))),
    ("10:20", OffsetRange(from: .offset(10), to: .offset(20))), (":end", OffsetRange(from: .start, to: .end)),
    ("7:", OffsetRange(from: .offset(7))), ("-10:-5", OffsetRange(from: .beforeEnd(10), to: .beforeEnd(5))),
    ("@1600000000000", OffsetRange(from: .time(1_600_000_000_000))),
    ("@1600000000", OffsetRange(from: .time(1_600_000_000_000))),
    ("@2023-11-14", OffsetRange(from: .time(1_699_920_000_000))),
    ("@2023-11-14T22:13:20Z", OffsetRange(from: .time(1_700_000_000_000))),
    ("@2023-11-14T22:13:2023-11-15", OffsetRange(from: .time(1_699_999_980_000), to: .time(1_700_006_400_000))),
    ("@-1h30m", OffsetRange(from: .time(now - 5_400_000))),
    ("@-1h:-30m", OffsetRange(from: .time(now - 3_600_000), to: .time(now - 1_800_000))),
    ("@-1h:end", OffsetRange(from: .time(now - 3_600_000), to: .end)),
  ])
  func formsAreUnderstood(text: String, range: OffsetRange) {
    #expect(OffsetRange(text, now: Self.now) == range)
  }

  @Test(arguments: [
    "", ":", "x", "1:x", "@", "@x", "@-", "@-1y", "@2023-13-01", "99999999999999999999", "@-99999999999999d", "1:2:3",
  ])
  func othersAreNot(text: String) {
    #expect(OffsetRange(text, now: Self.now) == nil)
  }

  /// Against dates whose seconds anybody can look up.
  @Test(arguments: [
    ("1970-01-01", 0), ("2000-02-29", 951_782_400), ("2024-12-31", 1_735_603_200), ("2100-03-01", 4_107_542_400),
  ])
  func datesAreCounted(text: String, seconds: Int64) {
    #expect(TimePoint.milliseconds(text, now: 0) == seconds * 1000)
  }
}
