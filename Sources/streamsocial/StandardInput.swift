import CommandLineTool
import KafkaClient

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Bytes of standard input, as many at a time as are at hand.
enum StandardInput {
  /// Somebody types.
  static let isTerminal = isatty(0) == 1

  /// Empty at the end. Waits without holding a task's thread.
  static func chunk() async -> [UInt8] {
    await WorkerThread.run { () -> [UInt8] in
      var buffer = [UInt8](repeating: 0, count: 256 << 10)
      while true {
        let count = read(0, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        return Array(buffer[..<max(0, count)])
      }
    }
  }
}

/// Cuts input into lines, of which each is one JSON object.
struct JSONLines {
  private var rest: [UInt8] = []
  private var number = 0

  /// The records of all whole lines (at the end: of the last one, too). Empty lines are passed over.
  mutating func records(_ chunk: [UInt8]) throws -> [RecordFields] {
    rest += chunk
    var records: [RecordFields] = []
    var start = 0
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n"))
      ?? (chunk.isEmpty && start < rest.count ? rest.count : nil)
    {
      number += 1
      let line = rest[start..<end]
      start = min(end + 1, rest.count)
      if line.allSatisfy({ $0 == 0x20 || $0 == 0x0D || $0 == 0x09 }) { continue }
      do {
        records.append(try RecordJSON.record(Array(line)))
      } catch {
        throw RecordInputError(reason: "line \(number): \(error)")
      }
    }
    rest.removeFirst(start)
    return records
  }
}
