import CUV

/// Owns a libuv handle. The loop keeps the owner alive from creation to libuv's close callback; `close()` is the only way out.
public class Handle<Raw> {
  let raw = UnsafeMutablePointer<Raw>.allocate(capacity: 1)
  public let loop: EventLoop
  public private(set) var isClosed = false

  init(
    _ loop: EventLoop, _ operation: String,
    _ start: (UnsafeMutablePointer<uv_loop_t>, UnsafeMutablePointer<Raw>) -> Int32
  )
    throws(IOError)
  {
    self.loop = loop
    try IOError.check(start(loop.uv, raw), operation)
    cuv_handle(raw).pointee.data = Unmanaged.passRetained(self as AnyObject).toOpaque()
  }

  deinit { raw.deallocate() }

  /// Closes the handle; its callbacks do not run any more.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    uv_close(cuv_handle(raw)) { handle in
      Unmanaged<AnyObject>.fromOpaque(handle.unsafelyUnwrapped.pointee.data).release()
    }
  }
}

/// The owner of a handle, in a libuv callback. The owner set `data` when it made the handle.
func owner<Owner: AnyObject>(_: Owner.Type, of handle: UnsafeMutableRawPointer?) -> Owner {
  let data = cuv_handle(handle.unsafelyUnwrapped).pointee.data.unsafelyUnwrapped
  return unsafeDowncast(Unmanaged<AnyObject>.fromOpaque(data).takeUnretainedValue(), to: Owner.self)
}

/// A timer on a loop; times in milliseconds.
public final class LoopTimer: Handle<uv_timer_t> {
  private let fired: () -> Void

  public init(_ loop: EventLoop, _ fired: @escaping () -> Void) throws(IOError) {
    self.fired = fired
    try super.init(loop, "uv_timer_init") { uv_timer_init($0, $1) }
  }

  /// Fires once after `milliseconds`, then every `every` milliseconds if that is not 0. Starting again moves it.
  public func start(after milliseconds: UInt64, every: UInt64 = 0) {
    guard !isClosed else { return }
    uv_update_time(loop.uv)
    uv_timer_start(raw, { owner(LoopTimer.self, of: $0).fired() }, milliseconds, every)
  }

  public func stop() {
    guard !isClosed else { return }
    uv_timer_stop(raw)
  }
}

/// A signal handler on a loop.
public final class SignalSource: Handle<uv_signal_t> {
  private let received: (Int32) -> Void

  public init(_ loop: EventLoop, _ signal: Int32, _ received: @escaping (Int32) -> Void) throws(IOError) {
    self.received = received
    try super.init(loop, "uv_signal_init") { uv_signal_init($0, $1) }
    uv_signal_start(raw, { handle, number in owner(SignalSource.self, of: handle).received(number) }, signal)
  }
}

/// Watches a pipe (standard input) for its end: the process at the other end is gone.
public final class PipeWatch: Handle<uv_pipe_t> {
  private let ended: () -> Void
  private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: 512, alignment: 16)

  public init(_ loop: EventLoop, descriptor: Int32, _ ended: @escaping () -> Void) throws(IOError) {
    self.ended = ended
    try super.init(loop, "uv_pipe_init") { uv_pipe_init($0, $1, 0) }
    try IOError.check(uv_pipe_open(raw, descriptor), "uv_pipe_open")
    uv_read_start(
      cuv_stream(raw),
      { handle, _, buffer in
        let scratch = owner(PipeWatch.self, of: handle).scratch
        buffer?.pointee = uv_buf_init(scratch.baseAddress?.assumingMemoryBound(to: CChar.self), UInt32(scratch.count))
      },
      { handle, count, _ in
        guard count < 0 else { return }
        let watch = owner(PipeWatch.self, of: handle)
        watch.close()
        watch.ended()
      })
  }

  deinit { scratch.deallocate() }
}
