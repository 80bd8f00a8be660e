/// Fixed content: a page's file inside the binary.
public struct HTTPAsset: Sendable {
  public let path: String
  public let contentType: String
  public let body: [UInt8]
  /// Made from the content, so a new binary with the same file keeps what browsers have cached.
  public let entityTag: String

  public init(path: String, contentType: String, body: [UInt8]) {
    self.path = path
    self.contentType = contentType
    self.body = body
    // FNV-1a (64 bits): told apart are versions of our own files, not what an adversary makes.
    let hash = body.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    entityTag = "\"" + String(hash, radix: 16) + "\""
  }

  func response(to request: HTTPRequest) -> HTTPResponse {
    let headers = [("Content-Type", contentType), ("ETag", entityTag), ("Cache-Control", "no-cache")]
    let isKnown = request.header("if-none-match").map { given in
      given.split(separator: ",").contains { candidate in
        var tag = candidate.drop { $0 == " " }
        while tag.last == " " { tag.removeLast() }
        if tag.hasPrefix("W/") { tag = tag.dropFirst(2) }
        return tag == "*" || tag == entityTag
      }
    }
    if isKnown == true { return HTTPResponse(status: 304, headers: headers) }
    return HTTPResponse(headers: headers, body: body)
  }
}
