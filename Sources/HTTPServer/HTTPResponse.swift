/// An answer. The server adds the security headers, `Date`, and the length.
public struct HTTPResponse: Sendable {
  public var status: Int
  /// Further headers; a value with a control character is left out, so that no answer can be split.
  public var headers: [(name: String, value: String)]
  public var body: [UInt8]

  public init(status: Int = 200, headers: [(name: String, value: String)] = [], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// Text in UTF-8; `contentType` for Prometheus pages and the like.
  public static func text(
    _ text: String, status: Int = 200, contentType: String = "text/plain; charset=utf-8"
  ) -> HTTPResponse {
    HTTPResponse(status: status, headers: [("Content-Type", contentType)], body: Array(text.utf8))
  }

  /// JSON that is already encoded.
  public static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
    HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: body)
  }

  /// A refusal as JSON: `{"error": {"code", "message"}}`; the code is a short word, the message is for people.
  public static func problem(_ status: Int, _ code: String, _ message: String) -> HTTPResponse {
    var body = "{\"error\":{\"code\":"
    JSONText.append(code, to: &body)
    body += ",\"message\":"
    JSONText.append(message, to: &body)
    return .json(Array((body + "}}").utf8), status: status)
  }
}

/// A string as a JSON literal, for the few bodies that the server itself makes.
enum JSONText {
  static func append(_ text: String, to out: inout String) {
    out += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    out += "\""
  }
}
