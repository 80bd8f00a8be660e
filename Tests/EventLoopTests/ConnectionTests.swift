import EventLoop
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Frames over real sockets on loopback: however the bytes are cut, the frames arrive whole and in order.
@Suite struct ConnectionTests {
  /// Sends every frame back.
  private final class Echo: ConnectionDelegate {
    var endings: [String] = []
    func connection(_ connection: Connection, received frame: UnsafeMutableRawBufferPointer) {
      connection.send(ConnectionTests.frameOf(Array(frame)))
    }
    func connectionEnded(_ connection: Connection, reason: String) { endings.append(reason) }
  }

  private final class Collector: ConnectionDelegate {
    var frames: [[UInt8]] = []
    var ending: String?
    var changed: () -> Void = {}
    func connection(_ connection: Connection, received frame: UnsafeMutableRawBufferPointer) {
      frames.append(Array(frame))
      changed()
    }
    func connectionEnded(_ connection: Connection, reason: String) {
      ending = reason
      changed()
    }
  }

  fileprivate static func frameOf(_ body: [UInt8]) -> [UInt8] {
    withUnsafeBytes(of: UInt32(body.count).bigEndian) { Array($0) } + body
  }

  /// Runs `body` with a connection to an echoing server until `done`.
  private func withEcho(
    maxFrameBytes: Int = 1 << 24, port: UInt16, _ body: @escaping (Connection, Collector) -> Void,
    until done: @escaping (Collector) -> Bool
  ) throws -> (Collector, Echo) {
    let loop = try EventLoop()
    let echo = Echo()
    let collector = Collector()
    var clients: [Connection] = []
    let listener = try Listener(loop, host: "127.0.0.1", port: port) { connection in
      connection.maxFrameBytes = maxFrameBytes
      connection.delegate = echo
      connection.start()
      clients.append(connection)
    }
    try listener.listen()
    collector.changed = { if done(collector) { loop.stop() } }
    try Connection.connect(loop, host: "127.0.0.1", port: port) { connection, error in
      #expect(error == nil)
      clients.append(connection)
      connection.delegate = collector
      connection.start()
      body(connection, collector)
    }
    loop.run()
    for client in clients { client.close() }
    listener.close()
    return (collector, echo)
  }

  /// Names are looked up on another thread, so nothing is known before `connect` returns.
  @Test func hostsAreFoundByName() throws {
    let loop = try EventLoop()
    var accepted: [Connection] = []
    let listener = try Listener(loop, host: "localhost", port: 36191) { accepted.append($0) }
    try listener.listen()
    var outcome: IOError??
    try Connection.connect(loop, host: "localhost", port: 36191) { connection, error in
      outcome = .some(error)
      connection.close()
      loop.stop()
    }
    #expect(outcome == nil)
    loop.run()
    #expect(outcome == .some(nil))
    listener.close()
  }

  /// `.invalid` is never the name of a host (RFC 6761).
  @Test func nameThatDoesNotExistIsAnErrorAndNoRefusal() throws {
    let loop = try EventLoop()
    var outcome: IOError?
    try Connection.connect(loop, host: "no-such-host.invalid", port: 36192) { connection, error in
      outcome = error
      #expect(connection.isClosed)
      loop.stop()
    }
    loop.run()
    #expect(outcome != nil)
    #expect(outcome?.isConnectionRefused == false)
  }

  @Test func framesOfAllSizesComeBackWholeAndInOrder() throws {
    let sizes = [0, 1, 3, 4, 5, 1000, 65_535, 524_284, 524_288, 600_000, 3_000_000, 2]
    let bodies = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) } }
    let (collector, _) = try withEcho(port: 29_871) { connection, _ in
      for body in bodies { connection.send(Self.frameOf(body)) }
    } until: {
      $0.frames.count == bodies.count
    }
    #expect(collector.frames == bodies)
  }

  @Test func aFrameCutInTheMiddleOfItsSizeArrives() throws {
    let whole = Self.frameOf(Array("split".utf8))
    let (collector, _) = try withEcho(port: 29_872) { connection, _ in
      // Two buffers of their own: the size field is cut.
      for part in [whole[..<2], whole[2...]] {
        let buffer = OutputBuffer(capacity: part.count, on: connection.loop)
        part.withUnsafeBytes {
          UnsafeMutableRawBufferPointer(rebasing: buffer.bytes[..<part.count]).copyMemory(from: $0)
        }
        buffer.count = part.count
        connection.send(buffer)
      }
    } until: {
      $0.frames.count == 1
    }
    #expect(collector.frames == [Array("split".utf8)])
  }

  /// A size that no frame may have ends that connection, at once and without taking memory for it.
  @Test(
    arguments: zip([[UInt8]([0x7f, 0xff, 0xff, 0xff]), [0xff, 0xff, 0xff, 0xff], [0x00, 0x00, 0x10, 0x01]], 0..<3))
  func anImpossibleSizeEndsTheConnection(_ size: [UInt8], _ number: Int) throws {
    let (collector, echo) = try withEcho(maxFrameBytes: 4096, port: 29_880 + UInt16(number)) { connection, _ in
      connection.send(size + [1, 2, 3])
    } until: {
      $0.ending != nil
    }
    #expect(collector.frames.isEmpty)
    #expect(echo.endings.first?.contains("not between 0 and 4096") == true)
  }

  /// Work that blocks goes on elsewhere while the loop runs; its results come back on the loop's thread, each once.
  @Test func offloadedWorkDoesNotHoldUpTheLoop() throws {
    let loop = try EventLoop()
    var results: [Int] = []
    var turns = 0
    let gate = Locked(false)
    for number in 0..<3 {
      loop.offload { () -> Int in
        while !gate.withLock({ $0 }) { sched_yield() }
        return number
      } then: { result in
        results.append(result)
        if results.count == 3 { loop.stop() }
      }
    }
    let timer = try LoopTimer(loop) {
      turns += 1
      if turns == 5 { gate.withLock { $0 = true } }
    }
    timer.start(after: 1, every: 1)
    loop.run()
    timer.close()
    #expect(results.sorted() == [0, 1, 2])
    #expect(turns >= 5)
  }

  @Test func aRefusedConnectionSaysSo() throws {
    let loop = try EventLoop()
    var seen: IOError?
    try Connection.connect(loop, host: "127.0.0.1", port: 1) { _, error in
      seen = error
      loop.stop()
    }
    loop.run()
    #expect(seen?.isConnectionRefused == true)
  }

  @Test func aTakenPortIsNamed() throws {
    let loop = try EventLoop()
    let first = try Listener(loop, host: "127.0.0.1", port: 29_874) { _ in }
    try first.listen()
    var message = ""
    do { _ = try Listener(loop, host: "127.0.0.1", port: 29_874) { _ in } } catch {
      message = "\(error)"
      #expect(error.isAddressInUse)
    }
    #expect(message.contains("127.0.0.1:29874"))
    first.close()
  }

  @Test func whoConnectsBeforeItListensIsRefused() throws {
    let loop = try EventLoop()
    var accepted: [Connection] = []
    let listener = try Listener(loop, host: "127.0.0.1", port: 29_875) { accepted.append($0) }
    func attempt() throws -> IOError? {
      var outcome: IOError?
      try Connection.connect(loop, host: "127.0.0.1", port: 29_875) { connection, error in
        outcome = error
        connection.close()
        loop.stop()
      }
      loop.run()
      return outcome
    }
    #expect(try attempt()?.isConnectionRefused == true)
    try listener.listen()
    #expect(try attempt() == nil)
    listener.close()
    for connection in accepted { connection.close() }
  }

  @Test func workFromOtherThreadsRunsInOrder() throws {
    let loop = try EventLoop()
    let seen = Locked<[Int]>([])
    let other = try EventLoop()
    other.runOnNewThread {
      for number in 0..<1000 {
        loop.submit {
          seen.withLock { $0.append(number) }
          if number == 999 { loop.stop() }
        }
      }
    }
    loop.run()
    #expect(seen.withLock { $0 } == Array(0..<1000))
    other.submit { other.stop() }
  }
}
