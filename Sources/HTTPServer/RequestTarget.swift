/// A request's target, taken apart and decoded (RFC 9112, 3.2; RFC 3986).
struct RequestTarget {
  /// The path as it came, for redirects.
  var rawPath: String
  var rawQuery: String
  /// The path's segments, each decoded by itself: `/a%2Fb/c` is `["a/b", "c"]`, `/` is `[""]`.
  var segments: [String]
  var query: [(name: String, value: String)]
  /// The authority of a target in absolute form, which then counts instead of `Host`.
  var authority: String?

  /// Fails on what is no path, on percent signs without two digits, on bytes that are not UTF-8, and on NUL; also on spaces,
  /// control characters and anything beyond ASCII that is not percent-encoded (RFC 3986, 2), about which readers disagree.
  init?(_ text: String) {
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else { return nil }
    var rest = text[...]
    if let scheme = rest.range(ofPrefix: "http://") ?? rest.range(ofPrefix: "https://") {
      rest = rest[scheme.upperBound...]
      let end = rest.firstIndex { $0 == "/" || $0 == "?" } ?? rest.endIndex
      authority = String(rest[..<end])
      rest = rest[end...]
      if rest.first != "/" { rest = "/" + rest }
    }
    guard rest.first == "/" else { return nil }
    if let fragment = rest.firstIndex(of: "#") { rest = rest[..<fragment] }
    let mark = rest.firstIndex(of: "?") ?? rest.endIndex
    rawPath = String(rest[..<mark])
    rawQuery = mark == rest.endIndex ? "" : String(rest[rest.index(after: mark)...])
    segments = []
    for part in rawPath.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      guard let segment = Self.decode(part, plusIsSpace: false) else { return nil }
      segments.append(segment)
    }
    query = []
    for part in rawQuery.split(separator: "&") {
      let equals = part.firstIndex(of: "=") ?? part.endIndex
      let value = equals == part.endIndex ? "" : part[part.index(after: equals)...]
      guard let name = Self.decode(part[..<equals], plusIsSpace: true),
        let value = Self.decode(value, plusIsSpace: true)
      else { return nil }
      query.append((name, value))
    }
  }

  /// The target without one query parameter; never `//…`, which a browser takes for another host.
  func removing(_ parameter: String) -> String {
    // By the decoded name, as it was found: `%74oken` is `token`, too.
    let kept = rawQuery.split(separator: "&").filter { part in
      Self.decode(part.prefix { $0 != "=" }, plusIsSpace: true) != parameter
    }
    let path = rawPath.hasPrefix("//") || rawPath.contains("\\") ? "/" : rawPath
    return kept.isEmpty ? path : path + "?" + kept.joined(separator: "&")
  }

  static func decode(_ text: Substring, plusIsSpace: Bool) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8[...]
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "%"):
        guard let high = rest.popFirst().flatMap(hexDigit), let low = rest.popFirst().flatMap(hexDigit) else {
          return nil
        }
        bytes.append(high << 4 | low)
      case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
      default: bytes.append(byte)
      }
    }
    guard !bytes.contains(0) else { return nil }
    return String(validating: bytes, as: UTF8.self)
  }

  private static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }
}

extension Substring {
  fileprivate func range(ofPrefix prefix: String) -> Range<Index>? {
    guard self.prefix(prefix.count).lowercased() == prefix else { return nil }
    return startIndex..<index(startIndex, offsetBy: prefix.count)
  }
}
