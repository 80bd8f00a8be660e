import ClusterHost
import Foundation
import Testing

private func shell(_ script: String, in directory: TemporaryDirectory, pipe: Bool = false) throws -> ChildProcess {
  try ChildProcess(
    ChildProcess.Command(
      "/bin/sh", ["-c", script], environment: [("MARK", "here")], outputFile: "\(directory.path)/out",
      hasInputPipe: pipe))
}

@Test func outputAndExitCodeOfAChildArrive() async throws {
  let directory = try TemporaryDirectory()
  let child = try shell("echo $MARK; echo wrong >&2; exit 7", in: directory)
  #expect(try await child.ended(within: patience) == .code(7))
  #expect(try directory.text("out") == "here\nwrong\n")
}

/// A signal that ended a child is told apart from an exit code, and nobody is signalled after the end.
@Test func killedChildrenAreSeenAndNeverSignalledAgain() async throws {
  let directory = try TemporaryDirectory()
  let child = try shell("exec sleep 600", in: directory)
  #expect(child.send(SIGKILL))
  #expect(try await child.ended(within: patience) == .signal(SIGKILL))
  #expect(!child.send(SIGTERM))
}

/// Whoever sent the signal: an operator's `kill -STOP` looks like our own pause.
@Test func aChildThatStandsStillIsTold() async throws {
  let directory = try TemporaryDirectory()
  let child = try shell("exec sleep 600", in: directory)
  defer { child.send(SIGKILL) }
  #expect(!child.isStopped)
  for (signal, stands) in [(SIGSTOP, true), (SIGCONT, false)] {
    #expect(kill(child.processID, signal) == 0)
    let deadline = ContinuousClock.now + patience
    while child.isStopped != stands, .now < deadline { try await Task.sleep(for: .milliseconds(2)) }
    // Asked twice, for the first asking must not use it up.
    #expect(child.isStopped == stands)
  }
  #expect(child.exit == nil)
}

/// The pipe closes when its holder lets go, and only then: children started later do not keep it open.
@Test func theInputPipeEndsWithItsOwner() async throws {
  let directory = try TemporaryDirectory()
  let reader = try shell("read -r line; echo closed", in: directory, pipe: true)
  let sibling = try shell("exec sleep 600", in: directory)
  #expect(reader.exit == nil)
  sibling.send(SIGKILL)
  _ = try await sibling.ended(within: patience)
  #expect(reader.exit == nil)
  reader.closeInput()
  #expect(try await reader.ended(within: patience) != nil)
  #expect(try directory.text("out") == "closed\n")
}

/// Somebody else's program is tied to our life by a watcher that loses its pipe.
@Test func theWatchedDieWithTheirWatchersPipe() async throws {
  let directory = try TemporaryDirectory()
  let stranger = try shell("exec sleep 600", in: directory)
  let watcher = try ParentDeath.watch(stranger)
  watcher.closeInput()
  #expect(try await stranger.ended(within: patience) == .signal(SIGKILL))
}

@Test func aMissingProgramIsNamed() throws {
  let directory = try TemporaryDirectory()
  #expect {
    try ChildProcess(ChildProcess.Command("/nowhere/broker", [], outputFile: "\(directory.path)/out"))
  } throws: { "\($0)".contains("/nowhere/broker") }
}
