import ClusterHost
import CommandLineTool
import KafkaClient
import Primitives

/// `streamsocial consume`: records as JSON lines or in any format.
enum Consume {
  static let offset = Option.text("offset", short: "o", "FROM[:TO]", default: "end", help: OffsetRange.forms)
  static let format = Option.text(
    "format", short: "f", "FORMAT", default: "json", help: "How each record is printed; see above")
  static let keyDelimiter = Option.text(
    "key-delimiter", short: "K", "TEXT", help: "Print key, TEXT, value, as kcat -K: -f '%kTEXT%v\\n'")
  static let values = Option.flag("values", help: "Print only the values: -f '%v\\n'")
  static let partitions = Option.text(
    "partitions", short: "p", "N,N…", help: "Only these (default: all)")
  static let number = Option.integer(
    "num", short: "n", in: 1...Int.max, default: Int.max, showsDefault: false, help: "Stop after so many records")
  static let exitAtEnd = Option.flag(
    "exit-at-end", short: "e", help: "Read what is there when it starts, and stop (from the start unless --offset says)"
  )
  static let group = Option.text(
    "group", short: "g", "GROUP", help: "Read as a member of this group, and commit what was printed")

  // Names from before, still understood.
  static let from = Option.text("from", "WHERE", help: "--offset").hidden()
  static let exit = Option.flag("exit", help: "--exit-at-end", hidden: true)
  static let partition = Option.text("partition", "N", help: "--partitions").hidden()
  static let count = Option.integer("count", in: 1...Int.max, default: Int.max, help: "--num").hidden()

  static let command: Command = Command(
    "consume", summary: "Print records: JSON lines, text, or any format",
    discussion: """
      Reads partitions side by side; order holds within each. Only what is committed is shown. With --format json a
      line is an object with topic, partition, offset, timestamp (ms), key, value and, if there are any, headers;
      what is not UTF-8 comes as key_base64 and value_base64. Ctrl-C ends it.

      \(RecordFormat.help)
      """,
    positionals: [Topics.name],
    options: [
      offset.spec, format.spec, keyDelimiter.spec, values.spec, partitions.spec, number.spec, exitAtEnd.spec,
      group.spec, from.spec, exit.spec, partition.spec, count.spec,
    ] + SharedOptions.connection,
    examples: [
      Example("streamsocial consume posts", "what comes from now on"),
      Example("streamsocial consume posts -e", "all that is there"),
      Example("streamsocial consume posts -o -10 -e", "the last ten of each partition"),
      Example("streamsocial consume posts -p 0 -o 42:45", "three records"),
      Example("streamsocial consume posts -o @-1h -f '%d{strftime[%T]} %p/%o %k: %v\\n'", "since an hour ago, as text"),
      Example("streamsocial consume posts -g readers", "goes on where the group's members stopped"),
    ]
  ) { arguments in
    var printer = try Printer(arguments)
    if arguments.has(group) {
      try await consumeAsMember(arguments, &printer)
      return .success
    }
    var reader = try await TopicReader(arguments)
    try await reader.run { try printer.print($0) }
    return .success
  }

  /// The range that `--offset` says; nil when it was not given.
  static func range(_ arguments: Arguments) throws -> OffsetRange? {
    guard arguments.has(offset) || arguments.has(from) else { return nil }
    let text = arguments.has(from) ? arguments[from] : arguments[offset]
    guard let range = OffsetRange(text, now: WallClock.milliseconds) else {
      throw UsageError("--offset is one of: \(OffsetRange.forms); got “\(text)”", path: arguments.path)
    }
    return range
  }

  /// The partitions that `--partitions` says; nil when it was not given.
  static func chosen(_ arguments: Arguments) throws -> [Int32]? {
    guard arguments.has(partitions) || arguments.has(partition) else { return nil }
    let text = arguments.has(partitions) ? arguments[partitions] : arguments[partition]
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map { Int32($0) }
    guard numbers.allSatisfy({ $0.map { $0 >= 0 } ?? false }) else {
      throw UsageError("--partitions is a list of numbers like 0,2; got “\(text)”", path: arguments.path)
    }
    return numbers.compactMap { $0 }
  }

  static func stopsAtEnd(_ arguments: Arguments) -> Bool { arguments[exitAtEnd] || arguments[exit] }

  /// Nothing more is wanted: enough was printed, or whoever read our output went away.
  struct Enough: Error {}

  private static func consumeAsMember(_ arguments: Arguments, _ printer: inout Printer) async throws {
    let range = try range(arguments)
    guard try chosen(arguments) == nil else {
      throw UsageError(
        "a group shares out the partitions itself: --partitions does not go with --group", path: arguments.path)
    }
    guard range == nil || range == OffsetRange(from: .start) || range == OffsetRange(from: .end) else {
      throw UsageError(
        "with --group, --offset says where to begin what the group never read: start or end", path: arguments.path)
    }
    // Says clearly that there is no such topic, where a group would wait for it.
    _ = try await SharedOptions.topic(arguments)
    let loop = GroupLoop(
      servers: try SharedOptions.servers(arguments), topic: arguments.positionals[0], group: arguments[group],
      fromStart: range != OffsetRange(from: .end), stopsAtEnd: stopsAtEnd(arguments), printer: printer)
    try await loop.run()
  }

  /// Prints records, and knows when it is enough.
  struct Printer: Sendable {
    private let format: RecordFormat?
    private var left: Int
    private var printed = 0

    init(_ arguments: Arguments) throws {
      let given = [arguments.has(Consume.format), arguments.has(keyDelimiter), arguments[values]].count { $0 }
      guard given <= 1 else {
        throw UsageError("--format, --key-delimiter and --values exclude one another", path: arguments.path)
      }
      left = arguments.has(number) ? arguments[number] : arguments[count]
      do throws(RecordFormatError) {
        if arguments.has(keyDelimiter) {
          format = try RecordFormat(parsing: "%k\(arguments[keyDelimiter].replacing("%", with: "%%"))%v\\n")
        } else if arguments[values] {
          format = try RecordFormat(parsing: "%v\\n")
        } else {
          let text = arguments[Consume.format]
          format = text == "json" ? nil : try RecordFormat(parsing: text)
        }
      } catch {
        throw UsageError("--format: \(error)", path: arguments.path)
      }
    }

    /// Throws `Enough` after the last one wanted.
    mutating func print(_ records: some Sequence<RecordFields>) throws {
      var out: [UInt8] = []
      for record in records where left > 0 {
        left -= 1
        printed += 1
        if let format {
          format.write(record, count: printed, into: &out)
        } else {
          out += Array(RecordJSON.text(record).utf8)
          out.append(0x0A)
        }
      }
      guard Terminal.write(out, to: 1), left > 0 else { throw Enough() }
    }
  }
}
