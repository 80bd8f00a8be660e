import KafkaClient

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Lines of standard input, as many at a time as are at hand.
struct InputLines {
  private var rest: [UInt8] = []
  private var number = 0
  private var ended = false

  /// The next whole lines, at least one; nil after the last. Waits without holding a task's thread.
  mutating func next() async -> [(number: Int, text: String)]? {
    while !ended {
      let chunk = await WorkerThread.run { () -> [UInt8] in
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
          let count = read(0, &buffer, buffer.count)
          if count < 0, errno == EINTR { continue }
          return Array(buffer[..<max(0, count)])
        }
      }
      ended = chunk.isEmpty
      rest += chunk
      let lines = takeLines()
      if !lines.isEmpty { return lines }
    }
    return nil
  }

  private mutating func takeLines() -> [(number: Int, text: String)] {
    var lines: [(number: Int, text: String)] = []
    var start = 0
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n"))
      ?? (ended && start < rest.count ? rest.count : nil)
    {
      number += 1
      let line = String(decoding: rest[start..<end], as: UTF8.self)
      if !line.isEmpty { lines.append((number, line)) }
      start = min(end + 1, rest.count)
    }
    rest.removeFirst(start)
    return lines
  }
}

/// The time of day.
enum WallClock {
  static func milliseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
