import CommandLineTool
import Testing

private let port = Option.integer("port", short: "p", in: 1...65535, default: 9092, help: "First port")
private let engine = Option.choice("engine", ["embedded", "kafka"], default: "embedded", help: "Which brokers")
private let properties = Option.repeated("broker-property", "K=V", kind: .keyValue, help: "A line of configuration")
private let detach = Option.flag("detach", help: "Return at once")

private let root = Command(
  "tool", summary: "a tool", examples: [],
  subcommands: [
    Command(
      "up", summary: "Start", options: [port.spec, engine.spec, properties.spec, detach.spec],
      examples: [Example("tool up", "starts")]),
    Command(
      "topics", summary: "Topics", examples: [],
      subcommands: [
        Command(
          "create", summary: "Create", positionals: [Positional("NAME", help: "The topic")], options: [port.spec],
          examples: [Example("tool topics create posts", "creates posts")])
      ]),
  ])

private func arguments(_ words: String...) throws -> Arguments {
  guard case .run(_, let arguments) = try Parser.parse(words, root: root) else {
    throw UsageError("help instead of a run")
  }
  return arguments
}

@Test func valuesAreParsedInEverySpelling() throws {
  for words in [["up", "--port", "5000"], ["up", "--port=5000"], ["up", "-p", "5000"]] {
    guard case .run(_, let given) = try Parser.parse(words, root: root) else { throw UsageError("help") }
    #expect(given[port] == 5000)
    #expect(given.has(port))
  }
  let given = try arguments("up", "--broker-property", "a=1", "--broker-property", "b=2=3", "--detach")
  #expect(given[properties] == ["a=1", "b=2=3"])
  #expect(given[detach])
  #expect(given[engine] == "embedded")
  #expect(!given.has(engine))
}

@Test func positionalsMixWithOptionsAndEndAtTheDoubleDash() throws {
  #expect(try arguments("topics", "create", "--port", "1", "posts").positionals == ["posts"])
  #expect(try arguments("topics", "create", "--", "--help").positionals == ["--help"])
}

/// Every mistake is refused with a text that names it, and typos with what was meant.
@Test(arguments: [
  (["up", "--prot", "5"], "unknown option: --prot. Did you mean --port?"),
  (["topcs"], "unknown command: topcs. Did you mean topics?"),
  (["topics", "creat", "x"], "unknown command: topics creat. Did you mean create?"),
  (["up", "--port", "0"], "--port is between 1 and 65535; got “0”"),
  (["up", "--port", "99999999999999999999"], "--port is a whole number; got “99999999999999999999”"),
  (["up", "--port"], "--port needs a value: N"),
  (["up", "--engine", "kafak"], "--engine is one of embedded, kafka, did you mean kafka?; got “kafak”"),
  (["up", "--broker-property", "=x"], "--broker-property has the form name=value; got “=x”"),
  (["up", "--detach=yes"], "--detach takes no value"),
  (["up", "--port", "1", "--port", "2"], "--port was given twice"),
  (["topics", "create"], "missing: NAME"),
  (["topics", "create", "a", "b"], "unexpected: b"),
])
func mistakesAreNamed(words: [String], message: String) {
  #expect(throws: UsageError.self) { try Parser.parse(words, root: root) }
  do { _ = try Parser.parse(words, root: root) } catch { #expect(error.description == message) }
}

@Test func helpIsReachedFromEverywhere() throws {
  for words in [
    [], ["--help"], ["topics"], ["topics", "-h"], ["topics", "create", "--help"], ["help", "topics", "create"],
  ] {
    guard case .help(let command, let path) = try Parser.parse(words, root: root) else {
      Issue.record("\(words) is no call for help")
      continue
    }
    #expect(Help.text(for: command, path: path).hasPrefix(path.joined(separator: " ") + ": "))
  }
}

@Test func tablesLineUp() {
  var table = Table(["NAME", ">LEADERS"])
  table.add(["user-actions", "3"])
  table.add(["x", "12"])
  #expect(table.rendered() == "NAME          LEADERS\nuser-actions        3\nx                  12")
}

@Test func numbersReadWell() {
  #expect(Text.number(10) == "10")
  #expect(Text.number(0.25) == "0.25")
  #expect(Text.fixed(-1.05, 1) == "-1.1")
  #expect(Text.fixed(2, 0) == "2")
  #expect(Text.grouped(1_234_567) == "1,234,567")
  #expect(Text.grouped(-12) == "-12")
}

@Test func jsonSurvivesWritingAndReading() throws {
  let value: JSON = [
    "text": "a\"\\\n\u{1}ü🙂", "whole": -42, "part": 0.5, "list": [true, false, nil, [:], []],
  ]
  #expect(try JSON(parsing: value.text()) == value)
  #expect(try JSON(parsing: #" "😀\/" "#) == "😀/")
  #expect(try JSON(parsing: "1e3").double == 1000)
}

@Test(arguments: [
  "", "{", "[1,]", "{\"a\" 1}", "01", "1.", "-", "nul", "\"\\ud800\"", "\"\u{1}\"", "1 2", "\"", "\"\\u12", "+1", ".5",
])
func whatIsNotJSONIsRefused(text: String) {
  #expect(throws: JSONError.self) { try JSON(parsing: text) }
}

/// The examples of RFC 4648, and bytes that are no text.
@Test func base64IsReadAndWritten() {
  for (text, coded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
    #expect(Base64.text(text.utf8) == coded)
    #expect(Base64.bytes(coded) == Array(text.utf8))
  }
  let all = (0...255).map { UInt8($0) }
  #expect(Base64.bytes(Base64.text(all)) == all)
  #expect(Base64.bytes("Zm9*") == nil)
}

/// Hostile nesting is refused before it can exhaust the stack.
@Test func deepNestingIsRefused() {
  #expect(throws: JSONError.self) { try JSON(parsing: String(repeating: "[", count: 100_000)) }
}

@Test func completionKnowsEveryCommandAndOption() throws {
  for shell in Completion.shells {
    let script = try #require(Completion.script(for: root, shell: shell))
    for word in ["topics", "create", "port", "engine"] { #expect(script.contains(word), "\(shell): \(word)") }
  }
}
