import ClusterHost
import CommandLineTool
import KafkaClient
import Primitives
import Records

/// `streamsocial produce`: standard input becomes records.
enum Produce {
  static let format = Option.text(
    "format", short: "f", "FORMAT", default: "json", help: "How standard input is cut into records; see above")
  static let keyDelimiter = Option.text(
    "key-delimiter", short: "K", "TEXT", help: "Each line is a key, TEXT, a value; without TEXT a value alone")
  static let raw = Option.flag("raw", help: "Each line is a value: -f '%v\\n'")
  static let key = Option.text("key", short: "k", "KEY", help: "The key of records that have none")
  static let header = Option.repeated("header", short: "H", "K=V", kind: .keyValue, help: "A header for every record")
  static let partition = Option.integer(
    "partition", short: "p", in: 0...Int(Int32.max), default: 0, showsDefault: false,
    help: "Where all go (default: by the key; without a key in turn)")
  static let tombstone = Option.flag("tombstone", short: "Z", help: "An empty value becomes null")
  static let codec = Option.choice(
    "compression", short: "z", ["none", "gzip", "snappy", "lz4", "zstd"], default: "none",
    help: "How batches are compressed")
  static let outputFormat = Option.text(
    "output-format", short: "o", "FORMAT", default: "json",
    help: "How to print where each went: json, or text with %t %p %o %d %k %v")
  static let quiet = Option.flag("quiet", short: "q", help: "Do not print where records went")

  static let command: Command = Command(
    "produce", summary: "Write records from standard input: JSON lines, text, or any format",
    discussion: """
      With --format json, a line is an object with value and, if wanted, key, headers, partition and timestamp (ms);
      key_base64 and value_base64 for bytes. What `consume` prints can be read back. A value that is no text is sent
      as the JSON that it is. Without a partition the key decides as in Kafka's own clients; without a key records go
      in turn. Batches are idempotent: a leader that dies meanwhile neither loses nor doubles one.

      \(RecordFormat.help)
      A text ends where the text behind its field begins, or has the length read before it (%K{big4}%k).
      """,
    positionals: [Topics.name],
    options: [
      format.spec, keyDelimiter.spec, raw.spec, key.spec, header.spec, partition.spec, tombstone.spec, codec.spec,
      outputFormat.spec, quiet.spec,
    ] + SharedOptions.connection,
    examples: [
      Example(#"echo '{"key": "ada", "value": "hello"}' | streamsocial produce posts"#, "one record"),
      Example("tail -f access.log | streamsocial produce lines -f '%v\\n'", "a record for each line, as it comes"),
      Example("echo 'ada:hello' | streamsocial produce posts -K :", "key and value, as kcat -K"),
      Example(
        "printf '3 ada 686921\\n' | streamsocial produce posts -f '%p %k %v{hex}\\n'", "to partition 3, a value in hex"),
      Example("streamsocial consume a -e | streamsocial produce b", "copies a topic, bytes and all"),
    ]
  ) { arguments in
    var input = try Input(arguments)
    let report = try outputFormat(arguments)
    var sender = try await Sender(arguments)
    var count = 0
    if StandardInput.isTerminal {
      Terminal.printError("Type records, then Ctrl-D; how they look: streamsocial produce --help")
    }
    while true {
      let chunk = await StandardInput.chunk()
      let records = try input.records(chunk)
      for sent in try await sender.send(records) where !arguments[quiet] {
        count += 1
        var out: [UInt8] = []
        if let report {
          report.write(sent, count: count, into: &out)
        } else {
          out = Array("\(position(sent).text())\n".utf8)
        }
        Terminal.write(out, to: 1)
      }
      if chunk.isEmpty { return .success }
    }
  }

  private static func outputFormat(_ arguments: Arguments) throws -> RecordFormat? {
    let text = arguments[outputFormat]
    if text == "json" { return nil }
    do throws(RecordFormatError) { return try RecordFormat(parsing: text) } catch {
      throw UsageError("--output-format: \(error)", path: arguments.path)
    }
  }

  private static func position(_ record: RecordFields) -> JSON {
    [
      "topic": .string(record.topic), "partition": .integer(Int(record.partition ?? -1)),
      "offset": .integer(Int(record.offset)),
    ]
  }

  /// What cuts the input.
  private enum Input {
    case json(JSONLines)
    case text(RecordReader)

    init(_ arguments: Arguments) throws {
      let given = [arguments.has(format), arguments.has(keyDelimiter), arguments[raw]].count { $0 }
      guard given <= 1 else {
        throw UsageError("--format, --key-delimiter and --raw exclude one another", path: arguments.path)
      }
      do {
        if arguments.has(keyDelimiter) {
          var out: [UInt8] = []
          try RecordFormat(parsing: arguments[keyDelimiter].replacing("%", with: "%%"))
            .write(RecordFields(), count: 0, into: &out)
          self = .text(try RecordReader(keyDelimiter: out))
        } else if arguments[raw] || arguments[format] != "json" {
          self = .text(try RecordReader(try RecordFormat(parsing: arguments[raw] ? "%v\\n" : arguments[format])))
        } else {
          self = .json(JSONLines())
        }
      } catch {
        throw UsageError(
          "--\(arguments.has(keyDelimiter) ? "key-delimiter" : "format"): \(error)", path: arguments.path)
      }
    }

    mutating func records(_ chunk: [UInt8]) throws -> [RecordFields] {
      switch self {
      case .json(var lines):
        let records = try lines.records(chunk)
        self = .json(lines)
        return records
      case .text(var reader):
        if chunk.isEmpty { reader.end() } else { reader.add(chunk) }
        var records: [RecordFields] = []
        while let record = try reader.next() { records.append(record) }
        self = .text(reader)
        return records
      }
    }
  }

  /// Puts records into batches and sends them.
  private struct Sender {
    /// A batch is sent before it reaches the broker's usual limit of one megabyte.
    static let largestBatch = 900_000

    private var client: TopicClient
    private let producer: (id: ProducerID, epoch: Int16)
    private var sequences: [Int32: Int32] = [:]
    private var round = 0
    private let arguments: Arguments

    init(_ arguments: Arguments) async throws {
      self.arguments = arguments
      client = try await SharedOptions.topic(arguments)
      if arguments.has(partition), !client.topic.partitions.contains(where: { Int($0.id) == arguments[partition] }) {
        throw AdminError.refused(
          code: .unknownTopicOrPartition,
          message: "\(client.topic.name) has \(client.topic.partitions.count) partitions, from 0")
      }
      producer = try await client.producerID()
    }

    /// Returns the records with partition and offset, partition by partition.
    mutating func send(_ records: [RecordFields]) async throws -> [RecordFields] {
      var sent: [RecordFields] = []
      var batches: [Int32: (builder: RecordBatchBuilder, records: [RecordFields])] = [:]
      for record in records {
        let record = filled(record)
        let partition = record.partition ?? 0
        var batch = batches[partition] ?? (builder(for: partition), [])
        batch.builder.append(
          key: record.key, value: record.value,
          headers: record.headers.map { (String(decoding: $0.name, as: UTF8.self), $0.value) },
          timestamp: record.timestamp ?? 0)
        batch.records.append(record)
        batches[partition] = batch
        if batch.builder.uncompressedSize > Self.largestBatch {
          sent += try await send(batch.builder, batch.records, to: partition)
          batches[partition] = nil
        }
      }
      for (partition, batch) in batches.sorted(by: { $0.key < $1.key }) {
        sent += try await send(batch.builder, batch.records, to: partition)
      }
      return sent
    }

    private func builder(for partition: Int32) -> RecordBatchBuilder {
      let codec: CompressionCodec =
        switch arguments[Produce.codec] {
        case "gzip": .gzip
        case "snappy": .snappy
        case "lz4": .lz4
        case "zstd": .zstd
        default: .none
        }
      return RecordBatchBuilder(
        codec: codec, producerID: producer.id, producerEpoch: producer.epoch, baseSequence: sequences[partition] ?? 0)
    }

    private mutating func send(_ builder: RecordBatchBuilder, _ records: [RecordFields], to partition: Int32)
      async throws -> [RecordFields]
    {
      let base = try await client.produce(try builder.build(), to: partition)
      // Sequences go round at 2³¹ (KIP-98).
      sequences[partition] = ((sequences[partition] ?? 0) &+ builder.recordCount) & .max
      return records.enumerated().map { index, record in
        var record = record
        record.topic = client.topic.name
        record.offset = base + Int64(index)
        return record
      }
    }

    private mutating func filled(_ record: RecordFields) -> RecordFields {
      var record = record
      if arguments.has(key), record.key == nil { record.key = Array(arguments[key].utf8) }
      if arguments[tombstone], record.value?.isEmpty ?? false { record.value = nil }
      for text in arguments[header] {
        let halves = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        record.headers.append((Array((halves.first ?? "").utf8), Array((halves.last ?? "").utf8)))
      }
      if arguments.has(partition) { record.partition = Int32(clamping: arguments[partition]) }
      if record.partition == nil { record.partition = choose(record.key) }
      if record.timestamp == nil { record.timestamp = WallClock.milliseconds }
      return record
    }

    private mutating func choose(_ key: [UInt8]?) -> Int32 {
      let partitions = client.topic.partitions
      guard !partitions.isEmpty else { return 0 }
      if let key { return Murmur2.partition(of: key, count: Int32(clamping: partitions.count)) }
      round = (round + 1) % partitions.count
      return partitions[round].id
    }
  }
}
