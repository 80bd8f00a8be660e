import Simulator
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

private let scenarios = [
  "initial-election", "leader-death", "isolated-leader", "diverging-log", "graceful-resignation", "snapshot",
  "leader-death-unnoticed",
]

/// Goal: the scenarios that a reader should know behave as recorded, message for message in time. Method: commands
/// (lines that begin with `> `) are played and what follows is compared; `RECORD_TRANSCRIPTS=1` writes it anew, to be
/// reviewed as a diff.
@Test(arguments: scenarios) func raftTranscriptIsAsRecorded(_ name: String) throws {
  let path = "\(#filePath.dropLast("ConsensusTests/RaftTranscriptTests.swift".count))Scenarios/raft/\(name).txt"
  let recorded = try #require(readText(path), "no transcript at \(path)")
  var transcript = RaftTranscript()
  var played: [String] = []
  for line in recorded.split(separator: "\n", omittingEmptySubsequences: false) {
    if line.hasPrefix("> ") {
      played.append(String(line))
      played += transcript.execute(String(line.dropFirst(2)))
    } else if line.hasPrefix("#") || line.isEmpty {
      played.append(String(line))
    }
  }
  let text = played.joined(separator: "\n")
  if getenv("RECORD_TRANSCRIPTS") != nil {
    let file = try #require(fopen(path, "w"))
    fputs(text, file)
    fclose(file)
    return
  }
  #expect(text == recorded, "played:\n\(text)")
  #expect(!text.contains("VIOLATION"))
  #expect(!text.contains("unknown command"))
}

private func readText(_ path: String) -> String? {
  guard let file = fopen(path, "r") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  while case let byte = fgetc(file), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
  return String(decoding: bytes, as: UTF8.self)
}
