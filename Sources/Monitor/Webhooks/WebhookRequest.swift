import COpenSSL
import KafkaClient

/// One POST over a connection of its own.
///
/// Headers besides the usual: `X-StreamSocial-Delivery` (the same for every try), `X-StreamSocial-Timestamp` (seconds
/// since 1970, of this try) and, with a key, `X-StreamSocial-Signature: sha256=…`, the HMAC-SHA256 (RFC 2104) in hex of
/// the timestamp, a full stop and the body. A receiver compares in constant time and refuses old timestamps.
struct WebhookRequest: Sendable {
  enum Outcome: Sendable, Equatable {
    case accepted
    /// For good: 3xx and 4xx, but for 408 (timeout) and 429 (too many).
    case refused
    /// Worth another try.
    case failed
  }

  var target: WebhookTarget
  var delivery: WebhookDelivery
  var key: [UInt8]

  /// Blocks the calling thread until the receiver's status is there. `wall`: milliseconds since 1970.
  func post(at wall: Int64, within patience: Duration) -> Outcome {
    let deadline = ContinuousClock.now + patience
    do throws(AdminError) {
      let address = ServerAddress(host: target.host, port: target.port)
      let socket = try BlockingSocket(connectingTo: address, by: deadline)
      try socket.send(bytes(at: wall), by: deadline)
      var line: [UInt8] = []
      while line.last != 10, line.count < 200 { line += try socket.receive(1, by: deadline) }
      return Self.outcome(statusLine: String(decoding: line, as: UTF8.self))
    } catch {
      return .failed
    }
  }

  func bytes(at wall: Int64) -> [UInt8] {
    let timestamp = "\(wall / 1_000)"
    let host = target.host.contains(":") ? "[\(target.host)]" : target.host
    var head = """
      POST \(target.path) HTTP/1.1\r
      Host: \(host):\(target.port)\r
      Content-Type: application/json\r
      Content-Length: \(delivery.body.count)\r
      User-Agent: streamsocial-monitor\r
      Connection: close\r
      X-StreamSocial-Delivery: \(delivery.id)\r
      X-StreamSocial-Timestamp: \(timestamp)\r

      """
    if !key.isEmpty {
      head += "X-StreamSocial-Signature: sha256=\(Self.signature(timestamp, delivery.body, key: key))\r\n"
    }
    return Array((head + "\r\n").utf8) + delivery.body
  }

  static func outcome(statusLine: String) -> Outcome {
    let words = statusLine.split { $0 == " " || $0 == "\r\n" || $0 == "\n" }
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else { return .failed }
    return switch status {
    case 200..<300: .accepted
    case 408, 429: .failed
    case 300..<500: .refused
    default: .failed
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
