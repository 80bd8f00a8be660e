import ClusterHost
import CommandLineTool
import KafkaClient
import Primitives
import Records

/// `streamsocial produce`: lines from standard input become records.
enum Produce {
  static let raw = Option.flag("raw", help: "Each line is a value as it stands, without key")
  static let codec = Option.choice(
    "compression", ["none", "gzip", "snappy", "lz4", "zstd"], default: "none", help: "How batches are compressed")
  static let quiet = Option.flag("quiet", short: "q", help: "Do not print where records went")

  static let command: Command = Command(
    "produce", summary: "Write records from standard input, one JSON object a line",
    discussion: """
      An object has value and, if wanted, key, headers (an object), partition and timestamp (ms); key_base64 and
      value_base64 for bytes. Without a partition the key decides as in Kafka's own clients; without a key records
      go round. Prints the partition and offset of each once all in-sync replicas have it.
      """,
    positionals: [Topics.name], options: [raw.spec, codec.spec, quiet.spec] + Topics.connection,
    examples: [
      Example(#"echo '{"key": "ada", "value": "hello"}' | streamsocial produce posts"#, "one record"),
      Example("tail -f access.log | streamsocial produce --raw lines", "a record for each line, as it comes"),
    ]
  ) { arguments in
    let client = try await TopicClient(arguments.positionals[0], at: try await SharedOptions.connect(arguments))
    var lines = InputLines()
    var round = 0
    while let chunk = await lines.next() {
      var batches: [Int32: RecordBatchBuilder] = [:]
      for line in chunk {
        let record = try Self.record(line.text, isRaw: arguments[raw], number: line.number)
        let partition = record.partition ?? choose(record.key, client.topic.partitions, &round)
        batches[partition, default: RecordBatchBuilder(codec: Self.codec(arguments))].append(
          key: record.key, value: record.value, headers: record.headers, timestamp: record.timestamp)
      }
      for partition in batches.keys.sorted() {
        guard let batch = batches[partition] else { continue }
        let base = try await client.produce(
          try batch.build(), to: partition, timeout: SharedOptions.patience(arguments))
        if arguments[quiet] { continue }
        for index in 0..<Int(batch.recordCount) {
          let json: JSON = [
            "topic": .string(client.topic.name), "partition": .integer(Int(partition)),
            "offset": .integer(Int(base) + index),
          ]
          Terminal.print(json.text())
        }
      }
    }
    return .success
  }

  private static func codec(_ arguments: Arguments) -> CompressionCodec {
    switch arguments[codec] {
    case "gzip": .gzip
    case "snappy": .snappy
    case "lz4": .lz4
    case "zstd": .zstd
    default: .none
    }
  }

  private static func choose(_ key: [UInt8]?, _ partitions: [TopicDescription.Partition], _ round: inout Int) -> Int32 {
    let count = Int32(clamping: partitions.count)
    guard count > 0 else { return 0 }
    if let key { return Murmur2.partition(of: key, count: count) }
    round = (round + 1) % Int(count)
    return partitions[round].id
  }

  private struct Record {
    var key: [UInt8]?
    var value: [UInt8]?
    var headers: [RecordBatchBuilder.Header] = []
    var partition: Int32?
    var timestamp: Int64
  }

  private static func record(_ line: String, isRaw: Bool, number: Int) throws -> Record {
    var record = Record(timestamp: WallClock.milliseconds())
    if isRaw {
      record.value = Array(line.utf8)
      return record
    }
    do {
      let json = try JSON(parsing: line)
      guard case .object = json else {
        throw UsageError("expected an object like {\"value\": \"hello\"}; or use --raw")
      }
      record.key = try RecordText.bytes(of: "key", in: json)
      record.value = try RecordText.bytes(of: "value", in: json)
      record.partition = try json["partition"].map { value throws(UsageError) in
        guard let number = value.integer.flatMap({ Int32(exactly: $0) }), number >= 0 else {
          throw UsageError("partition is a number from 0")
        }
        return number
      }
      if let time = json["timestamp"]?.integer { record.timestamp = Int64(time) }
      if case .object(let members)? = json["headers"] {
        for (name, value) in members {
          record.headers.append((name, value == .null ? nil : Array((value.string ?? value.text()).utf8)))
        }
      }
    } catch let error as UsageError {
      throw ClusterError(.notPossible, "line \(number): \(error)")
    } catch let error as JSONError {
      throw ClusterError(.notPossible, "line \(number): \(error); or use --raw")
    }
    return record
  }
}
