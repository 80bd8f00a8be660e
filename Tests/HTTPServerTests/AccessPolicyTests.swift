import Testing

@testable import HTTPServer

/// Who gets in, judged without sockets.
@Suite struct AccessPolicyTests {
  private static let token = "0123456789abcdef-token"

  private func check(
    _ authentication: AccessPolicy.Authentication = .none, hosts: [String] = [], anyHost: Bool = false,
    publicPaths: [String] = [], ownPagesOnly: Set<String> = [], address: String = "127.0.0.1"
  ) throws -> AccessCheck {
    let policy = AccessPolicy(
      authentication, hosts: hosts, allowsAnyHost: anyHost, publicPaths: publicPaths, ownPagesOnly: ownPagesOnly)
    return try AccessCheck(policy, address: address, port: 8080)
  }

  /// The status of the refusal; 200 for none.
  private func status(
    _ check: AccessCheck, _ method: String = "GET", _ target: String = "/a", host: String = "localhost:8080",
    with headers: [(name: String, value: String)] = []
  ) throws -> Int {
    check.refusal(of: try RequestHead(method: method, target: target, headers: [("Host", host)] + headers))?.status
      ?? 200
  }

  // MARK: addresses

  @Test func otherMachinesNeedAToken() throws {
    for address in ["", "0.0.0.0", "::", "10.0.0.5", "example.org", "127.evil.example"] {
      #expect(throws: HTTPServerError.tokenRequired(address: address)) { try check(address: address) }
      _ = try check(.token(Self.token), address: address)
      _ = try check(.openForReading, address: address)
    }
    for address in ["127.0.0.1", "127.1.2.3", "localhost", "::1"] { _ = try check(address: address) }
  }

  @Test(arguments: ["", "short", "with space 0123456789", "semicolon;0123456789", "täglich-0123456789"])
  func unfitTokensAreRefused(_ token: String) {
    #expect(throws: HTTPServerError.tokenUnfit) { try check(.token(token)) }
  }

  // MARK: Host (DNS rebinding)

  @Test func onlyOwnNamesAreAnswered() throws {
    let check = try check(hosts: ["ops.example", "tunnel:9000"])
    for host in [
      "localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:8080", "ops.example", "ops.example:1234",
      "tunnel:9000",
    ] {
      #expect(try status(check, host: host) == 200, "\(host)")
    }
    for host in [
      "evil.example", "evil.example:8080", "localhost", "localhost:80", "localhost:8080:8080", "127.0.0.2:8080",
      "localhost.evil.example:8080", "ops.example.evil:1", "tunnel", "tunnel:9001", "[::1]", "", ":8080", "localhost:",
      "localhost:8080@evil.example", "localhost,evil:8080", "localhost:99999", "[::1",
    ] {
      #expect(try status(check, host: host) == 421, "\(host)")
    }
    // An absolute target counts instead of Host.
    #expect(try status(check, "GET", "http://evil.example/a") == 421)
    #expect(try status(check, "GET", "http://localhost:8080/a", host: "evil.example") == 200)
  }

  /// On all interfaces a number is a name of this machine; a word may have been made one.
  @Test func numbersAreNamesOnAllInterfaces() throws {
    let check = try check(.openForReading, address: "0.0.0.0")
    #expect(try status(check, host: "10.1.2.3:8080") == 200)
    #expect(try status(check, host: "[fe80::1]:8080") == 200)
    #expect(try status(check, host: "10.1.2.3.evil.example:8080") == 421)
    #expect(try status(check, host: "evil.example:8080") == 421)
    #expect(try status(self.check(.openForReading, anyHost: true, address: ""), host: "broker-1:9404") == 200)
  }

  // MARK: Origin

  @Test func onlyOwnPagesMayChangeThings() throws {
    let check = try check()
    #expect(try status(check, "POST") == 200)
    #expect(
      try status(check, "POST", with: [("Origin", "http://localhost:8080"), ("Sec-Fetch-Site", "same-origin")]) == 200)
    for origin in [
      "http://evil.example", "null", "http://localhost:3000", "http://localhost:8080.evil.example", "",
      "http://127.0.0.1:8080", "file://",
    ] {
      #expect(try status(check, "POST", with: [("Origin", origin)]) == 403, "\(origin)")
      #expect(try status(check, "DELETE", with: [("Origin", origin)]) == 403, "\(origin)")
      // Reading is harmless: the browser keeps the answer from the other page.
      #expect(try status(check, "GET", with: [("Origin", origin)]) == 200, "\(origin)")
    }
    for site in ["cross-site", "same-site"] {
      #expect(try status(check, "POST", with: [("Sec-Fetch-Site", site)]) == 403, "\(site)")
    }
    #expect(
      try status(check, "POST", with: [("Origin", "http://localhost:8080"), ("Origin", "http://evil.example")]) == 403)
  }

  /// What costs work is not done for pages of strangers; people, programs and links to the page itself get through.
  @Test func strangersPagesDoNotReadWhatIsForOwnPagesOnly() throws {
    let check = try check(ownPagesOnly: ["api"])
    for method in ["GET", "HEAD"] {
      for site in ["cross-site", "same-site", "Same-Origin", ""] {
        #expect(try status(check, method, "/api/v1/model", with: [("Sec-Fetch-Site", site)]) == 403, "\(site)")
        #expect(try status(check, method, "/", with: [("Sec-Fetch-Site", site)]) == 200, "\(site)")
      }
      for site in ["same-origin", "none"] {
        #expect(try status(check, method, "/api/v1/model", with: [("Sec-Fetch-Site", site)]) == 200, "\(site)")
      }
      #expect(try status(check, method, "/api/v1/model") == 200)
    }
    #expect(try status(check, "GET", "/%61pi/v1/model", with: [("Sec-Fetch-Site", "cross-site")]) == 403)
    let both = [(name: "Sec-Fetch-Site", value: "same-origin"), (name: "Sec-Fetch-Site", value: "cross-site")]
    #expect(try status(check, "GET", "/api/v1/model", with: both) == 403)
  }

  @Test func openForReadingOnlyReads() throws {
    let check = try check(.openForReading)
    #expect(try status(check, "GET") == 200)
    #expect(try status(check, "HEAD") == 200)
    for method in ["POST", "PUT", "DELETE", "OPTIONS", "get"] { #expect(try status(check, method) == 403) }
  }

  // MARK: token

  @Test func tokensLetIn() throws {
    let check = try check(.token(Self.token), publicPaths: ["/health/live"])
    #expect(try status(check) == 401)
    #expect(try status(check, with: [("Authorization", "Bearer \(Self.token)")]) == 200)
    #expect(try status(check, "POST", with: [("Authorization", "bearer \(Self.token)")]) == 200)
    #expect(try status(check, with: [("Cookie", "a=b; streamsocial-8080=\(Self.token)")]) == 200)
    for wrong in [String(Self.token.dropLast()), Self.token + "0", Self.token.uppercased(), ""] {
      #expect(try status(check, with: [("Authorization", "Bearer \(wrong)")]) == 401)
      #expect(try status(check, with: [("Cookie", "streamsocial-8080=\(wrong)")]) == 401)
      #expect(try status(check, "GET", "/a?token=\(wrong)") == 401)
    }
    #expect(try status(check, with: [("Authorization", "Basic \(Self.token)")]) == 401)
    #expect(try status(check, with: [("Cookie", "streamsocial-8081=\(Self.token)")]) == 401)
    #expect(try status(check, "GET", "/health/live") == 200)
    #expect(try status(check, "GET", "/health/live/") == 401)
    #expect(try status(check, "POST", "/health/live") == 401)
    // In an address only for reading: it must not be a way to act.
    #expect(try status(check, "POST", "/a?token=\(Self.token)") == 401)
  }

  @Test func tokenInTheAddressIsExchangedForACookie() throws {
    let check = try check(.token(Self.token))
    let head = try RequestHead(
      method: "GET", target: "/page?x=1&token=\(Self.token)", headers: [("Host", "localhost:8080")])
    let answer = try #require(check.refusal(of: head))
    #expect(answer.status == 303)
    #expect(answer.headers.first { $0.name == "Location" }?.value == "/page?x=1")
    #expect(
      answer.headers.first { $0.name == "Set-Cookie" }?.value
        == "streamsocial-8080=\(Self.token); Path=/; HttpOnly; SameSite=Strict")
  }

  @Test func comparisonSeesEveryByte() {
    let secret = Array("secret".utf8)
    #expect(AccessCheck.isEqual(secret, secret))
    #expect(!AccessCheck.isEqual([], secret))
    #expect(!AccessCheck.isEqual(secret + secret, secret))
    for index in secret.indices {
      var other = secret
      other[index] ^= 1
      #expect(!AccessCheck.isEqual(other, secret))
    }
  }
}
