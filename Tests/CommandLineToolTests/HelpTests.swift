import Testing

@testable import CommandLineTool

/// Help on narrow terminals.
@Suite struct HelpTests {
  @Test func wordsStayWholeAndLinesShort() {
    let text = "one two three four five six seven"
    #expect(Text.wrapped(text, to: 10) == ["one two", "three four", "five six", "seven"])
    #expect(Text.wrapped(text, to: nil) == [text])
    #expect(Text.wrapped("incomprehensible word", to: 5) == ["incomprehensible", "word"])
  }

  @Test func paragraphsAreBrokenAnewAndTablesAreNot() {
    let text = "a b c\nd e f\n\n  table   stays   as it is\nnext"
    #expect(Text.reflowed(text, to: 7) == ["a b c d", "e f", "", "  table   stays   as it is", "next"])
  }

  @Test func optionsFitTheWidth() {
    let words = Option.text("name", "TEXT", help: "Something that takes a good deal more than forty characters to say")
    let command = Command("tool", summary: "x", options: [words.spec], examples: [])
    let lines = Help.text(for: command, path: ["tool"], width: 50).split(separator: "\n")
    #expect(lines.allSatisfy { $0.count <= 50 })
    #expect(lines.contains { $0.contains("--name TEXT") })
    // On a pipe nothing is broken.
    #expect(Help.text(for: command, path: ["tool"]).contains("more than forty characters to say"))
  }
}
