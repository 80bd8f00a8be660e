/// Who may ask the server for what; checked before any handler runs and before a body is read.
///
/// - `Host` must be a loopback name with the server's port, the address listened on, or one of `hosts` (else 421): a page of
///   a stranger whose name was made to point here (DNS rebinding) gets nothing.
/// - A request that is not GET or HEAD and that a browser sent must come from the server's own pages: `Origin` must be the
///   server's, `Sec-Fetch-Site` `same-origin` or `none` (else 403). Below `ownPagesOnly` the latter holds for GET and HEAD,
///   too.
/// - With a token, it must come as `Authorization: Bearer`, as the cookie, or once as `?token=` of a GET, which is exchanged
///   for the cookie (`HttpOnly`, `SameSite=Strict`) by a redirect (else 401). It is compared in constant time.
public struct AccessPolicy: Sendable {
  public enum Authentication: Sendable {
    /// Anyone who can connect; only on a loopback address.
    case none
    /// Whoever knows the token (printable ASCII without spaces, at least 16 characters).
    case token(String)
    /// Anyone may read (GET and HEAD), nobody may do more: for pages of figures on a network of one's own.
    case openForReading
  }

  public var authentication: Authentication
  /// Further names by which clients may call the server: `name`, or `name:port` to hold them to a port as well.
  public var hosts: [String]
  /// Whether every `Host` will do: for pages of figures that scrapers reach by names of their own.
  public var allowsAnyHost: Bool
  /// Exact paths that may be read without the token: health checks.
  public var publicPaths: [String]
  /// First segments of paths that pages of other sites may not even ask for. A browser keeps the answer from them, but not
  /// the work that it costs.
  public var ownPagesOnly: Set<String>

  public init(
    _ authentication: Authentication = .none, hosts: [String] = [], allowsAnyHost: Bool = false,
    publicPaths: [String] = [], ownPagesOnly: Set<String> = []
  ) {
    self.authentication = authentication
    self.hosts = hosts
    self.allowsAnyHost = allowsAnyHost
    self.publicPaths = publicPaths
    self.ownPagesOnly = ownPagesOnly
  }
}
