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
    execv(path, words + [nil])
    throw .system("cannot run \(path)")
  }
}
