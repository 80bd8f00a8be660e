/// The head of a request, checked for what would let two readers of the same bytes disagree (RFC 9112, 11.2).
struct RequestHead {
  var method: HTTPMethod
  var target: RequestTarget
  /// Names in lower case.
  var headers: [(name: String, value: String)]
  /// Nil for a chunked body.
  var bodyBytes: Int?

  var hasBody: Bool { bodyBytes != 0 }

  /// One value of a header; nil when it is absent or there are several.
  func only(_ name: String) -> String? {
    let found = headers.filter { $0.name == name }
    return found.count == 1 ? found[0].value : nil
  }

  func first(_ name: String) -> String? { headers.first { $0.name == name }?.value }

  /// What is wrong with a head that must not be answered otherwise than by 400 and closing the connection.
  struct Malformed: Error, Equatable { var reason: String }

  init(method: String, target: String, headers raw: [(name: String, value: String)]) throws(Malformed) {
    guard let target = RequestTarget(target) else { throw Malformed(reason: "the target cannot be decoded") }
    self.method = HTTPMethod(method)
    self.target = target
    headers = []
    for header in raw {
      guard !header.name.isEmpty, header.name.utf8.allSatisfy(Self.isTokenByte) else {
        throw Malformed(reason: "a header's name has characters that it must not have")
      }
      guard header.value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
        throw Malformed(reason: "a header's value has control characters")
      }
      headers.append((header.name.lowercased(), header.value))
    }
    let lengths = headers.filter { $0.name == "content-length" }
    let codings = headers.filter { $0.name == "transfer-encoding" }
    guard lengths.count <= 1 else { throw Malformed(reason: "more than one Content-Length") }
    guard codings.isEmpty || lengths.isEmpty else {
      throw Malformed(reason: "both Content-Length and Transfer-Encoding")
    }
    if let length = lengths.first {
      guard !length.value.isEmpty, length.value.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw Malformed(reason: "Content-Length is not a number")
      }
      // A number too large for Int is too large for every limit.
      bodyBytes = Int(length.value) ?? .max
    } else if let coding = codings.first {
      guard codings.count == 1, coding.value.lowercased() == "chunked" else {
        throw Malformed(reason: "a Transfer-Encoding other than chunked")
      }
      bodyBytes = nil
    } else {
      bodyBytes = 0
    }
    guard headers.filter({ $0.name == "host" }).count == 1 else {
      throw Malformed(reason: "exactly one Host is required")
    }
  }

  /// `tchar` of RFC 9110, 5.6.2.
  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}
