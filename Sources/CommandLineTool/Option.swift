/// What an option takes; help and completion are made from it.
public enum ValueKind: Sendable, Equatable {
  /// `--name`, no value.
  case flag
  case text
  case integer
  case seconds
  case choice([String])
  case path
  case directory
  case keyValue
  /// A topic's or a group's name, which completion asks the cluster for.
  case topic
  case group
}

/// An option without its type: what parsing, help and completion need.
public struct OptionSpec: Sendable {
  public var name: String
  public var short: Character?
  public var kind: ValueKind
  /// What help calls the value: `N`, `PATH`, `K=V`.
  public var placeholder: String
  /// As help shows it; nil when there is nothing to show.
  public var defaultText: String?
  public var help: String
  /// May be given more than once.
  public var repeats: Bool
  public var isRequired: Bool
  /// Completed and accepted, but not listed.
  public var isHidden: Bool
  /// What is wrong with a value; nil when nothing is.
  public var fault: @Sendable (String) -> String?
}

/// A declared option of type `Value`: `arguments[option]` yields its value, parsed and checked.
public struct Option<Value: Sendable>: Sendable {
  public var spec: OptionSpec
  let value: @Sendable ([String]) -> Value
}

extension Option where Value == Bool {
  /// `--name`: true when given.
  public static func flag(_ name: String, short: Character? = nil, help: String, hidden: Bool = false) -> Option {
    Option(
      spec: OptionSpec(
        name: name, short: short, kind: .flag, placeholder: "", defaultText: nil, help: help, repeats: false,
        isRequired: false, isHidden: hidden, fault: { _ in nil }),
      value: { !$0.isEmpty })
  }
}

extension Option where Value == String {
  public static func text(
    _ name: String, short: Character? = nil, _ placeholder: String = "TEXT", default fallback: String = "",
    kind: ValueKind = .text, help: String, showsDefault: Bool = true
  ) -> Option {
    Option(
      spec: OptionSpec(
        name: name, short: short, kind: kind, placeholder: placeholder,
        defaultText: fallback.isEmpty || !showsDefault ? nil : fallback, help: help, repeats: false, isRequired: false,
        isHidden: false,
        fault: { $0.isEmpty ? "must not be empty" : nil }),
      value: { $0.last ?? fallback })
  }

  /// One of a fixed set of words.
  public static func choice(
    _ name: String, short: Character? = nil, _ choices: [String], default fallback: String, help: String
  ) -> Option {
    Option(
      spec: OptionSpec(
        name: name, short: short, kind: .choice(choices), placeholder: choices.joined(separator: "|"),
        defaultText: fallback, help: help, repeats: false, isRequired: false, isHidden: false,
        fault: { text in
          guard !choices.contains(text) else { return nil }
          let hint = Suggestion.closest(to: text, among: choices).map { ", did you mean \($0)?" } ?? ""
          return "is one of \(choices.joined(separator: ", "))\(hint)"
        }),
      value: { $0.last ?? fallback })
  }
}

extension Option where Value == Int {
  /// A whole number within `range`.
  public static func integer(
    _ name: String, short: Character? = nil, _ placeholder: String = "N", in range: ClosedRange<Int> = 0...Int.max,
    default fallback: Int, showsDefault: Bool = true, help: String
  ) -> Option {
    Option(
      spec: OptionSpec(
        name: name, short: short, kind: .integer, placeholder: placeholder,
        defaultText: showsDefault ? "\(fallback)" : nil, help: help, repeats: false, isRequired: false,
        isHidden: false,
        fault: { text in
          guard let number = Int(text) else { return "is a whole number" }
          if range.contains(number) { return nil }
          return range.upperBound == .max
            ? "is at least \(range.lowerBound)" : "is between \(range.lowerBound) and \(range.upperBound)"
        }),
      value: { $0.last.flatMap { Int($0) } ?? fallback })
  }
}

extension Option where Value == Double {
  /// A time in seconds, fractions allowed.
  public static func seconds(
    _ name: String, short: Character? = nil, in range: ClosedRange<Double> = 0...1e9, default fallback: Double,
    help: String
  ) -> Option {
    Option(
      spec: OptionSpec(
        name: name, short: short, kind: .seconds, placeholder: "SECONDS",
        defaultText: Text.number(fallback), help: help, repeats: false,
        isRequired: false, isHidden: false,
        fault: { text in
          guard let number = Double(text), number.isFinite else { return "is a number of seconds" }
          return range.contains(number)
            ? nil : "is between \(Text.number(range.lowerBound)) and \(Text.number(range.upperBound))"
        }),
      value: { $0.last.flatMap { Double($0) } ?? fallback })
  }
}

extension Option where Value == [String] {
  /// May be given more than once; the values in order.
  public static func repeated(
    _ name: String, short: Character? = nil, _ placeholder: String = "TEXT", kind: ValueKind = .text, help: String
  ) -> Option {
    Option(
      spec: OptionSpec(
        name: name, short: short, kind: kind, placeholder: placeholder, defaultText: nil, help: help, repeats: true,
        isRequired: false, isHidden: false,
        fault: { text in
          if kind == .keyValue, (text.firstIndex(of: "=").map { $0 == text.startIndex }) ?? true {
            return "has the form name=value"
          }
          return text.isEmpty ? "must not be empty" : nil
        }),
      value: { $0 })
  }
}

extension Option {
  /// The same option, accepted and not listed: an older or another tool's name.
  public func hidden() -> Option {
    var copy = self
    copy.spec.isHidden = true
    return copy
  }

  /// The same option, refused when it is not given.
  public func required() -> Option {
    var copy = self
    copy.spec.isRequired = true
    copy.spec.defaultText = nil
    return copy
  }
}
