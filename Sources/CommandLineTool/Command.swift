/// A command as data: parsing, `--help`, did-you-mean and shell completion are all made from these tables.
public struct Command: Sendable {
  public var name: String
  /// One line, no full stop.
  public var summary: String
  /// More for `--help` of this command; may be empty.
  public var discussion: String
  public var positionals: [Positional]
  public var options: [OptionSpec]
  public var examples: [Example]
  public var subcommands: [Command]
  /// Does the work; nil for a command that only holds sub-commands.
  public var run: (@Sendable (Arguments) async throws -> ExitCode)?

  public init(
    _ name: String, summary: String, discussion: String = "", positionals: [Positional] = [],
    options: [OptionSpec] = [], examples: [Example], subcommands: [Command] = [],
    run: (@Sendable (Arguments) async throws -> ExitCode)? = nil
  ) {
    self.name = name
    self.summary = summary
    self.discussion = discussion
    self.positionals = positionals
    self.options = options
    self.examples = examples
    self.subcommands = subcommands
    self.run = run
  }
}

/// An argument by its place.
public struct Positional: Sendable {
  public var name: String
  public var help: String
  public var kind: ValueKind
  public var isOptional: Bool
  /// Takes all that follow.
  public var repeats: Bool

  public init(_ name: String, help: String, kind: ValueKind = .text, optional: Bool = false, repeats: Bool = false) {
    self.name = name
    self.help = help
    self.kind = kind
    isOptional = optional
    self.repeats = repeats
  }
}

/// A command line that works, and what it does.
public struct Example: Sendable {
  public var line: String
  public var effect: String

  public init(_ line: String, _ effect: String) {
    self.line = line
    self.effect = effect
  }
}

/// What was given, checked against the command's tables.
public struct Arguments: Sendable {
  /// The names that led here: `["streamsocial", "topics", "create"]`.
  public var path: [String]
  var given: [String: [String]]
  public var positionals: [String]

  /// The value given, or the option's default.
  public subscript<Value>(_ option: Option<Value>) -> Value { option.value(given[option.spec.name] ?? []) }

  /// Whether the option was given at all.
  public func has<Value>(_ option: Option<Value>) -> Bool { given[option.spec.name] != nil }
}

/// What was wrong with a command line.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
  public var description: String
  /// The command whose help applies.
  public var path: [String]

  public init(_ description: String, path: [String] = []) {
    self.description = description
    self.path = path
  }
}
