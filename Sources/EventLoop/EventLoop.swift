import CUV

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// An error of libuv or the operating system beneath it, with its own text.
public struct IOError: Error, Equatable, Sendable, CustomStringConvertible {
  public let code: Int32
  public let operation: String

  public init(code: Int32, operation: String) {
    self.code = code
    self.operation = operation
  }

  public var description: String { "\(operation): \(String(cString: uv_strerror(code)))" }
  /// The peer's machine answered that nothing listens there.
  public var isConnectionRefused: Bool { code == UV_ECONNREFUSED.rawValue }
  public var isAddressInUse: Bool { code == UV_EADDRINUSE.rawValue }

  static func check(_ code: Int32, _ operation: String) throws(IOError) {
    if code < 0 { throw IOError(code: code, operation: operation) }
  }
}

/// One thread's loop over libuv. What is made on it lives and dies on that thread; only `submit` may be called from others.
public final class EventLoop: @unchecked Sendable {
  let uv = UnsafeMutablePointer<uv_loop_t>.allocate(capacity: 1)
  private let wake = UnsafeMutablePointer<uv_async_t>.allocate(capacity: 1)
  private let beforePoll = UnsafeMutablePointer<uv_prepare_t>.allocate(capacity: 1)
  private let afterPoll = UnsafeMutablePointer<uv_check_t>.allocate(capacity: 1)
  private let inbox = Locked<[@Sendable () -> Void]>([])
  /// Where sockets are read into; shared by all connections, which keep a buffer only for a partial frame.
  let slab = UnsafeMutableRawBufferPointer.allocate(byteCount: 512 << 10, alignment: 4096)
  /// Memory for partial frames and for output; the loop gives back what was not needed for `trimInterval`.
  let buffers = BufferPool()
  /// In milliseconds of the loop's time.
  private var nextTrim: UInt64 = 0
  private static let trimInterval: UInt64 = 1000
  /// Connections with output to send before the loop goes to sleep.
  var unsent: [Connection] = []
  /// Called once before each sleep, after everything that had arrived was handled: the place for work per batch.
  public var endOfTurn: (() -> Void)?
  /// Called after a turn's output was handed to the sockets.
  public var flushed: (() -> Void)?
  /// When the first bytes of this turn were read, by `now`: what came in the same turn has waited since then. 0 before.
  public private(set) var turnBegan: Int64 = 0

  public init() throws(IOError) {
    try IOError.check(uv_loop_init(uv), "uv_loop_init")
    try IOError.check(cuv_measure_idle_time(uv), "uv_loop_configure")
    try IOError.check(uv_async_init(uv, wake) { EventLoop.from($0!.pointee.data).drain() }, "uv_async_init")
    wake.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    uv_prepare_init(uv, beforePoll)
    beforePoll.pointee.data = wake.pointee.data
    uv_prepare_start(beforePoll) { EventLoop.from($0!.pointee.data).finishTurn() }
    uv_check_init(uv, afterPoll)
    afterPoll.pointee.data = wake.pointee.data
    uv_check_start(afterPoll) { EventLoop.from($0!.pointee.data).finishTurn() }
  }

  private static func from(_ data: UnsafeMutableRawPointer?) -> EventLoop {
    Unmanaged<EventLoop>.fromOpaque(data.unsafelyUnwrapped).takeUnretainedValue()
  }

  /// Runs until `stop`.
  public func run() { uv_run(uv, UV_RUN_DEFAULT) }

  /// Ends `run` after the current turn. From this loop's thread only.
  public func stop() { uv_stop(uv) }

  /// Nanoseconds of the monotonic clock, read anew.
  public var now: Int64 { Int64(truncatingIfNeeded: uv_hrtime()) }

  /// For how many nanoseconds the loop has slept, waiting for something to do, since it runs. From any thread.
  public var idleTime: Int64 { Int64(truncatingIfNeeded: uv_metrics_idle_time(uv)) }

  func noteInput() {
    if turnBegan == 0 { turnBegan = now }
  }

  /// Milliseconds since 1970.
  public static var wallClockMilliseconds: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }

  /// Runs `work` on this loop's thread; callable from any thread, in order.
  public func submit(_ work: @escaping @Sendable () -> Void) {
    let isFirst = inbox.withLock { queue in
      queue.append(work)
      return queue.count == 1
    }
    if isFirst { uv_async_send(wake) }
  }

  /// Runs `work` on a thread of libuv's pool, then `done` with its result on this loop. From this loop's thread only.
  ///
  /// For what may block: syncs above all. The pool has four threads (`UV_THREADPOOL_SIZE`) for the whole process.
  public func offload<Result: Sendable>(
    _ work: @escaping @Sendable () -> Result, then done: @escaping (Result) -> Void
  ) {
    let request = UnsafeMutablePointer<uv_work_t>.allocate(capacity: 1)
    var result: Result?
    let task = OffloadedWork {
      result = work()
    } finish: {
      if let result { done(result) }
    }
    request.pointee.data = Unmanaged.passRetained(task).toOpaque()
    let code = uv_queue_work(
      uv, request, { OffloadedWork.of($0).takeUnretainedValue().perform() },
      { request, _ in
        let task = OffloadedWork.of(request).takeRetainedValue()
        request?.deallocate()
        task.finish()
      })
    precondition(code == 0, "uv_queue_work takes a request with a callback")
  }

  private func drain() {
    let batch = inbox.withLock { queue in
      let batch = queue
      queue = []
      return batch
    }
    for work in batch { work() }
  }

  private func finishTurn() {
    endOfTurn?()
    while !unsent.isEmpty {
      let batch = unsent
      unsent.removeAll(keepingCapacity: true)
      for connection in batch { connection.flush() }
    }
    turnBegan = 0
    flushed?()
    trimBuffers()
  }

  /// Whatever the loop serves, once a second, as long as it has turns at all.
  private func trimBuffers() {
    // The time at which this turn began: libuv has read the clock for it.
    let time = uv_now(uv)
    guard time >= nextTrim else { return }
    nextTrim = time + Self.trimInterval
    buffers.trim()
  }

  /// Starts a thread that runs this loop; `setUp` runs on it first.
  public func runOnNewThread(_ setUp: @escaping @Sendable () -> Void) {
    let start = ThreadStart(loop: self, setUp: setUp)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    #if canImport(Glibc)
      var thread = pthread_t()
      pthread_create(&thread, &attributes, threadMain, Unmanaged.passRetained(start).toOpaque())
    #else
      var thread: pthread_t?
      pthread_create(&thread, &attributes, { threadMain($0) }, Unmanaged.passRetained(start).toOpaque())
    #endif
    pthread_attr_destroy(&attributes)
  }
}

/// Work between the loop that wants it done and the pool's thread that does it, one after the other.
private final class OffloadedWork {
  let perform: () -> Void
  let finish: () -> Void
  init(perform: @escaping () -> Void, finish: @escaping () -> Void) {
    self.perform = perform
    self.finish = finish
  }

  static func of(_ request: UnsafeMutablePointer<uv_work_t>?) -> Unmanaged<OffloadedWork> {
    Unmanaged.fromOpaque(request.unsafelyUnwrapped.pointee.data)
  }
}

private final class ThreadStart {
  let loop: EventLoop
  let setUp: @Sendable () -> Void
  init(loop: EventLoop, setUp: @escaping @Sendable () -> Void) {
    self.loop = loop
    self.setUp = setUp
  }
}

private func threadMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let start = Unmanaged<ThreadStart>.fromOpaque(argument).takeRetainedValue()
  start.setUp()
  start.loop.run()
  return nil
}
