import ClusterHost
import Foundation
import Testing

@Test func requestsReachTheSupervisorAndErrorsComeBack() async throws {
  let directory = try TemporaryDirectory()
  let supervisor = SupervisorDirectory(directory.path)
  let server = try ControlServer(supervisor.socketPath) { line in
    line == "kill 9" ? "error: there is no broker 9" : "heard \(line)"
  }
  #expect(try await supervisor.ask("start 2") == "heard start 2")
  await #expect { try await supervisor.ask("kill 9") } throws: { "\($0)" == "there is no broker 9" }
  server.close()
  await #expect(throws: ClusterError.self) { try await supervisor.ask("start 2") }
}

/// A socket's path has room for about a hundred bytes; a data directory may be deeper than that.
@Test func deepDirectoriesHaveASocketToo() async throws {
  let directory = try TemporaryDirectory("deep-" + String(repeating: "x", count: 120))
  let supervisor = SupervisorDirectory(directory.path)
  #expect(supervisor.socketPath.utf8.count < 100)
  let server = try ControlServer(supervisor.socketPath) { $0 }
  #expect(try await supervisor.ask("hello") == "hello")
  server.close()
}

@Test func withoutASupervisorTheNextCommandIsNamed() async throws {
  let directory = try TemporaryDirectory()
  await #expect { try await SupervisorDirectory(directory.path).ask("kill 1") } throws: {
    "\($0)".contains("streamsocial up --data-dir \(directory.path)")
  }
}

/// Whoever asked and went away before the answer costs nobody anything; SIGPIPE would end this very process.
@Test func askersMayGoBeforeTheirAnswer() async throws {
  let directory = try TemporaryDirectory()
  let supervisor = SupervisorDirectory(directory.path)
  let (answers, answered) = AsyncStream.makeStream(of: Void.self)
  let (departures, departed) = AsyncStream.makeStream(of: Void.self)
  let server = try ControlServer(supervisor.socketPath) { line in
    guard line == "slow" else { return line }
    for await _ in departures { break }
    defer { answered.yield() }
    return String(repeating: "x", count: 1 << 20)
  }
  let previous = signal(SIGPIPE, SIG_DFL)
  defer { signal(SIGPIPE, previous) }
  let asker = try #require(connectAndAsk(supervisor.socketPath, "slow\n"))
  close(asker)
  departed.yield()
  for await _ in answers { break }
  #expect(try await supervisor.ask("still there") == "still there")
  server.close()
}

private func connectAndAsk(_ path: String, _ text: String) -> Int32? {
  let descriptor = socket(AF_UNIX, streamSocket, 0)
  var address = sockaddr_un()
  address.sun_family = sa_family_t(AF_UNIX)
  withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
  let connected = withUnsafePointer(to: &address) {
    $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
      connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
    }
  }
  guard connected == 0, write(descriptor, text, text.utf8.count) == text.utf8.count else { return nil }
  return descriptor
}

#if canImport(Glibc)
  private let streamSocket = Int32(SOCK_STREAM.rawValue)
#else
  private let streamSocket = SOCK_STREAM
#endif
