import COpenSSL

/// One try of a delivery.
///
/// Headers besides the usual: `X-StreamSocial-Delivery` (the same for every try), `X-StreamSocial-Timestamp` (seconds
/// since 1970, of this try) and, with a key, `X-StreamSocial-Signature: sha256=…`, the HMAC-SHA256 (RFC 2104) in hex of
/// the timestamp, a full stop and the body. A receiver compares in constant time and refuses old timestamps.
struct WebhookRequest: Sendable {
  enum Outcome: Sendable, Equatable {
    case accepted
    /// For good: 3xx and 4xx, but for 408 (timeout) and 429 (too many).
    case refused(String)
    /// Worth another try.
    case failed(String)
  }

  var target: WebhookTarget
  var delivery: WebhookDelivery
  var key: [UInt8]
  /// A file of PEM certificates that vouch for receivers, instead of the system's.
  var authorities: String?

  /// Blocks the calling thread until the receiver's status is there. `wall`: milliseconds since 1970.
  func post(at wall: Int64, within patience: Duration) -> Outcome {
    let post = WebPost(
      url: target.origin + target.path, headers: headers(at: wall), body: delivery.body, authorities: authorities,
      patience: patience)
    return switch post.send() {
    case .status(let status): Self.outcome(status)
    case .nothing(let reason): .failed(reason)
    }
  }

  private func headers(at wall: Int64) -> [String] {
    let timestamp = "\(wall / 1_000)"
    var headers = [
      "Content-Type: application/json", "Connection: close", "X-StreamSocial-Delivery: \(delivery.id)",
      "X-StreamSocial-Timestamp: \(timestamp)",
    ]
    if !key.isEmpty {
      headers.append("X-StreamSocial-Signature: sha256=\(Self.signature(timestamp, delivery.body, key: key))")
    }
    return headers
  }

  static func outcome(_ status: Int) -> Outcome {
    switch status {
    case 200..<300: .accepted
    case 408, 429: .failed("it answers \(status)")
    case 300..<500: .refused("it answers \(status)")
    default: .failed("it answers \(status)")
    }
  }

  /// Hexadecimal, 64 digits.
  static func signature(_ timestamp: String, _ body: [UInt8], key: [UInt8]) -> String {
    let message = Array(timestamp.utf8) + [UInt8(ascii: ".")] + body
    var digest = [UInt8](repeating: 0, count: 32)
    var size: UInt32 = 0
    _ = HMAC(EVP_sha256(), key, Int32(clamping: key.count), message, message.count, &digest, &size)
    let digits = Array("0123456789abcdef")
    return String(digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
  }
}
