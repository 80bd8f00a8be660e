import ClusterHost
import CommandLineTool
import Primitives
import Records

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// `streamsocial log dump`: what is in a segment file, batch by batch, with checksums verified.
enum LogDump {
  static let records = Option.flag("records", short: "r", help: "Also print the records")

  static let command: Command = Command(
    "log", summary: "Look into a broker's files",
    examples: [
      Example("streamsocial log dump .streamsocial/broker-1/data/posts-0/00000000000000000000.log", "its batches")
    ],
    subcommands: [dump])

  static let dump: Command = Command(
    "dump", summary: "Print the record batches of segment files, one JSON object a line",
    discussion: "Exit code 1 when a batch is damaged; what lies before it is printed.",
    positionals: [Positional("FILE", help: "A .log file", kind: .path, repeats: true)], options: [records.spec],
    examples: [
      Example("streamsocial log dump 00000000000000000000.log", "offsets, epochs, producers, sizes"),
      Example("streamsocial log dump --records 00000000000000000000.log", "and what is in them"),
    ]
  ) { arguments in
    for path in arguments.positionals { try dump(path, withRecords: arguments[records]) }
    return .success
  }

  private static func dump(_ path: String, withRecords: Bool) throws {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { throw ClusterError(.system, "\(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    let size = Int(lseek(descriptor, 0, SEEK_END))
    guard size > 0 else { return }
    guard let memory = mmap(nil, size, PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED else {
      throw ClusterError(.system, "\(path): \(String(cString: strerror(errno)))")
    }
    defer { munmap(memory, size) }
    let bytes = UnsafeRawBufferPointer(start: memory, count: size)
    var batches = RecordBatchSequence(bytes)
    var position = 0
    do throws(RecordError) {
      while let (header, batch) = try batches.next() {
        try RecordBatch.verifyChecksum(batch, header: header)
        Terminal.print(json(header, at: position).text())
        if withRecords { try printRecords(batch, header) }
        position = batches.position
      }
    } catch {
      throw ClusterError(.environment, "\(path) at byte \(position): \(error.message)")
    }
    // A preallocated or cut-off end is no batch.
    let rest = bytes[position...]
    if !rest.isEmpty, rest.contains(where: { $0 != 0 }) {
      throw ClusterError(.environment, "\(path) at byte \(position): \(rest.count) bytes that are no whole batch")
    }
  }

  private static func json(_ header: RecordBatchHeader, at position: Int) -> JSON {
    [
      "position": .integer(position), "size": .integer(header.totalSize),
      "base_offset": .integer(Int(header.baseOffset.rawValue)),
      "last_offset": .integer(Int(header.lastOffset.rawValue)), "count": .integer(Int(header.recordCount)),
      "leader_epoch": .integer(Int(header.leaderEpoch.rawValue)),
      "codec": .string(header.codec.map { "\($0)" } ?? "unknown"),
      "producer_id": .integer(Int(header.producerID.rawValue)),
      "producer_epoch": .integer(Int(header.producerEpoch)), "base_sequence": .integer(Int(header.baseSequence)),
      "max_timestamp": .integer(Int(header.maxTimestamp)), "transactional": .bool(header.isTransactional),
      "control": .bool(header.isControl), "crc": .integer(Int(header.crc)),
    ]
  }

  private static func printRecords(_ batch: UnsafeRawBufferPointer, _ header: RecordBatchHeader) throws(RecordError) {
    var records = try RecordIterator(batch: batch, maxDecompressedBytes: 1 << 30)
    while let record = try records.next() {
      let json = JSON.object([
        ("offset", .integer(Int(record.offset.rawValue))), ("timestamp", .integer(Int(record.timestamp))),
        RecordJSON.member("key", record.key), RecordJSON.member("value", record.value),
      ])
      Terminal.print("  " + json.text())
    }
  }
}
