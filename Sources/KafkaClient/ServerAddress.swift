/// `host:port`, as in Kafka's bootstrap servers.
public struct ServerAddress: Hashable, Sendable, CustomStringConvertible {
  public var host: String
  public var port: UInt16

  public init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  /// Reads `host:port` or `[ipv6]:port`; nil when it is neither.
  public init?(_ text: some StringProtocol) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      return nil
    }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
    guard !host.isEmpty else { return nil }
    self.init(host: String(host), port: port)
  }

  /// Reads a comma-separated list; nil when any part is no address or there is none.
  public static func list(_ text: String) -> [ServerAddress]? {
    let parts = text.split(separator: ",").map { part in
      ServerAddress(part.drop { $0 == " " }.prefix { $0 != " " })
    }
    let addresses = parts.compactMap { $0 }
    return addresses.count == parts.count && !addresses.isEmpty ? addresses : nil
  }

  public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
