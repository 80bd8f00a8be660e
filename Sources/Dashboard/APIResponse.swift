import HTTPServer
import Primitives

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// A refusal of the API: `{"error": {"code", "message", "next"?}}`.
struct APIError: Error {
  var status: Int
  var code: String
  var message: String
  /// What to do next.
  var next: String?

  init(_ status: Int, _ code: String, _ message: String, next: String? = nil) {
    self.status = status
    self.code = code
    self.message = message
    self.next = next
  }

  /// Kafka's name of an error code; its number when it is a newer one.
  static func name(_ code: Int16) -> String { ErrorCode(rawValue: code)?.name ?? "error \(code)" }

  var response: HTTPResponse {
    struct Body: Encodable {
      struct Details: Encodable {
        var code: String
        var message: String
        var next: String?
      }
      var error: Details
    }
    return .encoding(Body(error: .init(code: code, message: message, next: next)), status: status)
  }
}

extension HTTPResponse {
  /// JSON of a value. Nothing here is cached: it is out of date within a second.
  static func encoding(_ value: some Encodable, status: Int = 200) -> HTTPResponse {
    guard let body = APIJSON.bytes(value) else {
      return .problem(500, "not_encodable", "the answer cannot be said in JSON")
    }
    var response = HTTPResponse.json(body, status: status)
    response.headers.append(("Cache-Control", "no-store"))
    return response
  }

  static var done: HTTPResponse { HTTPResponse(status: 204) }
}

enum APIJSON {
  /// Nil only when the value holds a number that JSON cannot say, which the model's makers rule out.
  static func bytes(_ value: some Encodable) -> [UInt8]? {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { Array($0) }
  }

  static func decode<Value: Decodable>(_ type: Value.Type, from body: [UInt8]) throws(APIError) -> Value {
    do { return try JSONDecoder().decode(type, from: Data(body)) } catch {
      throw APIError(
        400, "bad_body", "the body is not the JSON that is expected here", next: "see docs/dashboard-api.md")
    }
  }
}
