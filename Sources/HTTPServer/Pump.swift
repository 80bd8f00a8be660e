import CMicroHTTPD
import EventLoop

/// Runs libmicrohttpd on a loop: when its sockets have something, and when its time-outs are due.
///
/// With epoll the library's own descriptor is watched. Elsewhere it is asked every few milliseconds: it has no descriptor
/// to watch without a thread of its own.
final class Pump {
  private let daemon: OpaquePointer
  private let timer: LoopTimer
  private var poll: Poll?
  private var isRunning = false
  /// Something rests no more, which the library's descriptor does not tell of.
  private var isWoken = false
  private var connections: UInt32 = 0
  private var isClosed = false
  private var beforeStop: (() -> Void)?
  private var whenStopped: (() -> Void)?

  /// Where there is no epoll.
  private static let pollingMilliseconds: UInt64 = 10

  init(_ loop: EventLoop, _ daemon: OpaquePointer) throws(IOError) {
    self.daemon = daemon
    let target = Target()
    timer = try LoopTimer(loop) { target.pump?.turn() }
    let descriptor = cmhd_descriptor(daemon)
    do throws(IOError) {
      if descriptor >= 0 { poll = try Poll(loop, descriptor: descriptor) { target.pump?.turn() } }
    } catch {
      timer.close()
      throw error
    }
    target.pump = self
    timer.start(after: 0)
  }

  /// What the handles call; weak, since the loop keeps handles longer than their owner.
  private final class Target { weak var pump: Pump? }

  /// Must follow each `MHD_resume_connection`: without a thread of its own the library notices it in its next run only.
  func wake() {
    guard !isWoken, !isClosed else { return }
    isWoken = true
    if !isRunning { timer.start(after: 0) }
  }

  private func turn() {
    guard !isClosed else { return }
    isRunning = true
    var timeout: UInt64 = 0
    var hasTimeout = false
    // The library leaves work undone and says so by a time-out of 0. Bounded, so that the loop's other work gets its turn.
    for _ in 0..<64 {
      isWoken = false
      MHD_run(daemon)
      hasTimeout = MHD_get_timeout(daemon, &timeout) == .YES
      if isClosed { break }
      // With a connection less there is room for one that waits, which it does not look for by itself.
      let open = cmhd_connections(daemon)
      if open < connections { isWoken = true }
      connections = open
      if isWoken { (hasTimeout, timeout) = (true, 0) }
      if !hasTimeout || timeout > 0 { break }
    }
    isRunning = false
    if isClosed { return stop() }
    if poll == nil {
      timer.start(after: hasTimeout ? min(timeout, Self.pollingMilliseconds) : Self.pollingMilliseconds)
    } else if hasTimeout {
      timer.start(after: timeout)
    } else {
      timer.stop()
    }
  }

  /// Stops the library, after its current run when called from within one.
  ///
  /// `beforeStop` must let every resting connection go on: the library aborts the process when it is stopped with one that
  /// rests, and a connection may have come to rest in the very run that this was called from.
  func close(beforeStop: @escaping () -> Void, whenStopped: @escaping () -> Void) {
    guard !isClosed else { return }
    isClosed = true
    self.beforeStop = beforeStop
    self.whenStopped = whenStopped
    if !isRunning { stop() }
  }

  private func stop() {
    poll?.close()
    timer.close()
    beforeStop?()
    beforeStop = nil
    MHD_stop_daemon(daemon)
    let done = whenStopped
    whenStopped = nil
    done?()
  }
}
