/// A request that has arrived whole and that the access policy let through.
///
/// All of it comes from outside: sizes are bounded by `HTTPLimits`, the path and the query are decoded and valid UTF-8, what
/// they mean is for the handler to check.
public struct HTTPRequest: Sendable {
  public var method: HTTPMethod
  /// The decoded path, for logs. Routing goes by its segments, so that an encoded slash is no slash.
  public var path: String
  /// The decoded query in the order given: `a=1&b` is `("a", "1"), ("b", "")`.
  public var query: [(name: String, value: String)]
  /// Names in lower case, in the order given.
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]
  /// What the pattern's `{name}` segments matched, decoded.
  public var parameters: [String: String]
  /// The peer's address without the port.
  public var peer: String

  public init(
    method: HTTPMethod, path: String, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = [], body: [UInt8] = [], parameters: [String: String] = [:],
    peer: String = ""
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.parameters = parameters
    self.peer = peer
  }

  /// The first header of that name, in any case.
  public func header(_ name: String) -> String? {
    let wanted = name.lowercased()
    return headers.first { $0.name == wanted }?.value
  }

  /// The first query parameter of that name.
  public func query(_ name: String) -> String? {
    query.first { $0.name == name }?.value
  }

  /// Where an event stream broke off, as the browser repeats it when it reconnects (HTML, server-sent events).
  public var lastEventID: String? { header("last-event-id") }
}

/// A request method; compared as RFC 9110 (9.1) says, case and all.
public struct HTTPMethod: Hashable, Sendable, CustomStringConvertible {
  public let name: String

  public init(_ name: String) { self.name = name }

  public static let get = HTTPMethod("GET")
  public static let head = HTTPMethod("HEAD")
  public static let post = HTTPMethod("POST")
  public static let put = HTTPMethod("PUT")
  public static let patch = HTTPMethod("PATCH")
  public static let delete = HTTPMethod("DELETE")
  public static let options = HTTPMethod("OPTIONS")

  /// Whether it only reads (RFC 9110, 9.2.1): such a request is never refused for its origin.
  public var isSafe: Bool { self == .get || self == .head }

  public var description: String { name }
}
