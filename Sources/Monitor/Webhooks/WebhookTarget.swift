/// A URL that takes POSTs: `https://host[:port]/path`, or `http://` within a network that is trusted.
public struct WebhookTarget: Sendable, Equatable {
  public var isEncrypted: Bool
  public var host: String
  public var port: UInt16
  /// With the query, if any; begins with a slash. Often a secret (Slack's, for one).
  public var path: String

  /// Scheme, host and port: what may be shown of it.
  public var origin: String {
    let name = host.contains(":") ? "[\(host)]" : host
    return "\(isEncrypted ? "https" : "http")://\(name):\(port)"
  }

  /// Nil when `text` is no such URL: another scheme, user information, a host that is neither a name nor an address.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let colon = text.firstIndex(of: ":") else { return nil }
    switch text[..<colon].lowercased() {
    case "https": isEncrypted = true
    case "http": isEncrypted = false
    default: return nil
    }
    guard text[colon...].hasPrefix("://") else { return nil }
    let rest = text[colon...].dropFirst(3)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let after = rest.dropFirst(authority.count).prefix { $0 != "#" }
    path = after.hasPrefix("/") ? String(after) : "/" + after
    var name = authority
    port = isEncrypted ? 443 : 80
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
      port = number
      name = authority[..<colon]
    }
    if name.hasPrefix("["), name.hasSuffix("]") {
      name = name.dropFirst().dropLast()
      guard name.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { return nil }
    } else {
      guard name.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) }) else { return nil }
    }
    guard !name.isEmpty else { return nil }
    host = String(name)
  }
}
