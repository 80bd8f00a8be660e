/// A URL that takes POSTs: `http://host[:port]/path`. No TLS: put a relay on the same host where that is needed.
public struct WebhookTarget: Sendable, Equatable {
  public var host: String
  public var port: UInt16
  /// With the query, if any; begins with a slash.
  public var path: String

  /// Nil when `text` is no such URL: another scheme, user information, spaces or control characters.
  public init?(_ text: String) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), text.lowercased().hasPrefix("http://") else { return nil }
    let rest = text.dropFirst(7)
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
    let after = rest.dropFirst(authority.count).prefix { $0 != "#" }
    guard !authority.isEmpty, !authority.contains("@") else { return nil }
    path = after.hasPrefix("/") ? String(after) : "/" + after
    var name = authority
    port = 80
    if let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") {
      guard let number = UInt16(authority[authority.index(after: colon)...]), number > 0 else { return nil }
      port = number
      name = authority[..<colon]
    }
    if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
    guard !name.isEmpty else { return nil }
    host = String(name)
  }
}
