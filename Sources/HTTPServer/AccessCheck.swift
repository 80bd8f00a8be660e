/// An `AccessPolicy` for one address and port, ready to judge requests.
struct AccessCheck {
  private let policy: AccessPolicy
  private let token: [UInt8]?
  private let address: String
  private let port: UInt16
  private let listensOnAll: Bool
  /// By segments, as the router goes: `/health%2Flive` is another path than `/health/live`.
  private let publicPaths: [[String]]
  /// Cookies know no ports: the name keeps two servers on one machine apart.
  let cookieName: String

  init(_ policy: AccessPolicy, address: String, port: UInt16) throws(HTTPServerError) {
    self.policy = policy
    self.address = address.lowercased()
    self.port = port
    listensOnAll = ["", "0.0.0.0", "::"].contains(address)
    publicPaths = policy.publicPaths.map { path in
      path.dropFirst().split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    }
    cookieName = "streamsocial-\(port)"
    switch policy.authentication {
    case .none:
      guard Self.isLoopback(self.address) else { throw .tokenRequired(address: address) }
      token = nil
    case .openForReading: token = nil
    case .token(let text):
      // b64token of RFC 6750, which is also fit for a cookie.
      let isFit = text.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
        default: "-._~+/=".utf8.contains(byte)
        }
      }
      guard isFit, (16...512).contains(text.utf8.count) else { throw .tokenUnfit }
      token = Array(text.utf8)
    }
  }

  /// The answer to a request that is refused (or sent away with a cookie); nil for one that may go on.
  func refusal(of head: RequestHead) -> HTTPResponse? {
    guard let host = head.target.authority ?? head.only("host"), accepts(host: host) else {
      return .problem(421, "misdirected", "this server does not answer to that Host")
    }
    if !head.method.isSafe {
      if case .openForReading = policy.authentication {
        return .problem(403, "read_only", "this server can only be read")
      }
      if let refusal = originRefusal(of: head, host: host) { return refusal }
    } else if policy.ownPagesOnly.contains(head.target.segments.first ?? ""), isFromAnotherSite(head) {
      return .problem(403, "foreign_origin", "that page's site may not read this")
    }
    guard let token else { return nil }
    if head.method.isSafe, publicPaths.contains(head.target.segments) { return nil }
    return tokenRefusal(of: head, token)
  }

  // MARK: Host

  func accepts(host: String) -> Bool {
    guard let (name, givenPort) = Self.nameAndPort(host.lowercased()) else { return false }
    if policy.allowsAnyHost { return true }
    for allowed in policy.hosts {
      guard let (allowedName, allowedPort) = Self.nameAndPort(allowed.lowercased()) else { continue }
      if allowedName == name, allowedPort == nil || allowedPort == givenPort { return true }
    }
    guard (givenPort ?? 80) == port else { return false }
    if ["localhost", "127.0.0.1", "::1"].contains(name) || name == address { return true }
    // A number needs no name service, so nobody can have made it point here.
    return listensOnAll && Self.isNumeric(name)
  }

  static func nameAndPort(_ host: String) -> (name: String, port: UInt16?)? {
    var name = host[...]
    var rest = Substring()
    if host.hasPrefix("[") {
      guard let end = host.firstIndex(of: "]") else { return nil }
      name = host[host.index(after: host.startIndex)..<end]
      rest = host[host.index(after: end)...]
    } else if let colon = host.firstIndex(of: ":") {
      name = host[..<colon]
      rest = host[colon...]
    }
    guard !name.isEmpty, !name.utf8.contains(where: { "/?#@\\, ".utf8.contains($0) }) else { return nil }
    if rest.isEmpty { return (String(name), nil) }
    guard rest.first == ":", rest.dropFirst().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
      let port = UInt16(rest.dropFirst())
    else { return nil }
    return (String(name), port)
  }

  static func isLoopback(_ address: String) -> Bool {
    address == "localhost" || address == "::1" || address.hasPrefix("127.") && isNumeric(address)
  }

  private static func isNumeric(_ name: String) -> Bool {
    if name.contains(":") { return name.utf8.allSatisfy { "0123456789abcdef:.".utf8.contains($0) } }
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.allSatisfy { UInt8($0) != nil }
  }

  // MARK: Origin

  private func originRefusal(of head: RequestHead, host: String) -> HTTPResponse? {
    let origins = head.headers.filter { $0.name == "origin" }
    for origin in origins {
      guard origin.value == "http://" + host || origin.value == "https://" + host else {
        return .problem(403, "foreign_origin", "that page's origin may not do this")
      }
    }
    return isFromAnotherSite(head) ? .problem(403, "foreign_origin", "that page's site may not do this") : nil
  }

  /// Whether a browser says that another page than the server's own is behind the request; another port of the same
  /// machine is another page, too. Programs, and browsers on plain HTTP to other machines, say nothing.
  private func isFromAnotherSite(_ head: RequestHead) -> Bool {
    head.headers.contains { $0.name == "sec-fetch-site" && $0.value != "same-origin" && $0.value != "none" }
  }

  // MARK: token

  private func tokenRefusal(of head: RequestHead, _ token: [UInt8]) -> HTTPResponse? {
    if let authorization = head.only("authorization") {
      let scheme = authorization.prefix(7)
      if scheme.lowercased() == "bearer ", Self.isEqual(Array(authorization.dropFirst(7).utf8), token) { return nil }
      return unauthorized
    }
    if head.method.isSafe, let given = head.target.query.first(where: { $0.name == "token" })?.value {
      guard Self.isEqual(Array(given.utf8), token) else { return unauthorized }
      let cookie = "\(cookieName)=\(String(decoding: token, as: UTF8.self)); Path=/; HttpOnly; SameSite=Strict"
      return HTTPResponse(
        status: 303, headers: [("Location", head.target.removing("token")), ("Set-Cookie", cookie)])
    }
    for header in head.headers where header.name == "cookie" {
      for pair in header.value.split(separator: ";") {
        let pair = pair.drop { $0 == " " }
        guard pair.hasPrefix(cookieName + "=") else { continue }
        if Self.isEqual(Array(pair.dropFirst(cookieName.count + 1).utf8), token) { return nil }
      }
    }
    return unauthorized
  }

  private var unauthorized: HTTPResponse {
    var response = HTTPResponse.problem(401, "token_required", "give the token: Authorization: Bearer, or once ?token=")
    response.headers.append(("WWW-Authenticate", "Bearer realm=\"streamsocial\""))
    return response
  }

  /// Takes as long whatever the bytes are: how much of a guess was right cannot be measured.
  static func isEqual(_ given: [UInt8], _ secret: [UInt8]) -> Bool {
    var difference = given.count ^ secret.count
    for (index, byte) in given.enumerated() {
      difference |= Int(byte ^ secret[index % max(secret.count, 1)])
    }
    return difference == 0
  }
}
