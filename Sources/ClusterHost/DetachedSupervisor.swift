#if canImport(Darwin)
  import Darwin
#elseif canImport(Musl)
  import Musl
#else
  import Glibc
#endif

/// Starts this program again as a supervisor of its own session, which outlives us.
public enum DetachedSupervisor {
  /// Returns once that supervisor says that its cluster is ready; its words end up in `supervisor.log`.
  public static func start(_ words: [String], dataDirectory: String) async throws(ClusterError) {
    try LocalFiles.makeDirectory(dataDirectory)
    // Taken and given back: what a supervisor that runs here wrote must not be wiped away by one that cannot.
    do { _ = try DirectoryLock(dataDirectory) }
    let log = "\(dataDirectory)/supervisor.log"
    // Only an empty file tells which errors are this start's.
    try LocalFiles.write("", to: log)
    let process = try ChildProcess(
      ChildProcess.Command(try LocalFiles.ownExecutable(), words, outputFile: log, isDetached: true))
    let directory = SupervisorDirectory(dataDirectory)
    let outcome = try await Waiting.until(.seconds(300), every: .milliseconds(5)) { () throws(ClusterError) -> Bool? in
      if directory.processID == process.processID { return true }
      return process.exit == nil ? nil : false
    }
    guard outcome != true else { return }
    var text = LocalFiles.read(log) ?? ""
    while text.hasSuffix("\n") { text.removeLast() }
    if text.hasPrefix("error: ") { text.removeFirst(7) }
    process.send(SIGTERM)
    throw ClusterError(.environment, text.isEmpty ? "the supervisor ended without a word" : text)
  }
}
