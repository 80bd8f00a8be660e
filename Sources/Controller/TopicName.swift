import Primitives

/// What a topic may be called.
public enum TopicName {
  public static func isValid(_ name: String) -> Bool { problem(name) == nil }

  /// Why a name is not allowed; nil when it is.
  public static func problem(_ name: String) -> String? {
    if name.isEmpty { return "Topic name is invalid: the empty string is not allowed" }
    if name == "." || name == ".." { return "Topic name is invalid: '.' or '..' is not allowed" }
    if name.utf8.count > 249 { return "Topic name is invalid: the length of '\(name)' is longer than 249" }
    let allowed = name.utf8.allSatisfy { c in
      (48...57).contains(c) || (65...90).contains(c) || (97...122).contains(c) || c == 45 || c == 46 || c == 95
    }
    return allowed
      ? nil
      : "Topic name is invalid: '\(name)' contains one or more characters other than "
        + "ASCII alphanumerics, '.', '_' and '-'"
  }

  /// Names that differ only in `.` and `_` would share a metric's name.
  static func collision(of name: String, with topics: [String: TopicID]) -> String? {
    guard name.utf8.contains(46) || name.utf8.contains(95) else { return nil }
    func folded(_ text: String) -> [UInt8] { text.utf8.map { $0 == 46 ? 95 : $0 } }
    let wanted = folded(name)
    return topics.keys.filter { $0 != name && $0.utf8.count == wanted.count && folded($0) == wanted }.sorted().first
  }
}
