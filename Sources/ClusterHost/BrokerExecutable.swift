#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// The broker's own program.
public enum BrokerExecutable {
  /// Replaces this process by the broker; returns only by throwing.
  public static func become(_ arguments: [String]) throws(ClusterError) -> Never {
    let path = try EmbeddedLauncher.executable()
    let words = ([path] + arguments).map { strdup($0) }
    // This may be a thread of the task pool, which blocks all signals, and the mask would outlive it: nobody could stop
    // the broker in order.
    var none = sigset_t()
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, nil)
    execv(path, words + [nil])
    throw .system("cannot run \(path)")
  }
}
