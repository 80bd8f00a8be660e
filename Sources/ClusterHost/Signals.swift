import KafkaClient

#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Our end of the pipe that the signal handler writes to; set once, before the handler is installed.
private nonisolated(unsafe) var signalPipe: Int32 = -1

/// SIGTERM, SIGINT and SIGHUP as events on a thread of their own.
public enum Signals {
  /// Returns at the first of the signals.
  public static func termination() async {
    let (signals, told) = AsyncStream.makeStream(of: Void.self)
    onTermination { told.yield() }
    for await _ in signals { return }
  }

  /// Calls `handler` for each of the signals from now on; the third ends the process at once. Writes to closed
  /// connections fail from now on instead of killing. For use once in a process.
  public static func onTermination(_ handler: @escaping @Sendable () -> Void) {
    var ends: [Int32] = [-1, -1]
    guard signalPipe < 0, pipe(&ends) == 0 else { return }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    signalPipe = ends[1]
    let source = ends[0]
    WorkerThread.start {
      var count = 0
      var which: UInt8 = 0
      while true {
        let size = read(source, &which, 1)
        if size < 0, errno == EINTR { continue }
        guard size == 1 else { return }
        count += 1
        if count >= 3 { _exit(128 + Int32(which)) }
        handler()
      }
    }
    signal(SIGPIPE, SIG_IGN)
    for which in [SIGTERM, SIGINT, SIGHUP] {
      signal(which) { which in
        // Only what is allowed in a signal handler: one write.
        var byte = UInt8(truncatingIfNeeded: which)
        let code = errno
        _ = write(signalPipe, &byte, 1)
        errno = code
      }
    }
  }
}
