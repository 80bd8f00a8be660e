import Foundation
import Testing

/// Goal: the stories that a reader should know happen as recorded, answer for answer. Method: commands (lines that
/// begin with `> `) are played and what follows is compared; `RECORD_TRANSCRIPTS=1` writes it anew, to be reviewed as
/// a diff.
@Test(arguments: ["two-members", "static-member", "coordinator-moves"])
func groupTranscriptIsAsRecorded(_ name: String) throws {
  let path = "\(#filePath.dropLast("GroupsTests/GroupTranscriptTests.swift".count))Scenarios/groups/\(name).txt"
  let recorded = try String(contentsOfFile: path, encoding: .utf8)
  var transcript = GroupTranscript()
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
  #expect(!text.contains("VIOLATION"))
  #expect(!text.contains("unknown command"))
  if ProcessInfo.processInfo.environment["RECORD_TRANSCRIPTS"] != nil {
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return
  }
  #expect(text == recorded, "played:\n\(text)")
}
