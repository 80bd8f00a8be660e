import CommandLineTool
import KafkaClient
import Primitives
import Records

/// `streamsocial consume`: records as one JSON object a line.
enum Consume {
  static let from = Option.text(
    "from", "WHERE", default: "end", help: "beginning, end, an offset, or @MILLISECONDS since 1970")
  static let partition = Option.integer(
    "partition", short: "p", in: 0...Int(Int32.max), default: 0, showsDefault: false,
    help: "Only this one (default: all)")
  static let count = Option.integer(
    "count", short: "n", in: 1...Int.max, default: Int.max, showsDefault: false, help: "Stop after so many records")
  static let exit = Option.flag("exit", short: "e", help: "Stop at the end instead of waiting for more")
  static let values = Option.flag("values", help: "Print only the values, as they are")

  static let command: Command = Command(
    "consume", summary: "Print records, one JSON object a line",
    discussion: "Reads partitions side by side; order holds within each. Only what is committed is shown.",
    positionals: [Topics.name],
    options: [from.spec, partition.spec, count.spec, exit.spec, values.spec] + Topics.connection,
    examples: [
      Example("streamsocial consume posts", "what comes from now on"),
      Example("streamsocial consume posts --from beginning --exit", "all that is there"),
      Example("streamsocial consume posts -p 0 --from 42 -n 1", "one record"),
    ]
  ) { arguments in
    let client = try await TopicClient(arguments.positionals[0], at: try await SharedOptions.connect(arguments))
    var positions: [(partition: Int32, next: Int64, isDone: Bool)] = []
    for entry in client.topic.partitions where !arguments.has(partition) || Int(entry.id) == arguments[partition] {
      positions.append((entry.id, try await start(arguments, client, entry.id), false))
    }
    guard !positions.isEmpty else {
      throw AdminError.refused(code: .unknownTopicOrPartition, message: "\(client.topic.name) has no such partition")
    }
    var left = arguments[count]
    while left > 0, positions.contains(where: { !$0.isDone }) {
      for index in positions.indices where !positions[index].isDone && left > 0 {
        let wait: Int32 = arguments[exit] ? 0 : positions.count == 1 ? 500 : 50
        let (batches, end) = try await client.fetch(positions[index].partition, from: positions[index].next, wait: wait)
        let before = positions[index].next
        try printRecords(batches, positions[index].partition, &positions[index].next, &left, arguments, client)
        if arguments[exit], positions[index].next >= end || positions[index].next == before {
          positions[index].isDone = true
        }
      }
    }
    return .success
  }

  private static func start(_ arguments: Arguments, _ client: TopicClient, _ partition: Int32) async throws -> Int64 {
    let place = arguments[from]
    switch place {
    case "beginning": return try await client.offset(of: partition, at: -2)
    case "end": return try await client.offset(of: partition, at: -1)
    default:
      if place.hasPrefix("@"), let time = Int64(place.dropFirst()) {
        let offset = try await client.offset(of: partition, at: time)
        return offset >= 0 ? offset : try await client.offset(of: partition, at: -1)
      }
      guard let offset = Int64(place), offset >= 0 else {
        throw UsageError("--from is beginning, end, an offset or @MILLISECONDS; got “\(place)”", path: arguments.path)
      }
      return offset
    }
  }

  private static func printRecords(
    _ bytes: [UInt8], _ partition: Int32, _ next: inout Int64, _ left: inout Int, _ arguments: Arguments,
    _ client: TopicClient
  ) throws {
    try bytes.withUnsafeBytes { raw in
      var batches = RecordBatchSequence(raw)
      while let (header, batch) = try batches.next(), left > 0 {
        var records = try RecordIterator(batch: batch, maxDecompressedBytes: 256 << 20)
        while !header.isControl, left > 0, let record = try records.next() {
          // A batch may begin before the offset that was asked for.
          if record.offset.rawValue < next { continue }
          Terminal.print(line(record, partition, client.topic.name, onlyValue: arguments[values]))
          left -= 1
        }
        next = max(next, header.nextOffset.rawValue)
      }
    }
  }

  private static func line(_ record: Record, _ partition: Int32, _ topic: String, onlyValue: Bool) -> String {
    if onlyValue { return record.value.map { String(decoding: $0, as: UTF8.self) } ?? "" }
    let headers = ((try? record.headers()) ?? []).map { header in
      let (_, value) = RecordText.member("", header.value)
      return (String(decoding: header.key, as: UTF8.self), value)
    }
    return JSON.object(
      [
        ("topic", .string(topic)), ("partition", .integer(Int(partition))),
        ("offset", .integer(Int(record.offset.rawValue))), ("timestamp", .integer(Int(record.timestamp))),
        RecordText.member("key", record.key), RecordText.member("value", record.value),
      ] + (headers.isEmpty ? [] : [("headers", .object(headers))])
    ).text()
  }
}
