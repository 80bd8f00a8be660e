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
